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
2017), or errors are also commoner or rarer by how sure the networks are of the image, in groups of equal size: people
err more on images that are hard. Errors of the pairs of classes are drawn to be alike, as if the logarithms of their
odds were normal with a deviation of 1, which a few labels do not change and many do. Dirichlet calibration: Kull et
al., "Beyond temperature scaling", NeurIPS 2019, arXiv 1910.12656.

Labels may show no noise at all: the same predictors, only less sure, may explain them as well. A model therefore knows
its gain, the nats by which noise explains the labels better. The likelihood has several maxima, of which the best is
taken that three starts lead to; of many examples, a sample says which one it is.
"""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from difficulty.analysis.ties import midranks
from difficulty.random_streams import derived_seed
from difficulty.scores.label_error.calibration import calibration
from difficulty.scores.label_error.class_arrays import blocks, class_shares
from difficulty.scores.label_error.noise_likelihood import MOST_STEPS, Fit, NoiseLikelihood

ALIKE, FREER = 1.0, 3.0
_FLOOR, _FLOOR_OF_NAMES = 1e-12, 1e-6  # of probabilities, whose logarithms the model takes; see `_inputs`
_FIRST_NOISE, _FIRST_STEPS = 0.1, 20  # share of wrong labels and steps that the fit starts from and with
# Examples, and examples times classes; of more, as many examples, drawn at random, say which maximum is the highest,
# after some steps towards each.
_MOST_FOR_STARTS, _MOST_NUMBERS_FOR_STARTS, _STEPS_OF_EACH = 100_000, 1 << 24, 100
# Nats that noise has to gain: a likelihood ratio test at 5 % of whether a number that cannot be negative is zero, half
# the 90 % quantile of chi-squared with one degree of freedom.
_NOTICED = 1.35


@dataclass(frozen=True)
class NoiseModel:
    """A fitted model of N examples and C classes.

    fit: its parameters. deviation: ALIKE or FREER. group: int (N,). likely: (N, C), the probability of each class once
    the given label is known. log_likelihood: of the labels, less the penalty for transitions. gain: nats by which noise
    explains the labels better than doubt of the predictors alone, penalties included; NaN where it is not computed.
    """

    fit: Fit
    deviation: float
    group: np.ndarray
    likely: np.ndarray
    log_likelihood: float
    gain: float = np.nan

    @property
    def shows_noise(self) -> bool:
        """Whether the labels are not explained as well if all of them are right."""
        return self.gain > _NOTICED

    def wrong(self, labels: np.ndarray) -> np.ndarray:
        """Probability that the given label (N,) is wrong, (N,)."""
        return 1 - self.likely[np.arange(len(labels)), labels]


def fit_noise_model(predictors: Sequence[np.ndarray], labels: np.ndarray, deviation: float = ALIKE) -> NoiseModel:
    """The model of given labels, int (N,), by probabilities (N, C) of M predictors; errors depend on classes alone."""
    inputs, classes = _inputs(predictors), predictors[0].shape[1]
    likelihood = NoiseLikelihood(inputs, labels, classes, deviation)
    drawn = min(_MOST_FOR_STARTS, _MOST_NUMBERS_FOR_STARTS // classes)
    if len(labels) > drawn:
        generator = np.random.default_rng(derived_seed("noise model's starts", 0))
        rows = np.sort(generator.choice(len(labels), drawn, replace=False))
        sample = NoiseLikelihood(inputs[:, rows], labels[rows], classes, deviation)
        best = likelihood.maximised(sample.maximised(_best(sample, _STEPS_OF_EACH)))
    else:
        best = _best(likelihood)
    gain = likelihood.value(best) - likelihood.value(None, likelihood.without_noise(best.weights))
    return _model(likelihood, best, deviation, gain)


def _best(likelihood: NoiseLikelihood, steps: int = MOST_STEPS) -> Fit:
    """The highest of the maxima that the starts lead to, or of where so many steps towards them lead."""
    fits = [likelihood.maximised(start, steps) for start in likelihood.starts(_FIRST_NOISE, _FIRST_STEPS)]
    return max(fits, key=likelihood.value)


def in_groups(predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel, groups: int) -> NoiseModel:
    """The model in which errors are commoner in some groups of images, fitted from one in which they are not.

    predictors, labels: as for `fit_noise_model`. groups: how many, of equal size, from the images that `model` is least
    sure of before the label is known to those that it is surest of.
    """
    group = _groups(class_probabilities(predictors, model), groups)
    start = replace(model, fit=model.fit._replace(groups=np.zeros(groups)), group=group)
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
    likelihood = _likelihood(predictors, labels, model, counts)
    return _model(likelihood, likelihood.maximised(model.fit, steps), model.deviation)


def class_probabilities(predictors: Sequence[np.ndarray], model: NoiseModel) -> np.ndarray:
    """Each class's probability (N, C) by a fitted model before the given label is known; see `fit_noise_model`."""
    found = np.empty(predictors[0].shape[::-1])
    for rows, part in class_probabilities_in_blocks(predictors, model):
        found[:, rows] = part
    return found.T


