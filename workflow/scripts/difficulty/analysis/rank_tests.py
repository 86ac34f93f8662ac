"""Correlation of ranks with classes or a third column taken out, what it is worth, and Holm's correction.

Shapes: N examples, S and M columns. Whatever is taken out of both columns costs as many degrees of freedom: with none,
df = N - 2.
"""

import numpy as np
from scipy.special import ndtri, stdtr

from difficulty.analysis.ties import midranks, tie_order

# Share of a column's sum of squares below which what is left of it is rounding.
_NOTHING = 1e-12

FEWEST_CORRELATED = 10  # examples, for a correlation to be worth a row


def centred_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of each column of `values` (N, S), equal values sharing their mean rank, less the mean of all ranks."""
    return np.stack([midranks(column) for column in values.T], axis=1) - (len(values) + 1) / 2


def relative_class_ranks(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(rank - 1/2) / size of the class - 1/2 within each class, equal values sharing their mean rank: -1/2 to 1/2.

    values: (N, S). classes: (N,). The mean within each class is 0. Plain ranks in a class of 500 would lie far above
    those in a class of 50 in every column alike, so that any two columns would correlate; relative ranks do not.
    """
    _, code, size = np.unique(classes, return_inverse=True, return_counts=True)
    before = (np.cumsum(size) - size)[code]
    ranks = [midranks(code * (order.group.max() + 1) + order.group) for order in map(tie_order, values.T)]
    return (np.stack(ranks, axis=1) - before[:, None] - 0.5) / size[code][:, None] - 0.5


def without_class_means(ranks: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Residuals of each column of `ranks` (N, S) after least squares on dummies of the classes (N,)."""
    _, code, size = np.unique(classes, return_inverse=True, return_counts=True)
    means = [np.bincount(code, column) / size for column in ranks.T]
    return _without_rounding(ranks - np.stack(means, axis=1)[code], ranks)


def without_column(residuals: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Residuals of each column of `residuals` (N, S) after least squares on `column` (N,), all of mean 0."""
    squares = column @ column
    slopes = column @ residuals / squares if squares > 0 else np.zeros(residuals.shape[1])
    return _without_rounding(residuals - np.outer(column, slopes), residuals)


def _without_rounding(residuals: np.ndarray, before: np.ndarray) -> np.ndarray:
    """0 in the columns of which nothing is left but rounding errors."""
    is_left = np.square(residuals).sum(axis=0) > _NOTHING * np.square(before).sum(axis=0)
    return np.where(is_left, residuals, 0.0)


def cross_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each column of `a` (N, S) with each of `b` (N, M), all of mean 0.

    Returns (S, M); NaN where a column is 0 throughout.
    """
    scale = np.sqrt(np.outer(np.square(a).sum(axis=0), np.square(b).sum(axis=0)))
    return np.clip(np.divide(a.T @ b, scale, where=scale > 0, out=np.full(scale.shape, np.nan)), -1, 1)


def p_values(correlation: np.ndarray, freedom: int) -> np.ndarray:
    """Two-sided p-values of correlations: r sqrt(df / (1 - r^2)) against Student's t of df degrees of freedom."""
    with np.errstate(divide="ignore"):
        t = np.abs(correlation) * np.sqrt(freedom / (1 - np.square(correlation)))
    return 2 * stdtr(freedom, -t)


def intervals(correlation: np.ndarray, freedom: int, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of intervals of rank correlations, symmetrical in Fisher's z.

    The variance of z is (1 + r^2 / 2) / (df - 1), which is (1 + r^2 / 2) / (N - 3) where nothing is taken out (Bonett &
    Wright 2000, Psychometrika 65, 23). It is meant for continuous values and |r| below 0.95. freedom: at least 2.
    """
    error = np.sqrt((1 + np.square(correlation) / 2) / (freedom - 1))
    return fisher_interval(correlation, error, freedom + 2, confidence)


def fisher_interval(
    correlation: np.ndarray, error: np.ndarray, examples: int, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of intervals, symmetrical in Fisher's z. error: standard error of z.

    A correlation of 1 or -1 counts as half a step from it, the step being the exchange of two neighbouring ranks among
    `examples` examples: so the interval has some width there, too, and reaches 1 or -1.
    """
    z = np.arctanh(np.clip(correlation, -largest(examples), largest(examples)))
    half = ndtri((1 + confidence) / 2) * error
    return np.minimum(np.tanh(z - half), correlation), np.maximum(np.tanh(z + half), correlation)


def largest(examples: int) -> float:
    """What a rank correlation of 1 counts as in Fisher's z: 1 less half of 12 / (N^3 - N), see `fisher_interval`."""
    return 1 - 6 / (examples**3 - examples)


def holm(p: np.ndarray) -> np.ndarray:
    """p-values (n,) corrected for their number (Holm 1979): rejecting those below a level errs in any with that chance.

    NaN stays NaN and does not count.
    """
    corrected = np.full(len(p), np.nan)
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
    steps = np.arange(len(order), 0, -1) * p[order]
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected
