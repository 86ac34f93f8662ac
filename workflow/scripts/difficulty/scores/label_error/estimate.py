"""Estimates of how many labels are wrong and of each label's probability of being wrong, with what they permit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from difficulty.random_streams import derived_seed
from difficulty.scores.label_error.noise_model import (
    FREER,
    NoiseModel,
    NoisyLabels,
    groups_of,
    in_groups,
    likely_classes,
    refitted,
    sureness,
    with_sharpness,
    wrong_labels,
)
from difficulty.scores.label_error.probabilities import Probabilities
from difficulty.scores.label_error.thresholds import FEWEST_PER_LABEL, LIKELIER_WRONG

# Of the images by how sure the predictors are of them: one for the low end, where errors do not depend on it, many for
# the high end.
_GROUPS, _MOST = 2, 8
_RESAMPLES, _STEPS_OF_RESAMPLES = 10, 50  # each from the fit to all examples
_DEVIATIONS = 1.96  # 95 % of a normal distribution
_SHARPNESS = (0.25, 0.5, 0.7, 0.85, 1.2, 1.4, 1.7, 2.0, 3.0, 8.0)  # factors of the fitted one
_LESS_LIKELY = 1.92  # nats, within which 95 % of a likelihood ratio lie (chi-squared of one degree of freedom, halved)
# The ends are at least these factors away from the estimate. In docs/findings.md the truth is 0.9 to 1.9 times the
# estimate, but for errors near borders: those on images that the predictors find hard as well are hidden from them.
_FEWER, _MORE = 1.2, 1.94


@dataclass(frozen=True)
class WrongLabels:
    """How many of N labels are wrong, and which.

    wrong: (N,), the estimated probability that each given label is wrong; NaN for the only example of a class, whose
    label no predictor has seen that has not seen the example. low, high: the interval of the number of wrong labels, of
    which `wrong` sums to the estimate. fitted: how many examples models were fitted to. arguments: of `likely_classes`,
    for the other examples.
    """

    wrong: np.ndarray
    low: float
    high: float
    fitted: int
    arguments: tuple[Sequence[Probabilities], np.ndarray, NoiseModel, np.ndarray]

    @property
    def classes(self) -> int:
        return self.arguments[0][0].shape[1]

    def likely(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Which examples, int (n,), and the probability (n, C) of each class, a part of those with estimates at a time.

        Nothing where no label is wrong.
        """
        if np.nansum(self.wrong):
            places = np.flatnonzero(~np.isnan(self.wrong))
            yield from ((places[rows], found.T) for rows, found in likely_classes(*self.arguments))


def estimate_wrong_labels(predictors: Sequence[Probabilities], noisy: NoisyLabels) -> WrongLabels | None:
    """Fits the noise model to given labels and to probabilities (N, C) of predictors that have not seen the examples.

    Where the labels are explained as well if all are right, none is estimated to be wrong. The range reaches from the
    estimate where errors depend on the classes alone to those where they depend on how sure the predictors are, in two
    or eight groups, and where pairs of classes differ more, and to those with sharper or duller predictions that are as
    likely. Each end is moved outwards by 1.96 standard deviations, and is at least as far away as the error of the
    estimate that was found where wrong labels are known. None without predictors, and where there are too few examples.
    Numbers are of all examples, also where models are fitted to a sample.
    """
    if not predictors or not are_enough(noisy.labels):
        return None
    labels, of_known = noisy.labels[noisy.known], noisy.of_known(predictors)
    fewest, freer = noisy.model(predictors), noisy.model(predictors, FREER)
    sample = noisy.sample(predictors)
    fitted = len(sample[1])
    model, most = (in_groups(*sample, fewest, groups) for groups in (_GROUPS, _MOST))
    variance = (len(labels) / fitted) ** 2 * _variance_over_resamples(*sample, model)
    models = (fewest, model, most, freer, *_as_likely(*sample, fewest))
    del sample
    sure = sureness(of_known, fewest)
    arguments = [(of_known, labels, each, groups_of(sure, len(each.fit.groups))) for each in models]
    wrong = wrong_labels(*arguments[1])
    numbers = [wrong.sum(), *(wrong_labels(*each).sum() for each in arguments if each[2] is not model)]
    numbers += [0.0] if fewest.gain < _LESS_LIKELY else []
    spread = _DEVIATIONS * np.sqrt(variance + wrong @ (1 - wrong))  # of the estimate; of the number if that is right
    if not fewest.shows_noise:
        wrong = np.zeros(len(labels))
    low = max(min(min(numbers) - spread, wrong.sum() / _FEWER), 0.0)
    high = min(max(max(numbers) + spread, wrong.sum() * _MORE), float(len(labels)))
    return WrongLabels(_spread_over(wrong, noisy.known), float(low), float(high), fitted, arguments[1])


