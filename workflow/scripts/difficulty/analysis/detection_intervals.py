"""Intervals of detection metrics and of differences between scores, for other examples and for other seeds.

All are score intervals as Wilson's: every true value is kept whose distance from the estimate is at most a quantile of
Student's t times the standard error *at that true value*. They have a width where the estimate is 0 or 1, too.

The error is that of a model, scaled to the variance that the data show. The model is the binomial one, but for the
AUROC that of two normal distributions of equal spread (Hanley & McNeil 1982, Radiology 143, 29, with the probabilities
of the normal distributions; Newcombe 2006, Statistics in Medicine 25, 559, inverts theirs of the exponential ones).
The data show the variance of DeLong et al. 1988 (Biometrics 44, 837) for the AUROC and that of stratified resamples for
the rest. With few positives either is uncertain and too small just where the estimate is too good, so the model counts
as much as `PRIOR` examples of the smaller class. benchmarks/coverage_of_intervals.py shows what the intervals cover.

A difference of two scores is at least as uncertain as its plain standard error says. Two good scores often differ in a
few positives only that one of them ranks far down; the ends of the single intervals then lie so close to 1 that those
made from them alone left out the 0 of two scores of equal worth in 15 to 30 % of samples. The same happens to the lower
end of a single AUROC: with 144 positives of which 1 % are ranked at random it lies above the truth in 24 % of samples
(2 %: 8 %; 8 %: 1 %), as most samples then hold none or one of them, and nothing in these says that there are others.

Shapes: S scores, M metrics in the order of METRICS, P positives, N examples.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy.special import ndtri, owens_t, stdtrit

from difficulty.analysis.bootstrap import stratified_counts
from difficulty.analysis.detection_metrics import METRICS, Ranking, inspected, ranking_metrics
from difficulty.analysis.ties import midranks
from difficulty.scores.run_grid import defined_mean

PRIOR = 10
_AUROC = METRICS.index("auroc")
_AT_A_TIME = 65_536  # examples resampled at a time: what is summed then stays in the processor's cache
_COLUMNS = 1 << 17  # of a matrix that is multiplied with itself at a time
_STEPS = 40  # of bisection
_DIGITS = 12  # that are no rounding errors


def delong_covariance(hardness: Sequence[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """(S, S) covariance of the AUROCs of scores (S, N) on the same examples (DeLong et al. 1988).

    truth: bool (N,). NaN with fewer than two positives or two negatives.
    """
    kinds = [truth, ~truth]
    parts = [np.empty((kind.sum(), len(hardness))).T for kind in kinds]  # a block of examples lies together
    if min(part.shape[1] for part in parts) < 2:
        return np.full((len(hardness),) * 2, np.nan)
    for place, values in enumerate(hardness):
        ranks = midranks(values)
        for part, other, kind in zip(parts, parts[::-1], kinds, strict=True):
            part[place] = (ranks[kind] - midranks(values[kind])) / other.shape[1]
    return sum(_covariance(part) / part.shape[1] for part in parts)


def _covariance(values: np.ndarray) -> np.ndarray:
    """(S, S) covariance of rows (S, N), which it changes."""
    values -= values.mean(axis=1, keepdims=True)
    products = np.zeros((len(values),) * 2)
    for start in range(0, values.shape[1], _COLUMNS):
        block = values[:, start : start + _COLUMNS]
        products += block @ block.T
    return products * (1 / (values.shape[1] - 1))


def example_covariances(
    rankings: Sequence[Ranking], hardness: Sequence[np.ndarray], truth: np.ndarray, replicates: int, seed: int = 0
) -> np.ndarray:
    """(M, S, S) covariances of the metrics of scores over other examples, with as many positives and negatives.

    rankings: of each score, by hardness (S, N), with truth bool (N,).
    """
    block = max(_AT_A_TIME // len(truth), 1)
    found = [
        np.stack([ranking_metrics(ranking, counts) for ranking in rankings], axis=1)
        for counts in stratified_counts(truth, replicates, seed, block)
    ]
    deviations = np.concatenate(found)  # (B, S, M)
    deviations -= deviations.mean(axis=0)
    covariances = np.einsum("bim,bjm->mij", deviations, deviations) / (replicates - 1)
    covariances[_AUROC] = delong_covariance(hardness, truth)
    return covariances


def covariances_over_seeds(
    names: list[str], seeds: Iterable[tuple[str, np.ndarray]], truth: np.ndarray
) -> tuple[int, np.ndarray]:
    """Number of seeds K, and (M, S, S) covariances over them, NaN for scores that know no seeds, or fewer than others.

    seeds: (score, hardness by seed, (K, N)). Metrics of the means over all seeds but one, where it is defined.
    """
    found = {name: _without_each(values, truth) for name, values in seeds}
    count = max(map(len, found.values()), default=0)
    left_out = np.full((max(count, 2), len(names), len(METRICS)), np.nan)
    for place, name in enumerate(names):
        if count > 1 and len(found.get(name, ())) == count:
            left_out[:, place] = found[name]
    return count, seed_covariances(left_out)


def _without_each(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Metrics (K, M) of the means over all seeds but one, of hardness by seed, (K, N); NaN of one seed."""
    metrics = np.full((len(values), len(METRICS)), np.nan)
    for out in range(len(values)) if len(values) > 1 else ():
        rest = defined_mean(np.delete(values, out, axis=0))
        defined = ~np.isnan(rest)
        metrics[out] = ranking_metrics(Ranking.of(rest[defined], truth[defined]))[0]
    return metrics


