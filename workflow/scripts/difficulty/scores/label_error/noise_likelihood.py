"""The penalised likelihood of given labels under a model of label noise, and its maximum.

An example has the logits z = x W, where x are the log probabilities of all predictors and a 1; its label y then has the
likelihood sum over classes c of softmax(z)[c] T[g, c, y], where g is the example's group. The penalties keep W near a
multiple of the identity, and the transitions T of each group near given ones.

The log probabilities of one example are nearly dependent on each other, so that a quasi-Newton method takes thousands
of steps to the maximum, and expectation maximisation more. In units in which they are independent and of equal size,
one or two hundred are enough.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import softmax

# Nats for the squares of the biases, and of what differs in a predictor's matrix from a multiple of unity: as if these
# were normal with a deviation of 0.22.
_PENALTY = 10.0
_PSEUDO_COUNT = 20.0  # examples of each class by which a group's transitions are drawn to given ones
# Of L-BFGS: for the first weights, for those of each step of expectation maximisation, and to the maximum.
_FIRST_STEPS, _STEPS_OF_WEIGHTS, MOST_STEPS = 30, 4, 200
_TINY = 1e-300  # probability whose logarithm is finite
_LEAST_TRANSITION = 1e-6  # that the way to the maximum starts from
_DEVIATION = 0.3  # of the inputs in the units of the weights: as steep as the logarithms of the transitions
_LEAST_VARIANCE = 1e-6  # of the inputs in these units, in proportion to the largest


class Fit(NamedTuple):
    """weights: (M C + 1, C), M matrices one below the other, then the biases. transitions: (G, C, C)."""

    weights: np.ndarray
    transitions: np.ndarray


class NoiseLikelihood:
    """The penalised likelihood of N labels.

    inputs: (N, M C + 1), log probabilities of C classes by M predictors, and a 1. labels: int (N,). counts: (N,), how
    often each example counts; None: once. group: int (N,), below `groups`; None: all are in one. drawn_to: (C, C),
    transitions that those of every group are drawn to by 20 examples of each class; None: they are free.
    """

    def __init__(self, inputs, labels, classes, counts=None, group=None, groups=1, drawn_to=None):
        self.inputs, self.labels, self.classes = inputs, labels, classes
        self.counts = np.ones(len(labels)) if counts is None else counts.astype(np.float64)
        self.group = np.zeros(len(labels), int) if group is None else group
        self._drawn_to = np.zeros((classes, classes)) if drawn_to is None else _PSEUDO_COUNT * drawn_to
        self._units = _units(inputs)
        places = (self.group * classes + labels, np.arange(len(labels)))
        self._sums = csr_array((self.counts, places), shape=(groups * classes, len(labels)))  # by group and label

    def maximised(self, start: Fit, steps: int = MOST_STEPS) -> Fit:
        """The maximum near `start`, over the weights and the logarithms of the transitions."""

        def loss(weights, logits):
            transitions = softmax(logits, axis=2)
            predicted = softmax(self.inputs @ weights, axis=1)
            likely, given = posterior(predicted, transitions, self.group, self.labels)
            penalty, of_penalty = _penalty(weights)
            drawn = self._drawn_to * np.log(np.maximum(transitions, _TINY))
            pairs = (self._sums @ likely).reshape(transitions.shape).transpose(0, 2, 1) + self._drawn_to
            value = penalty - drawn.sum() - self.counts @ np.log(given)
            of_weights = self.inputs.T @ (self.counts[:, None] * (predicted - likely)) + of_penalty
            return value, of_weights, pairs.sum(axis=2, keepdims=True) * transitions - pairs

        logits = np.log(np.maximum(start.transitions, _LEAST_TRANSITION))
        weights, logits = self._minimised(loss, steps, start.weights, logits)
        return Fit(weights, softmax(logits, axis=2))

    def expectation_maximisation(self, share: float, steps: int) -> Fit:
        """A fit of one group on the way to the maximum, from a share of wrong labels that is alike in all classes."""
        predictors = (self.inputs.shape[1] - 1) // self.classes
        weights = np.concatenate([*[np.eye(self.classes) / predictors] * predictors, np.zeros((1, self.classes))])
        weights = self._fitted_to(np.eye(self.classes)[self.labels], weights, _FIRST_STEPS)
        transitions = np.full((1, self.classes, self.classes), share / max(self.classes - 1, 1))
        np.einsum("gcc->gc", transitions)[:] = 1 - share
        for _ in range(steps):
            predicted = softmax(self.inputs @ weights, axis=1)
            likely, _ = posterior(predicted, transitions, self.group, self.labels)
            transitions = transitions_of(likely, self.labels)
            weights = self._fitted_to(likely, weights, _STEPS_OF_WEIGHTS)
        return Fit(weights, transitions)

    def _fitted_to(self, target: np.ndarray, weights: np.ndarray, steps: int) -> np.ndarray:
        """The weights by penalised logistic regression on probabilities (N, C)."""

        def loss(weights):
            predicted, (penalty, of_penalty) = softmax(self.inputs @ weights, axis=1), _penalty(weights)
            value = penalty - (target * np.log(np.maximum(predicted, _TINY))).sum()
            return value, self.inputs.T @ (predicted - target) + of_penalty

        return self._minimised(loss, steps, weights)[0]

    def _minimised(self, loss, steps, weights, *others):
        """What minimises a loss (arrays -> its value and the gradient by each of them), from these on, by L-BFGS."""
        shapes = [each.shape for each in (weights, *others)]
        ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]

        def split(flat):
            own, *rest = (part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True))
            return self._units @ own, *rest

        def flat_loss(flat):
            value, own, *rest = loss(*split(flat))
            return value, np.concatenate([each.ravel() for each in (self._units.T @ own, *rest)])

        start = (np.linalg.solve(self._units, weights), *others)
        options = {"maxiter": steps, "maxcor": 20, "ftol": 1e-12}
        flat = np.concatenate([each.ravel() for each in start])
        return split(minimize(flat_loss, flat, jac=True, method="L-BFGS-B", options=options).x)


def posterior(predicted, transitions, group, labels) -> tuple[np.ndarray, np.ndarray]:
    """(each class's probability (N, C) once the label is known, the label's probability (N,)).

    predicted: (N, C), before it is known. transitions: (G, C, C). group, labels: int (N,).
    """
    joint = predicted * transitions.transpose(0, 2, 1)[group, labels]
    given = np.maximum(joint.sum(axis=1), _TINY)
    return joint / given[:, None], given


def transitions_of(likely: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(1, C, C), the shares of the labels (N,) of each class, if examples are of classes by `likely` (N, C).

    A class that no example is of keeps its labels.
    """
    pairs = likely.T @ np.eye(likely.shape[1])[labels]
    totals = pairs.sum(axis=1, keepdims=True)
    return np.where(totals > 0, pairs / np.where(totals > 0, totals, 1), np.eye(len(pairs)))[None]


def _units(inputs: np.ndarray) -> np.ndarray:
    """(D, D), the weights (rows) of inputs (N, D) that are independent and of equal size, in the units of these."""
    variances, axes = np.linalg.eigh(inputs.T @ inputs / len(inputs))
    return _DEVIATION * (axes / np.sqrt(np.maximum(variances, _LEAST_VARIANCE * variances[-1]))) @ axes.T


def _penalty(weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Nats, and their gradient, for biases, and for what of each matrix is not the multiple of unity next to it."""
    classes = weights.shape[1]
    kept = weights.copy()
    for start in range(0, len(weights) - 1, classes):
        np.fill_diagonal(kept[start : start + classes], (diagonal := np.diag(weights[start:])) - diagonal.mean())
    return _PENALTY * (kept**2).sum(), 2 * _PENALTY * kept
