"""What the other labels say of a label's error: whether images of the likely class are often labelled like this one.

Where people take trucks for automobiles, an image that looks like a truck and is labelled automobile is likelier wrong
than one that looks like a truck and is labelled frog, even if networks are surer of the latter. How many images of each
class have each label is estimated from all labels (`noise_model`) and compared with what errors that are the same for
all pairs of classes would give. Images count with the mean of these ratios over the classes that they may be of. The
logarithm of that, the shift, is added to the log odds that the label's own evidence amounts to. Small shifts are left
out: networks, too, confuse some classes more than others, and what of that the model takes for errors of the labels is
of that size. docs/findings.md compares.
"""

from collections.abc import Sequence

import numpy as np

from difficulty.scores.label_error.estimate import in_order_of
from difficulty.scores.label_error.evidence import normal_scores
from difficulty.scores.label_error.noise_model import FREER, NoisyLabels, class_probabilities, likely_pairs
from difficulty.scores.label_error.probabilities import Probabilities

_ADDED = 2.0  # errors of each pair of classes that are added to those found and to those expected
_IGNORED = 0.5  # nats of the shift: pairs less than 1.65 times as common, or rare, as others
_STEP = 1e-3  # nats by which evidence counts where the model's odds are equal
_LEAST_PROBABILITY = 1e-12
_LEAST_SHARE, _MOST_SHARE = 0.01, 0.95  # of wrong labels


def with_confusions(evidence: np.ndarray, predictors: Sequence[Probabilities], noisy: NoisyLabels) -> np.ndarray:
    """label_error (N,) that takes into account which classes the labels confuse; mean 0, standard deviation 1.

    evidence: (N,), how suspect each label is by itself, in any unit. predictors: probabilities (N, C), each; those of
    what has not seen the examples, or else shares of votes.
    """
    labels, classes = noisy.labels, predictors[0].shape[1]
    if classes < 2 or not noisy.known.any():
        return normal_scores(evidence)
    model = noisy.model(predictors, FREER)
    if not model.shows_noise:
        return normal_scores(evidence)
    ratios, share = error_ratios(likely_pairs(noisy.of_known(predictors), labels[noisy.known], model))
    moved, odds = np.empty((2, len(labels)))
    for rows, predicted in class_probabilities(predictors, model):
        part = np.maximum(predicted.T, _LEAST_PROBABILITY), labels[rows]
        moved[rows], odds[rows] = shift(*part, ratios, share), log_odds(*part, share)
    moved = np.sign(moved) * np.maximum(np.abs(moved) - _IGNORED, 0)
    ranked = in_order_of(evidence, odds) + _STEP * normal_scores(evidence)
    return normal_scores(ranked + moved)


def error_ratios(pairs: np.ndarray) -> tuple[np.ndarray, float]:
    """(how much commoner, (C, C), errors of each pair of classes are than were all pairs alike; the share of errors).

    pairs: (C, C), estimated number of examples of each class (row) with each label (column). Two errors are added to
    those found and to those expected, so that a few do not count for much. The diagonal of the ratios is 0.
    """
    errors = pairs * (1 - np.eye(len(pairs)))
    share = max(errors.sum() / pairs.sum(), _LEAST_SHARE)
    expected = pairs.sum(axis=1, keepdims=True) * share / (len(pairs) - 1)
    return (errors + _ADDED) / (expected + _ADDED) * (1 - np.eye(len(pairs))), share


def log_odds(predicted: np.ndarray, labels: np.ndarray, share: float) -> np.ndarray:
    """Log odds (N,) that a label is wrong, if errors are the same for all pairs of classes.

    predicted: (N, C), probability of each class before the label is known. labels: (N,), given. share: of wrong labels.
    """
    own, others = _own_and_others(predicted, labels)
    return np.log(others.sum(axis=1) / own * share / (1 - share) / (predicted.shape[1] - 1))


def shift(predicted: np.ndarray, labels: np.ndarray, ratios: np.ndarray, share: float) -> np.ndarray:
    """How much larger (N,) these log odds are if errors of the pairs of classes are commoner by `ratios` (C, C)."""
    _, others = _own_and_others(predicted, labels)
    mean_ratio = (others * ratios[:, labels].T).sum(axis=1) / others.sum(axis=1)
    errors = np.minimum(ratios.sum(axis=1) * share / (len(ratios) - 1), _MOST_SHARE)
    return np.log(mean_ratio) - np.log((1 - errors) / (1 - share))[labels]


def _own_and_others(predicted: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the probability (N,) of the label's class, those (N, C) of the others, with 0 in its place)."""
    rows, others = np.arange(len(labels)), predicted.copy()
    others[rows, labels] = 0
    return predicted[rows, labels], others