def seed_covariances(left_out: np.ndarray) -> np.ndarray:
    """(M, S, S) covariances of the metrics over other seeds, by the jackknife (Quenouille 1956; Efron & Stein 1981).

    left_out: (K, S, M), the metrics of the mean over the runs of all seeds but one.
    """
    seeds = len(left_out)
    deviations = left_out - left_out.mean(axis=0)
    return (seeds - 1) / seeds * np.einsum("kim,kjm->mij", deviations, deviations)


def binormal_variance(area: np.ndarray, positives: int, negatives: int) -> np.ndarray:
    """Variance of an empirical AUROC whose true value is `area`, for normal distributions of equal spread.

    Hanley & McNeil 1982, equation 1, in which Q1 = Q2 is the probability that two normal variables of correlation 1/2
    both stay below the quantile of the area.
    """
    both = area - 2 * owens_t(ndtri(area), 1 / np.sqrt(3))
    return (area * (1 - area) + (positives + negatives - 2) * (both - area**2)) / (positives * negatives)


def metric_intervals(
    metrics: np.ndarray,
    covariances: np.ndarray,
    positives: int,
    negatives: int,
    over_seeds: np.ndarray | None = None,
    seeds: int = 0,
    confidence: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of the intervals of `metrics` (S, M), each of that shape.

    covariances: (M, S, S) over other examples. over_seeds: (M, S, S) covariances over `seeds` other seeds, which are
    added: the interval is then for other examples and other seeds. NaN in them gives NaN.
    """
    smaller = min(positives, negatives)
    ends = np.full((2, *metrics.shape), np.nan)
    for place, name in enumerate(METRICS):
        found = min(inspected(name, positives, positives + negatives), positives)
        most = 1.0 if name == "auroc" else found / positives  # what the metric can reach
        if most == 0:
            ends[:, :, place] = 0
            continue
        point, variance = np.round(metrics[:, place] / most, _DIGITS), np.diag(covariances[place]) / most**2
        model = _area_model(positives, negatives) if name == "auroc" else _share_model(found)
        ratio = _variance_ratio(point, variance, model, smaller)
        freedom = smaller - 1 + PRIOR
        if over_seeds is not None:
            further = np.diag(over_seeds[place]) / most**2
            inner = np.clip(point, 1 / (2 * found), 1 - 1 / (2 * found))
            further = further / model(inner)
            freedom = _welch_freedom(ratio, freedom, further, seeds - 1)
            ratio = ratio + further
        quantile = stdtrit(freedom, (1 + confidence) / 2)
        ends[:, :, place] = most * np.stack(score_interval(point, ratio, quantile, model))
    return np.minimum(ends[0], metrics), np.maximum(ends[1], metrics)  # but for rounding they are so anyway


def _area_model(positives: int, negatives: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda area: binormal_variance(area, positives, negatives)


def _share_model(trials: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda share: share * (1 - share) / trials


def _variance_ratio(point: np.ndarray, variance: np.ndarray, model: Callable, smaller: int) -> np.ndarray:
    """Variance that the data show over that of the model, (S,), drawn towards 1 as if by `PRIOR` examples.

    1 where the data show none as the point is at the end of its range, or as there is a single positive; 0 where they
    cannot show any, as a score is constant.
    """
    expected = model(point)
    shown = np.divide(variance, expected, where=expected > 0, out=np.ones(len(point)))
    shown = np.where(np.isnan(shown), 1.0, shown)
    return np.where(shown > 10.0**-_DIGITS, (PRIOR + smaller * shown) / (PRIOR + smaller), 0.0)


def _welch_freedom(ratio: np.ndarray, freedom: int, further: np.ndarray, seed_freedom: int) -> np.ndarray:
    """Degrees of freedom of the sum of two variances (Satterthwaite 1946), at most those of the first."""
    with np.errstate(invalid="ignore", divide="ignore"):
        joint = (ratio + further) ** 2 / (ratio**2 / freedom + further**2 / seed_freedom)
    return np.minimum(np.where(ratio + further > 0, joint, freedom), freedom)


def score_interval(
    point: np.ndarray, ratio: np.ndarray, quantile: np.ndarray | float, model: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest true value t with |point - t| <= quantile sqrt(ratio model(t)), each (S,).

    Found by bisection. point: (S,), 0..1. ratio: (S,). model: variance of a point, given the true values. NaN where
    point or ratio is.
    """
    ends = []
    for limit in (0.0, 1.0):
        inside, outside = point.astype(float), np.full(len(point), limit)
        for _ in range(_STEPS):
            middle = (inside + outside) / 2
            is_inside = np.abs(point - middle) <= quantile * np.sqrt(np.maximum(ratio * model(middle), 0))
            inside, outside = np.where(is_inside, middle, inside), np.where(is_inside, outside, middle)
        ends.append(np.where(np.isnan(point + ratio), np.nan, inside))
    return ends[0], ends[1]


def plain_half_widths(
    over_examples: np.ndarray,
    pairs: np.ndarray,
    smaller: int,
    over_seeds: np.ndarray | None = None,
    seeds: int = 0,
    confidence: float = 0.95,
) -> np.ndarray:
    """(Q, M) Student's t times the standard error of metrics[a] - metrics[b], for pairs (a, b).

    over_examples, over_seeds: (M, S, S) covariances, as for `metric_intervals`. smaller: size of the smaller class.
    """
    a, b = pairs.T
    first, further = (
        None if each is None else np.maximum(each[:, a, a] + each[:, b, b] - 2 * each[:, a, b], 0).T
        for each in (over_examples, over_seeds)
    )
    variance, freedom = first, smaller - 1 + PRIOR
    if further is not None:
        variance, freedom = first + further, _welch_freedom(first, freedom, further, seeds - 1)
    return stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(variance)


def difference_intervals(
    metrics: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    covariances: np.ndarray,
    pairs: np.ndarray,
    half_widths: np.ndarray | float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of intervals of metrics[a] - metrics[b] for pairs (a, b), each (Q, M).

    From the ends of either score's own interval (S, M) and the correlation of the two estimates, as both are of the
    same examples (MOVER: Zou & Donner 2008, Statistics in Medicine 27, 1693, equation 9). covariances: (M, S, S).
    pairs: int (Q, 2). half_widths: what the interval reaches to either side at least, (Q, M); NaN: unknown.
    """
    a, b = pairs.T
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    scale = np.sqrt(variances[:, a] * variances[:, b])
    correlation = np.divide(covariances[:, a, b], scale, where=scale > 0, out=np.zeros(scale.shape)).T
    correlation = np.clip(correlation, -1, 1)

    def reach(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(one**2 + other**2 - 2 * correlation * one * other, 0))

    difference = metrics[a] - metrics[b]
    below, above = metrics - low, high - metrics
    down, up = (np.fmax(found, half_widths) for found in (reach(below[a], above[b]), reach(above[a], below[b])))
    return np.maximum(difference - down, -1), np.minimum(difference + up, 1)
