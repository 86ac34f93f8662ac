"""How many labels are wrong, and which: the given labels as a noisy reading of what held-out networks predict.

The classes that networks predict for images that they have not seen explain the given labels up to two things: how
unsure the networks are, and how often labels are wrong. The model has both. The logits of an image's class are linear
in the log probabilities of all predictors (Dirichlet calibration: it corrects how sure networks are, and which classes
they confuse); the given label follows the class by a matrix of transitions. All of it is fitted to the given labels by
penalised maximum likelihood (`noise_likelihood`). What identifies the noise is that even where networks are surest,
given labels disagree with them at some rate. The fitted model gives each image's probability of each class once its
given label is known.

The transitions depend on the classes alone (Sukhbaatar et al., "Training convolutional networks with noisy labels",
2014, arXiv 1406.2080; Goldberger and Ben-Reuven, "Training deep neural networks using a noise adaptation layer", ICLR
2017), or also on how sure the networks are of the image, in groups of equal size: people err more on images that are
hard. With more groups, more of the disagreement counts as noise and less as the networks' doubt, so that the two ends
bracket an estimate. Dirichlet calibration: Kull et al., "Beyond temperature scaling", NeurIPS 2019, arXiv 1910.12656.

The likelihood has several maxima. Expectation maximisation finds the way to a good one, the same from shares of wrong
labels between 0.02 and 0.5 at the start on four sets of 10,000 labels, and a quasi-Newton method goes to its end.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from difficulty.analysis.ties import midranks
from difficulty.scores.label_error.noise_likelihood import (
    MOST_STEPS,
    Fit,
    NoiseLikelihood,
    posterior,
    transitions_of,
)

_FLOOR = 1e-6  # of probabilities, whose logarithms the model takes
_FIRST_NOISE, _FIRST_STEPS = 0.1, 20  # share of wrong labels and steps that the fit starts from and with
_STEPS_OF_TRANSITIONS = 50
_LOOSENED = 0.1  # share of uniform noise that a fit from another model starts with: from 0 no transition gets away


@dataclass(frozen=True)
class NoiseModel:
    """A fitted model of N examples and C classes.

    weights: (M C + 1, C), a matrix of the log probabilities of each of M predictors, and the biases of the classes.
    transitions: (G, C, C), in each group the probability of each given label (column) of each class (row).
    group: int (N,). likely: (N, C), the probability of each class once the given label is known. log_likelihood: of the
    labels, without the penalties. drawn_to: (C, C), what the transitions of every group are drawn to; None: nothing.
    """

    weights: np.ndarray
    transitions: np.ndarray
    group: np.ndarray
    likely: np.ndarray
    log_likelihood: float
    drawn_to: np.ndarray | None = None

    def wrong(self, labels: np.ndarray) -> np.ndarray:
        """Probability that the given label (N,) is wrong, (N,)."""
        return 1 - self.likely[np.arange(len(labels)), labels]


def fit_noise_model(predictors: Sequence[np.ndarray], labels: np.ndarray) -> NoiseModel:
    """The model of given labels, int (N,), by probabilities (N, C) of M predictors; errors depend on classes alone."""
    likelihood = NoiseLikelihood(_inputs(predictors), labels, predictors[0].shape[1])
    start = likelihood.expectation_maximisation(_FIRST_NOISE, _FIRST_STEPS)
    return _model(likelihood, likelihood.maximised(start))


def in_groups(predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel, groups: int) -> NoiseModel:
    """The model whose transitions differ between groups of images, fitted from one whose transitions do not.

    predictors, labels: as for `fit_noise_model`. groups: how many, of equal size, from the images that `model` is least
    sure of before the label is known to those that it is surest of. Each group's transitions are drawn to those of
    `model`, as if by 20 images of each class.
    """
    group = _groups(class_probabilities(predictors, model), groups)
    start = replace(
        model, transitions=np.tile(model.transitions, (groups, 1, 1)), group=group, drawn_to=model.transitions[0]
    )
    return refitted(predictors, labels, start)


def refitted(
    predictors: Sequence[np.ndarray],
    labels: np.ndarray,
    model: NoiseModel,
    counts: np.ndarray | None = None,
    steps: int = MOST_STEPS,
) -> NoiseModel:
    """The model that is found from another one, in its groups.

    predictors, labels: as for `fit_noise_model`. counts: (N,), how often each example counts; None: once. steps: of the
    optimiser, at most.
    """
    inputs, classes = _inputs(predictors), predictors[0].shape[1]
    likelihood = NoiseLikelihood(inputs, labels, classes, counts, model.group, len(model.transitions), model.drawn_to)
    return _model(
        likelihood, likelihood.maximised(Fit(model.weights, _loosened(model.transitions)), steps), model.drawn_to
    )


def class_probabilities(predictors: Sequence[np.ndarray], model: NoiseModel) -> np.ndarray:
    """Each class's probability (N, C) by a fitted model before the given label is known; see `fit_noise_model`."""
    return softmax(_inputs(predictors) @ model.weights, axis=1)


