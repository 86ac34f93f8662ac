"""How many labels are wrong, and which: the given labels as a noisy reading of what held-out networks predict.

The classes that networks predict for images that they have not seen explain the given labels up to two things: how
unsure the networks are, and how often labels are wrong. The model has both. The logits of an image's class are linear
in the log probabilities of all predictors (Dirichlet calibration: it corrects how sure networks are, and which classes
they confuse); the given label follows the class by a matrix of transitions. All of it is fitted to the given labels by
maximum likelihood, with expectation maximisation over the class of each image. What identifies the noise is that even
where networks are surest, given labels disagree with them at some rate. The fitted model gives each image's
probability of each class once its given label is known.

The transitions depend on the classes alone (Sukhbaatar et al., "Training convolutional networks with noisy labels",
2014, arXiv 1406.2080; Goldberger and Ben-Reuven, "Training deep neural networks using a noise adaptation layer", ICLR
2017), or also on how sure the networks are of the image, in groups of equal size: people err more on images that are
hard. With more groups, more of the disagreement counts as noise and less as the networks' doubt, so that the two ends
bracket an estimate. Dirichlet calibration: Kull et al., "Beyond temperature scaling", NeurIPS 2019, arXiv 1910.12656.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.stats import rankdata

FLOOR = 1e-6  # of probabilities, whose logarithms the model takes
_FIRST_NOISE = 0.1  # share of wrong labels that the fit starts from
# Nats for the squares of the biases, and of what differs in a predictor's matrix from a multiple of unity: as if these
# were normal with a deviation of 0.22.
_PENALTY = 10.0
_PSEUDO_COUNT = 20.0  # examples of each class by which a group's transitions are drawn to those of all
_STEPS, _STEPS_OF_WEIGHTS = 200, 4
_FIRST_STEPS = 100
_STEPS_OF_TRANSITIONS = 50
_CONVERGED = 3e-5  # change of the share of wrong labels in a step


@dataclass(frozen=True)
class NoiseModel:
    """A fitted model of N examples and C classes.

    weights: (M C + 1, C), a matrix of the log probabilities of each of M predictors, and the biases of the classes.
    transitions: (G, C, C), in each group the probability of each given label (column) of each class (row).
    group: int (N,). likely: (N, C), the probability of each class once the given label is known.
    """

    weights: np.ndarray
    transitions: np.ndarray
    group: np.ndarray
    likely: np.ndarray

    def wrong(self, labels: np.ndarray) -> np.ndarray:
        """Probability that the given label (N,) is wrong, (N,)."""
        return 1 - self.likely[np.arange(len(labels)), labels]


def fit_noise_model(
    log_probabilities: Sequence[np.ndarray],
    labels: np.ndarray,
    groups: int = 1,
    counts: np.ndarray | None = None,
    start: NoiseModel | None = None,
    steps: int = _STEPS,
) -> NoiseModel:
    """The model of given labels, int (N,), by the log probabilities of M predictors, each (N, C).

    groups: how many groups of equal size, from the images that the predictors are least sure of to those that they are
    surest of, have transitions of their own. counts: (N,), how often each example counts; None: once. start: a model
    of the same examples that the fit starts from, with its groups. steps: of expectation maximisation, at most.
    """
    inputs = np.stack(log_probabilities)
    examples, classes = labels.shape[0], inputs.shape[2]
    counts = np.ones(examples) if counts is None else counts.astype(np.float64)
    given = np.eye(classes)[labels]
    if start is None:
        first = np.concatenate([*[np.eye(classes) / len(inputs)] * len(inputs), np.zeros((1, classes))])
        predicted, weights = _fitted_to(inputs, given, counts, first, _FIRST_STEPS)
        group = _groups(predicted, groups)
        transitions = np.tile(_uniform_noise(classes, _FIRST_NOISE), (groups, 1, 1))
    else:
        weights, group, transitions = start.weights, start.group, start.transitions
        predicted = _probabilities(inputs, weights)
    share = np.inf
    for _ in range(steps):
        likely = _likely(predicted, transitions, group, labels)
        transitions = _transitions(likely, given, counts, group, len(transitions))
        predicted, weights = _fitted_to(inputs, likely, counts, weights, _STEPS_OF_WEIGHTS)
        previous, share = share, counts @ (1 - likely[np.arange(examples), labels]) / counts.sum()
        if abs(share - previous) < _CONVERGED:
            break
    return NoiseModel(weights, transitions, group, _likely(predicted, transitions, group, labels))


def class_probabilities(log_probabilities: Sequence[np.ndarray], model: NoiseModel) -> np.ndarray:
    """Each class's probability (N, C) by a fitted model before the given label is known; see `fit_noise_model`."""
    return _probabilities(np.stack(log_probabilities), model.weights)


