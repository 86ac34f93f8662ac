"""What the other labels say of a label's error: whether images of the likely class are often labelled like this one.

Where people take trucks for automobiles, an image that looks like a truck and is labelled automobile is likelier wrong
than one that looks like a truck and is labelled frog, even if networks are surer of the latter. The transitions between
classes are fitted to all labels (`noise_model`). What they say of one label, the shift, is the log odds of an error by
these transitions less the log odds by transitions that are the same for all pairs of classes. It is added to the log
odds that the label's own evidence amounts to. Small shifts are left out: networks, too, confuse some classes more than
others, and what of that the model takes for errors of the labels is of that size. docs/findings.md compares.
"""

from collections.abc import Sequence

import numpy as np

from difficulty.scores.label_error.estimate import in_order_of
from difficulty.scores.label_error.evidence import normal_scores
from difficulty.scores.label_error.noise_model import fit_noise_model, likely_classes

_FLOOR = 1e-6  # of probabilities, whose logarithms are taken
_LEAST = 1e-9  # probability of being wrong, and of being right
_PRIOR = 1.0  # examples of each pair of classes that are added to those that are found
_IGNORED = 0.5  # nats of the shift: pairs less than 1.65 times as common, or rare, as others


def with_confusions(evidence: np.ndarray, predictors: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
    """label_error (N,) that takes into account which classes the labels confuse; mean 0, standard deviation 1.

    evidence: (N,), how suspect each label is by itself, in any unit. predictors: probabilities (N, C), each; those of
    what has not seen the examples, or else shares of votes. labels: int (N,), given.
    """
    if predictors[0].shape[1] < 2:
        return normal_scores(evidence)
    logs = [np.log(np.maximum(each.astype(np.float64), _FLOOR)) for each in predictors]
    model = fit_noise_model(logs, labels)
    pairs = model.likely.T @ np.eye(model.likely.shape[1])[labels]
    by_pair, alike = (_wrong(likely_classes(logs, labels, model, each[None]), labels) for each in transitions_of(pairs))
    shift = _log_odds(by_pair) - _log_odds(alike)
    shift = np.sign(shift) * np.maximum(np.abs(shift) - _IGNORED, 0)
    return normal_scores(_log_odds(in_order_of(evidence, alike)) + shift)


def transitions_of(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two matrices (C, C), the probability of each label (column) of each class (row): by pairs of classes, and alike
    for all pairs.

    pairs: (C, C), expected number of examples of each class (row) with each label (column). To every pair an example is
    added, and as many right ones as leave the share of errors as it is.
    """
    classes = len(pairs)
    wrong = pairs * (1 - np.eye(classes))
    share = wrong.sum() / pairs.sum()
    alike = np.full((classes, classes), share / (classes - 1))
    np.fill_diagonal(alike, 1 - share)
    added = _PRIOR * (classes - 1)
    errors = (wrong.sum(axis=1) + added * share) / (pairs.sum(axis=1) + added)
    by_pair = wrong + _PRIOR * (1 - np.eye(classes))
    by_pair *= (errors / by_pair.sum(axis=1))[:, None]
    np.fill_diagonal(by_pair, 1 - errors)
    return by_pair, alike


def _wrong(likely: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return 1 - likely[np.arange(len(labels)), labels]


def _log_odds(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, _LEAST, 1 - _LEAST)
    return np.log(clipped) - np.log1p(-clipped)