def with_sharpness(
    predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel, factor: float
) -> NoiseModel:
    """The model, of one group, whose predictions are sharper by a factor, with the transitions that then fit best.

    Other arguments as for `fit_noise_model`. With 1 that is the model itself, but for the last digits.
    """
    likelihood = NoiseLikelihood(_inputs(predictors), labels, predictors[0].shape[1])
    weights, transitions = factor * model.weights, _loosened(model.transitions)
    predicted = softmax(likelihood.inputs @ weights, axis=1)
    for _ in range(_STEPS_OF_TRANSITIONS):
        likely, _ = posterior(predicted, transitions, model.group, labels)
        transitions = transitions_of(likely, labels)
    return _model(likelihood, Fit(weights, transitions))


class NoisyLabels:
    """The given labels of N examples, and the noise models that are fitted to them, each once.

    labels: int (N,). known: bool (N,), whether something that has not seen the example may know its class: another
    example has its label. Models are of these examples.
    """

    def __init__(self, labels: np.ndarray):
        self.labels = labels
        self.known = np.bincount(labels)[labels] > 1
        self._models: list[tuple[Sequence[np.ndarray], NoiseModel]] = []

    def model(self, predictors: Sequence[np.ndarray]) -> NoiseModel:
        """The model with one group by probabilities (N, C) of M predictors."""
        for fitted_by, model in self._models:
            if len(fitted_by) == len(predictors) and all(map(operator.is_, fitted_by, predictors)):
                return model
        model = fit_noise_model([each[self.known] for each in predictors], self.labels[self.known])
        self._models.append((list(predictors), model))
        return model


def _inputs(predictors: Sequence[np.ndarray]) -> np.ndarray:
    """The log probabilities of all predictors and a 1, (N, M C + 1)."""
    logs = [np.log(np.maximum(each.astype(np.float64), _FLOOR)) for each in predictors]
    return np.concatenate([*logs, np.ones((len(logs[0]), 1))], axis=1)


def _loosened(transitions: np.ndarray) -> np.ndarray:
    return (1 - _LOOSENED) * transitions + _LOOSENED / transitions.shape[-1]


def _groups(predicted: np.ndarray, groups: int) -> np.ndarray:
    """(N,), 0 for those that the predictors are least sure of."""
    rank = midranks(predicted.max(axis=1))
    return np.minimum(((rank - 1) * groups / len(rank)).astype(int), groups - 1)


def _model(likelihood: NoiseLikelihood, fit: Fit, drawn_to: np.ndarray | None = None) -> NoiseModel:
    predicted, group = softmax(likelihood.inputs @ fit.weights, axis=1), likelihood.group
    likely, given = posterior(predicted, fit.transitions, group, likelihood.labels)
    return NoiseModel(fit.weights, fit.transitions, group, likely, float(np.log(given).sum()), drawn_to)