def class_probabilities_in_blocks(
    predictors: Sequence[np.ndarray], model: NoiseModel
) -> Iterator[tuple[slice, np.ndarray]]:
    """The same of some examples after the other: which these are, and (C, n)."""
    of_zeros = [*map(_of_zeros, predictors)]
    for rows in blocks(*predictors[0].shape):
        inputs = _logarithms([each[rows] for each in predictors], of_zeros)
        yield rows, class_shares(calibration(predictors[0].shape[1]).logits(model.fit.weights, inputs))


def with_sharpness(
    predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel, factor: float
) -> NoiseModel:
    """The model whose predictions are sharper by a factor, with the transitions that then fit best.

    Other arguments as for `fit_noise_model`. With 1 that is the model itself, but for the last digits.
    """
    likelihood = _likelihood(predictors, labels, model)
    start = model.fit._replace(weights=factor * model.fit.weights)
    return _model(likelihood, likelihood.with_these_weights(start), model.deviation)


class NoisyLabels:
    """The given labels of N examples, and the noise models that are fitted to them, each once.

    labels: int (N,). known: bool (N,), whether something that has not seen the example may know its class: another
    example has its label. Models are of these examples.
    """

    def __init__(self, labels: np.ndarray):
        self.labels = labels
        self.known = np.bincount(labels)[labels] > 1
        self._models: list[tuple[float, Sequence[np.ndarray], NoiseModel]] = []

    def model(self, predictors: Sequence[np.ndarray], deviation: float = ALIKE) -> NoiseModel:
        """The model with one group by probabilities (N, C) of M predictors; see `fit_noise_model`."""
        for fitted_with, by, model in self._models:
            if fitted_with == deviation and len(by) == len(predictors) and all(map(operator.is_, by, predictors)):
                return model
        known = predictors if self.known.all() else [each[self.known] for each in predictors]
        model = fit_noise_model(known, self.labels[self.known], deviation)
        self._models.append((deviation, list(predictors), model))
        return model


def _inputs(predictors: Sequence[np.ndarray]) -> np.ndarray:
    """The log probabilities of all predictors and a 1, (M C + 1, N).

    A 0 counts as half of what the predictor says at least elsewhere: of twenty votes it says that there were twenty.
    One that only ever names a class, with a 1, says nothing of how sure it is: it might err as often as the labels.
    """
    examples, classes = predictors[0].shape
    inputs, of_zeros = np.empty((len(predictors) * classes + 1, examples)), [*map(_of_zeros, predictors)]
    for rows in blocks(examples, classes):
        inputs[:, rows] = _logarithms([each[rows] for each in predictors], of_zeros)
    return inputs


def _of_zeros(probabilities: np.ndarray) -> float:
    """What a 0 of a predictor counts as."""
    smallest = float(probabilities.min(where=probabilities > 0, initial=1.0))
    return smallest / 2 if smallest < 1 else _FLOOR_OF_NAMES


def _logarithms(predictors: Sequence[np.ndarray], of_zeros: Sequence[float]) -> np.ndarray:
    """(M C + 1, n); see `_inputs`."""
    known = [np.where(each > 0, each.astype(np.float64), zero) for each, zero in zip(predictors, of_zeros, strict=True)]
    logarithms = np.log(np.maximum(np.concatenate(known, axis=1), _FLOOR)).T
    return np.concatenate([logarithms, np.ones((1, logarithms.shape[1]))])


def _groups(predicted: np.ndarray, groups: int) -> np.ndarray:
    """(N,), 0 for those that the predictors are least sure of."""
    rank = midranks(predicted.max(axis=1))
    return np.minimum(((rank - 1) * groups / len(rank)).astype(int), groups - 1)


def _likelihood(predictors, labels, model: NoiseModel, counts=None) -> NoiseLikelihood:
    classes, groups = predictors[0].shape[1], len(model.fit.groups)
    return NoiseLikelihood(_inputs(predictors), labels, classes, model.deviation, counts, model.group, groups)


def _model(likelihood: NoiseLikelihood, fit: Fit, deviation: float, gain: float = np.nan) -> NoiseModel:
    value = likelihood.value_of_transitions(fit)
    return NoiseModel(fit, deviation, likelihood.group, likelihood.posterior(fit).T, value, gain)
