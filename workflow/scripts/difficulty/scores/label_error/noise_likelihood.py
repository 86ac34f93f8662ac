"""The penalised likelihood of given labels under a model of label noise, and its maximum.

An example has the logits z = x W, where x are the log probabilities of all predictors and a 1, and W are weights of a
map (`calibration`); its label y then has the likelihood sum over classes c of softmax(z)[c] T[g, c, y], where g is the
example's group. The transitions T have few free parameters: the log odds of label y against the right one, c, are
a + b[c, y] + d[g], where a is common to all pairs of classes, and b and d are drawn to 0. So a hundred kinds of errors
are not made of what a handful of labels have in common by chance. Further penalties keep W near a multiple of the
identity.

The log probabilities of one example are nearly dependent on each other, so that a quasi-Newton method takes thousands
of steps to the maximum, and expectation maximisation more. In units in which they are independent and of equal size,
one or two hundred are enough.

Arrays of classes and examples have a column for each example (`class_arrays`).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from difficulty.scores.label_error.calibration import calibration
from difficulty.scores.label_error.class_arrays import (
    TINY,
    add_up,
    blocks,
    class_shares,
    members,
    posterior,
    transitions_of,
)

_DEVIATION_OF_GROUPS = 1.0  # of d, in nats
# Of L-BFGS: for the first weights, for those of each step of expectation maximisation, and to the maximum.
_FIRST_STEPS, _STEPS_OF_WEIGHTS, MOST_STEPS = 30, 4, 300
_LEAST_TRANSITION = 1e-4  # that the way to the maximum starts from


class Fit(NamedTuple):
    """weights: of the map. common: (), pairs: (C, C), and groups: (G,) are a, b and d of the log odds of errors."""

    weights: np.ndarray
    common: np.ndarray
    pairs: np.ndarray
    groups: np.ndarray

    @property
    def transitions(self) -> np.ndarray:
        """(G, C, C), in each group the probability of each label (column) of each class (row)."""
        return _transitions(self.common, self.pairs, self.groups)


class NoiseLikelihood:
    """The penalised likelihood of N labels.

    inputs: (M C + 1, N), log probabilities of C classes by M predictors, and a 1. labels: int (N,). deviation: of b, in
    nats. counts: (N,), how often each example counts; None: once. group: int (N,), below `groups`; None: all are in
    one.
    """

    def __init__(self, inputs, labels, classes, deviation, counts=None, group=None, groups=1):
        self.inputs, self.labels, self.classes = inputs, labels, classes
        self.counts = np.ones(len(labels)) if counts is None else counts.astype(np.float64)
        self.group, self.groups = np.zeros(len(labels), int) if group is None else group, groups
        self._deviation, self._map = deviation, calibration(classes)
        self._units = self._map.units(inputs)
        self._cells = self.group * classes + labels  # of each example among the columns of all groups' transitions
        self._members = [members(self._cells[rows], self.counts[rows]) for rows in self._blocks()]

    def starts(self, share: float, steps: int) -> list[Fit]:
        """Three fits on the way to the maximum, as the likelihood has several.

        In the first, all pairs of classes are alike, and a share of the labels is wrong. The second comes from there by
        steps of expectation maximisation with transitions that nothing is drawn to: where a class is often taken for
        another one, the first would take that for the predictors' error. The weights of both are first fitted as if all
        labels were right, and may have learned the labels' errors. So in the third, the predictors are believed as
        they are until the steps have found transitions.
        """
        believed = self._map.unchanged((len(self.inputs) - 1) // self.classes)
        weights = self._fitted_to(None, believed, _FIRST_STEPS)
        alike = np.full((self.classes, self.classes), share / max(self.classes - 1, 1))
        np.fill_diagonal(alike, 1 - share)
        fits = [_as_fit(weights, alike, self.groups)]
        transitions, of_believed = alike, alike
        for _ in range(steps):
            likely = self._posteriors(weights, transitions[None])
            transitions = transitions_of(likely, self.labels)
            weights = self._fitted_to(likely, weights, _STEPS_OF_WEIGHTS)
            of_believed = transitions_of(self._posteriors(believed, of_believed[None]), self.labels)
        return [*fits, *(_as_fit(*each, self.groups) for each in ((weights, transitions), (believed, of_believed)))]

    def maximised(self, start: Fit, steps: int = MOST_STEPS) -> Fit:
        """The maximum near `start`."""

        def loss(weights, *odds):
            value, of_weights, *of_odds = self._loss(weights, *odds)
            penalty, of_penalty = self._map.penalty(weights)
            return value + penalty, of_weights + of_penalty, *of_odds

        return Fit(*self._minimised(loss, steps, *start))

    def with_these_weights(self, start: Fit, steps: int = MOST_STEPS) -> Fit:
        """The maximum over the transitions alone."""
        predicted = np.concatenate([self._predicted(start.weights, rows) for rows in self._blocks()], axis=1)

        def loss(*odds):
            value, _, *of_odds = self._loss(start.weights, *odds, predicted=predicted)
            return value, *of_odds

        return Fit(start.weights, *_minimised(loss, steps, *start[1:]))

    def without_noise(self, weights: np.ndarray) -> np.ndarray:
        """The weights that fit best if every label is right."""
        return self._fitted_to(None, weights, MOST_STEPS)

    def value(self, fit: Fit | None, weights: np.ndarray | None = None) -> float:
        """The penalised log likelihood, in nats, of a fit, or of weights if every label is right (None)."""
        if fit is not None:
            return self.value_of_transitions(fit) - self._map.penalty(fit.weights)[0]
        total = 0.0
        for rows in self._blocks():
            predicted, labels = log_softmax(self._map.logits(weights, self.inputs[:, rows]), axis=0), self.labels[rows]
            total += self.counts[rows] @ predicted[labels, np.arange(len(labels))]
        return total - self._map.penalty(weights)[0]

    def value_of_transitions(self, fit: Fit) -> float:
        """The log likelihood, in nats, without the penalty for the weights."""
        return -self._loss(*fit)[0]

    def _posteriors(self, weights, transitions) -> np.ndarray:
        """Each class's probability (C, N) once the label is known."""
        likely, of_cells = np.empty((self.classes, len(self.labels))), by_cells(transitions)
        for rows in self._blocks():
            likely[:, rows], _ = self._posterior(self._predicted(weights, rows), of_cells, rows)
        return likely

    def _posterior(self, predicted, of_cells, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """(each class's probability (C, n) once the label is known, the label's probability (n,)); see `posterior`."""
        return posterior(predicted, of_cells.take(self._cells[rows], axis=1))

    def _blocks(self) -> Iterator[slice]:
        return blocks(len(self.labels), self.classes)

    def _predicted(self, weights, rows: slice) -> np.ndarray:
        """(C, n), before the label is known."""
        return class_shares(self._map.logits(weights, self.inputs[:, rows]))

    def _loss(self, weights, common, pairs, groups, predicted=None):
        """(minus the log likelihood with the penalties for b and d, its gradient by the weights, by a, b and d).

        predicted: (C, N), before the label is known, where it is known for these weights; the gradient by them is then
        left out.
        """
        transitions = _transitions(common, pairs, groups)
        of_cells = by_cells(transitions)
        counts, of_weights = np.zeros((self.groups * self.classes, self.classes)), np.zeros(weights.shape)
        log_likelihood = 0.0
        for rows, in_cells in zip(self._blocks(), self._members, strict=True):
            before = self._predicted(weights, rows) if predicted is None else predicted[:, rows]
            times = self.counts[rows]
            likely, given = self._posterior(before, of_cells, rows)
            add_up(counts, in_cells, likely)
            log_likelihood += times @ np.log(given)
            if predicted is None:
                of_weights += self._map.slopes(self.inputs[:, rows], times * (before - likely))
        counts = counts.reshape(transitions.shape).transpose(0, 2, 1)  # by group, class and label
        slope = (counts.sum(axis=2, keepdims=True) * transitions - counts) * (1 - np.eye(self.classes))
        of_pairs, of_groups = pairs / self._deviation**2, groups / _DEVIATION_OF_GROUPS**2
        value = (pairs * of_pairs).sum() / 2 + (groups * of_groups).sum() / 2 - log_likelihood
        gradient = slope.sum(), slope.sum(axis=0) + of_pairs, slope.sum(axis=(1, 2)) + of_groups
        return value, of_weights, *gradient

    def _fitted_to(self, target: np.ndarray | None, weights: np.ndarray, steps: int) -> np.ndarray:
        """The weights by penalised logistic regression on probabilities (C, N); None: on the labels as they are."""
        names = np.eye(self.classes)

        def loss(weights):
            value, gradient = self._map.penalty(weights)
            log_likelihood, of_weights = 0.0, np.zeros(weights.shape)
            for rows in self._blocks():
                predicted, times = self._predicted(weights, rows), self.counts[rows]
                wanted = times * (names.take(self.labels[rows], axis=1) if target is None else target[:, rows])
                log_likelihood += (wanted * np.log(np.maximum(predicted, TINY))).sum()
                of_weights += self._map.slopes(self.inputs[:, rows], times * predicted - wanted)
            return value - log_likelihood, of_weights + gradient

        return self._minimised(loss, steps, weights)[0]

    def _minimised(self, loss, steps, weights, *others):
        """As `_minimised` below, for a loss whose first array are the weights, which have units of their own."""

        def in_units(own, *rest):
            value, of_own, *of_rest = loss(self._units @ own, *rest)
            return value, self._units.T @ of_own, *of_rest

        own, *rest = _minimised(in_units, steps, np.linalg.solve(self._units, weights), *others)
        return self._units @ own, *rest


def _minimised(loss, steps, *start):
    """The arrays that minimise a loss (arrays -> its value and the gradient by each of them), by L-BFGS."""
    shapes = [np.shape(each) for each in start]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def split(flat):
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]

    def flat_loss(flat):
        value, *gradient = loss(*split(flat))
        return value, np.concatenate([np.ravel(each) for each in gradient])

    options = {"maxiter": steps, "maxcor": 20, "ftol": 1e-12}
    flat = np.concatenate([np.ravel(each) for each in start])
    return split(minimize(flat_loss, flat, jac=True, method="L-BFGS-B", options=options).x)


def by_cells(transitions: np.ndarray) -> np.ndarray:
    """Transitions (G, C, C) as (C, G C): of each class (row), the labels of the first group, then of the next."""
    return transitions.transpose(1, 0, 2).reshape(transitions.shape[1], -1)


def _transitions(common, pairs, groups) -> np.ndarray:
    """(G, C, C); see `Fit`."""
    others = 1 - np.eye(len(pairs))
    return softmax(others * (common + pairs + groups[:, None, None]), axis=2)


def _as_fit(weights: np.ndarray, transitions: np.ndarray, groups: int) -> Fit:
    """Transitions (C, C) as log odds, the groups alike."""
    odds = np.log(np.maximum(transitions, _LEAST_TRANSITION))
    odds -= np.diag(odds)[:, None]
    others = ~np.eye(len(odds), dtype=bool)
    common = np.log(np.exp(odds[others]).mean()) if others.any() else 0.0
    return Fit(weights, np.array(common), np.where(others, odds - common, 0), np.zeros(groups))