def are_enough(labels: np.ndarray) -> bool:
    """Whether there are enough examples, on average, for each label, int (N,): 20, or as many as there are labels.

    Fewer could be fitted by the map of the predictors' probabilities, whatever they are, and by errors that each pair
    of classes has of its own.
    """
    different = len(np.unique(labels))
    return len(labels) >= max(FEWEST_PER_LABEL, different) * different


def _spread_over(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values (n, ...) at the n places that are known of (N,); NaN at the others."""
    spread = np.full((len(known), *values.shape[1:]), np.nan)
    spread[known] = values
    return spread


def _as_likely(predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel) -> list[NoiseModel]:
    """Models of sharper and of duller predictions that the labels do not rule out.

    Where predictors are equally sure of all images, labels cannot tell errors of the predictors from wrong labels.
    """
    own, *others = (with_sharpness(predictors, labels, model, factor) for factor in (1.0, *_SHARPNESS))
    return [other for other in others if other.log_likelihood > own.log_likelihood - _LESS_LIKELY]


def _variance_over_resamples(predictors: Sequence[np.ndarray], labels: np.ndarray, model: NoiseModel) -> float:
    """Variance of the estimated number of wrong labels among these examples, over models fitted to resamples."""
    generator = np.random.default_rng(derived_seed("label_error resamples", 0))
    examples, estimates = len(labels), []
    for _ in range(_RESAMPLES):
        counts = generator.multinomial(examples, np.full(examples, 1 / examples))
        resampled = refitted(predictors, labels, model, counts, _STEPS_OF_RESAMPLES)
        estimates.append(wrong_labels(predictors, labels, resampled, model.group).sum())
    return float(np.var(estimates, ddof=1))


def in_order_of(label_error: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The probabilities `wrong` (N,), handed out in the order of `label_error` (N,): the largest to the most suspect.

    label_error knows more than the model (networks that were trained on the example, neighbours), so that it orders
    the examples at least as well, while the model knows how large the probabilities are. Examples that are equally
    suspect share the mean of theirs. NaN where either is not known.
    """
    known = ~np.isnan(label_error) & ~np.isnan(wrong)
    _, places = np.unique(label_error[known], return_inverse=True)
    handed = np.empty(len(places))
    handed[np.argsort(label_error[known], kind="stable")] = np.sort(wrong[known])
    shared = np.bincount(places, weights=handed) / np.bincount(places)
    return _spread_over(shared[places], known)


@dataclass(frozen=True)
class Cut:
    """The suspects that are likelier wrong than right: how many, and which precision and recall are expected.

    Precision is None if there are none, and recall if no label is likely to be wrong.
    """

    examples: int
    precision: float | None
    recall: float | None


def recommended_cut(wrong: np.ndarray) -> Cut:
    """The cut of examples whose labels are wrong with these probabilities (N,), NaN where that is not known."""
    within = wrong > LIKELIER_WRONG
    expected, total = wrong[within].sum(), np.nansum(wrong)
    examples = int(within.sum())
    return Cut(examples, float(expected / examples) if examples else None, float(expected / total) if total else None)