def with_sharpness(
    log_probabilities: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel, factor: float
) -> tuple[NoiseModel, float]:
    """The model whose predictions are sharper by a factor, with the transitions that then fit best; its log likelihood.

    Other arguments as for `fit_noise_model`. With 1 that is the model itself, but for the last digits.
    """
    inputs, given = np.stack(log_probabilities), np.eye(model.transitions.shape[1])[labels]
    predicted, transitions = _probabilities(inputs, factor * model.weights), model.transitions
    counts = np.ones(len(labels))
    for _ in range(_STEPS_OF_TRANSITIONS):
        likely = _likely(predicted, transitions, model.group, labels)
        transitions = _transitions(likely, given, counts, model.group, len(transitions))
    joint = (predicted * transitions[model.group, :, labels]).sum(axis=1)
    found = NoiseModel(
        factor * model.weights, transitions, model.group, _likely(predicted, transitions, model.group, labels)
    )
    return found, float(np.log(np.maximum(joint, 1e-300)).sum())


def _uniform_noise(classes: int, share: float) -> np.ndarray:
    noise = np.full((classes, classes), share / max(classes - 1, 1))
    np.fill_diagonal(noise, 1 - share)
    return noise


def _groups(predicted: np.ndarray, groups: int) -> np.ndarray:
    """(N,), 0 for those that the predictors are least sure of."""
    rank = rankdata(predicted.max(axis=1), method="average")
    return np.minimum(((rank - 1) * groups / len(rank)).astype(int), groups - 1)


def _probabilities(inputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    matrices = weights[:-1].reshape(len(inputs), *weights.shape[1:] * 2)
    scores = np.matmul(inputs, matrices).sum(axis=0) + weights[-1]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def _fitted_to(inputs, target, counts, weights, steps) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (N, C) of the classes, and the weights, by penalised logistic regression on targets (N, C)."""
    total = counts.sum()

    def loss(flat):
        weights = flat.reshape(shape)
        probabilities = _probabilities(inputs, weights)
        error = counts[:, None] * (probabilities - target) / total
        value = -(counts @ (target * np.log(np.maximum(probabilities, 1e-300))).sum(axis=1)) / total
        gradient = np.concatenate([*(each.T @ error for each in inputs), error.sum(axis=0, keepdims=True)])
        kept = _kept_small(weights)
        return value + penalty * (kept**2).sum(), (gradient + 2 * penalty * kept).ravel()

    shape, penalty = weights.shape, _PENALTY / total
    found = minimize(loss, weights.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps}).x.reshape(shape)
    return _probabilities(inputs, found), found


def _kept_small(weights: np.ndarray) -> np.ndarray:
    """What of the weights is penalised: the biases, and each matrix less the multiple of unity that is next to it."""
    classes = weights.shape[1]
    kept = weights.copy()
    for start in range(0, len(weights) - 1, classes):
        np.fill_diagonal(kept[start : start + classes], (diagonal := np.diag(weights[start:])) - diagonal.mean())
    return kept


def _likely(predicted, transitions, group, labels) -> np.ndarray:
    joint = predicted * transitions[group, :, labels]
    return joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)


def _transitions(likely, given, counts, group, groups) -> np.ndarray:
    """(G, C, C), the rows of each group drawn to those of all groups; a class that no image is of keeps its labels."""
    weighted = likely * counts[:, None]
    pairs = np.stack([weighted[group == each].T @ given[group == each] for each in range(groups)])
    pooled = _rows(pairs.sum(axis=0))
    return _rows(pairs + _PSEUDO_COUNT * pooled) if groups > 1 else pooled[None]


def _rows(counts: np.ndarray) -> np.ndarray:
    totals = counts.sum(axis=-1, keepdims=True)
    return np.where(totals > 0, counts / np.where(totals > 0, totals, 1), np.eye(counts.shape[-1]))
