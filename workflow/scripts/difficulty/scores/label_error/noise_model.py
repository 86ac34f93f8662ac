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
taken that three starts lead to; of many examples, a sample says which one it is. Where examples times classes are too
many numbers to be held, the model is fitted to a sample of the examples (`NoisyLabels.fitted`), and all of them have
their probabilities by it, a part of them after the other.
"""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from difficulty.analysis.ties import midranks
from difficulty.random_streams import derived_seed
from difficulty.scores.label_error.calibration import calibration
from difficulty.scores.label_error.class_arrays import blocks, class_shares, most_held, pair_counts, parts, posterior
from difficulty.scores.label_error.log_probabilities import inputs_of, logarithms, of_zeros
from difficulty.scores.label_error.noise_likelihood import MOST_STEPS, Fit, NoiseLikelihood, by_cells
from difficulty.scores.label_error.probabilities import Probabilities, held

ALIKE, FREER = 1.0, 3.0
_FIRST_NOISE, _FIRST_STEPS = 0.1, 20  # share of wrong labels and steps that the fit starts from and with
# Examples; of more, as many, drawn at random, say which maximum is the highest, after some steps towards each.
_MOST_FOR_STARTS, _STEPS_OF_EACH = 100_000, 100
# Nats that noise has to gain: a likelihood ratio test at 5 % of whether a number that cannot be negative is zero, half
# the 90 % quantile of chi-squared with one degree of freedom.
_NOTICED = 1.35


@dataclass(frozen=True)
class NoiseModel:
    """A model that is fitted to n examples of C classes.

    fit: its parameters. deviation: ALIKE or FREER. zeros: what a 0 of each predictor counts as. group: int (n,).
    log_likelihood: of the labels, less the penalty for transitions. gain: nats by which noise explains the labels
    better than doubt of the predictors alone, penalties included; NaN where it is not computed.
    """

    fit: Fit
    deviation: float
    zeros: Sequence[float]
    group: np.ndarray
    log_likelihood: float
    gain: float = np.nan

    @property
    def shows_noise(self) -> bool:
        """Whether the labels are not explained as well if all of them are right."""
        return self.gain > _NOTICED


def fit_noise_model(
    predictors: Sequence[np.ndarray], labels: np.ndarray, deviation: float = ALIKE, for_starts: int = _MOST_FOR_STARTS
) -> NoiseModel:
    """The model of given labels, int (N,), by probabilities (N, C) of M predictors; errors depend on classes alone.

    for_starts: of more examples, as many, drawn at random, say which maximum is the highest.
    """
    zeros, classes = [*map(of_zeros, predictors)], predictors[0].shape[1]
    inputs = inputs_of(predictors, zeros)
    likelihood = NoiseLikelihood(inputs, labels, classes, deviation)
    if len(labels) > for_starts:
        generator = np.random.default_rng(derived_seed("noise model's starts", 0))
        rows = np.sort(generator.choice(len(labels), for_starts, replace=False))
        sample = NoiseLikelihood(inputs[:, rows], labels[rows], classes, deviation)
        best = likelihood.maximised(sample.maximised(_best(sample, _STEPS_OF_EACH)))
    else:
        best = _best(likelihood)
    gain = likelihood.value(best) - likelihood.value(None, likelihood.without_noise(best.weights))
    return _model(likelihood, best, deviation, zeros, gain)


def _best(likelihood: NoiseLikelihood, steps: int = MOST_STEPS) -> Fit:
    """The highest of the maxima that the starts lead to, or of where so many steps towards them lead."""
    fits = [likelihood.maximised(start, steps) for start in likelihood.starts(_FIRST_NOISE, _FIRST_STEPS)]
    return max(fits, key=likelihood.value)


def in_groups(predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel, groups: int) -> NoiseModel:
    """The model in which errors are commoner in some groups of images, fitted from one in which they are not.

    predictors, labels: as for `fit_noise_model`. groups: how many, of equal size, from the images that `model` is least
    sure of before the label is known to those that it is surest of.
    """
    group = groups_of(sureness(predictors, model), groups)
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
    return _model(likelihood, likelihood.maximised(model.fit, steps), model.deviation, model.zeros)


def class_probabilities(predictors: Sequence[Probabilities], model: NoiseModel) -> Iterator[tuple[slice, np.ndarray]]:
    """Which examples, and each class's probability (C, n) before the given label is known, some after the other.

    predictors: probabilities (N, C), of the examples that the model is fitted to or of others.
    """
    for start, part in _parts(predictors):
        for rows in blocks(*part[0].shape):
            inputs = logarithms([each[rows] for each in part], model.zeros)
            found = class_shares(calibration(part[0].shape[1]).logits(model.fit.weights, inputs))
            yield slice(start + rows.start, start + rows.start + found.shape[1]), found


def likely_classes(
    predictors: Sequence[Probabilities], labels: np.ndarray, model: NoiseModel, group: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """Which examples, and each class's probability (C, n) once the given label is known, a part after the other.

    predictors: as for `class_probabilities`. labels, group: int (N,).
    """
    of_cells, classes = by_cells(model.fit.transitions), predictors[0].shape[1]
    cells = group * classes + labels
    for start, part in _parts(predictors):
        inputs = inputs_of(part, model.zeros)
        these = slice(start, start + inputs.shape[1])
        for rows in blocks(inputs.shape[1], classes):
            predicted = class_shares(calibration(classes).logits(model.fit.weights, inputs[:, rows]))
            inputs[:classes, rows], _ = posterior(predicted, of_cells.take(cells[these][rows], axis=1))
        yield these, inputs[:classes]  # in the memory of what is no longer needed


def wrong_labels(
    predictors: Sequence[Probabilities], labels: np.ndarray, model: NoiseModel, group: np.ndarray
) -> np.ndarray:
    """Probability that the given label is wrong, (N,); arguments as for `likely_classes`."""
    wrong = np.empty(len(labels))
    for rows, likely in likely_classes(predictors, labels, model, group):
        wrong[rows] = 1 - likely[labels[rows], np.arange(likely.shape[1])]
    return wrong


def likely_pairs(predictors: Sequence[Probabilities], labels: np.ndarray, model: NoiseModel) -> np.ndarray:
    """How many of N examples of each class (row) have each label, (C, C), by a model of one group."""
    found = likely_classes(predictors, labels, model, np.zeros(len(labels), int))
    return sum(pair_counts(likely, labels[rows]) for rows, likely in found)


def _parts(predictors: Sequence[Probabilities]) -> Iterator[tuple[int, list[np.ndarray]]]:
    """(the first of them, what the predictors say (n, C) of some examples)."""
    return ((rows.start, [each[rows] for each in predictors]) for rows in parts(*predictors[0].shape))


def with_sharpness(
    predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel, factor: float
) -> NoiseModel:
    """The model whose predictions are sharper by a factor, with the transitions that then fit best.

    Other arguments as for `fit_noise_model`. With 1 that is the model itself, but for the last digits.
    """
    likelihood = _likelihood(predictors, labels, model)
    start = model.fit._replace(weights=factor * model.fit.weights)
    return _model(likelihood, likelihood.with_these_weights(start), model.deviation, model.zeros)


class NoisyLabels:
    """The given labels of N examples, and the noise models that are fitted to them, each once.

    labels: int (N,). known: bool (N,), whether something that has not seen the example may know its class: another
    example has its label. Models are of these examples. sampled: how many of them models have been fitted to, where
    these are a sample.
    """

    sampled: int | None = None

    def __init__(self, labels: np.ndarray):
        self.labels = labels
        self.known = np.bincount(labels)[labels] > 1
        self._models: list[tuple[float, Sequence[Probabilities], NoiseModel]] = []

    def model(self, predictors: Sequence[Probabilities], deviation: float = ALIKE) -> NoiseModel:
        """The model with one group by probabilities (N, C) of M predictors; see `fit_noise_model`."""
        for fitted_with, by, model in self._models:
            if fitted_with == deviation and len(by) == len(predictors) and all(map(operator.is_, by, predictors)):
                return model
        read, labels = self.sample(predictors)
        model = fit_noise_model(read, labels, deviation)
        self._models.append((deviation, list(predictors), model))
        return model

    def of_known(self, predictors: Sequence[Probabilities]) -> Sequence[Probabilities]:
        """What they say of the known examples."""
        return predictors if self.known.all() else [each[self.known] for each in predictors]

    def sample(self, predictors: Sequence[Probabilities]) -> tuple[list[np.ndarray], np.ndarray]:
        """What they say (n, C), and the labels (n,), of the known examples that models are fitted to; see `fitted`."""
        rows = self.fitted(predictors[0].shape[1])
        self.sampled = None if isinstance(rows, slice) else len(rows)
        return [held(each[rows]) for each in self.of_known(predictors)], self.labels[self.known][rows]

    def fitted(self, classes: int) -> slice | np.ndarray:
        """The known examples that models of so many classes are fitted to: all, or positions, int (n,), of a sample.

        It has as many as are held at once, drawn at random, and of each label in proportion to its examples.
        """
        labels, drawn = self.labels[self.known], most_held(classes)
        if len(labels) <= drawn:
            return slice(None)
        generator = np.random.default_rng(derived_seed("noise model's examples", 0))
        order = generator.permutation(len(labels))
        order = order[np.argsort(labels[order], kind="stable")]
        return np.sort(order[((np.arange(drawn) + generator.random()) * len(labels) / drawn).astype(int)])


def sureness(predictors: Sequence[Probabilities], model: NoiseModel) -> np.ndarray:
    """Probability (N,) of the likeliest class before the given label is known; as `class_probabilities`."""
    return np.concatenate([found.max(axis=0) for _, found in class_probabilities(predictors, model)])


def groups_of(sure: np.ndarray, groups: int) -> np.ndarray:
    """The group (N,), of equal size, by how sure (N,) predictors are: 0 for those that they are least sure of."""
    rank = midranks(sure)
    return np.minimum(((rank - 1) * groups / len(rank)).astype(int), groups - 1)


def _likelihood(predictors, labels, model: NoiseModel, counts=None) -> NoiseLikelihood:
    classes, groups = predictors[0].shape[1], len(model.fit.groups)
    return NoiseLikelihood(
        inputs_of(predictors, model.zeros), labels, classes, model.deviation, counts, model.group, groups
    )


def _model(likelihood: NoiseLikelihood, fit: Fit, deviation: float, zeros, gain: float = np.nan) -> NoiseModel:
    return NoiseModel(fit, deviation, zeros, likelihood.group, likelihood.value_of_transitions(fit), gain)
