"""How much scores agree with each other, and with themselves over other seeds."""

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.bootstrap import resample_counts
from difficulty.analysis.pairwise import over_common_rows
from difficulty.analysis.rank_tests import fisher_interval, largest
from difficulty.analysis.reliability import seeds_for, spearman_brown
from difficulty.analysis.ties import midranks, tie_order
from difficulty.random_streams import derived_seed
from difficulty.scores.run_grid import defined_mean
from difficulty.tables import Column, Schema

_FEWEST = 3  # examples that an interval needs more than
_EXAMPLES_AT_ONCE = 1 << 17  # in a product of matrices; the sum is exact up to 300,000, and is rounded beyond
_ROUNDING = 1e-9  # standard error below which all resamples are the same
_ROLE = Column(pa.string(), "role of the examples in the runs: train, validation or test")
_EXAMPLES = Column(pa.int64(), "number of examples compared")


def _spearman(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if a score is constant", nullable=True)


def _reliability(score: str) -> Column:
    text = f"reliability of {score} over the seeds, as in the stability of the largest halves; null if not known"
    return Column(pa.float64(), text, nullable=True)


def _direction(score: str) -> Column:
    return Column(pa.int8(), f"+1 if {score} is higher for harder examples, -1 if lower", nullable=True)


CORRELATION = Schema(
    "correlation",
    {
        "role": _ROLE,
        "score_a": Column(pa.string(), "score"),
        "score_b": Column(pa.string(), "score; every ordered pair is there, and each with itself"),
        "direction_a": _direction("score_a"),
        "direction_b": _direction("score_b"),
        "spearman": _spearman("Spearman's rank correlation of the scores as published, ties sharing mean ranks"),
        "low": _spearman("lower end of its 95 % bootstrap interval, examples resampled"),
        "high": _spearman("upper end of its 95 % bootstrap interval"),
        "examples": Column(pa.int64(), "number of examples for which both scores are defined"),
        "reliability_a": _reliability("score_a"),
        "reliability_b": _reliability("score_b"),
        "corrected": Column(
            pa.float64(),
            "correlation corrected for unreliability (Spearman 1904): mean correlation of score_a under one seed with "
            "score_b under another, / the geometric mean of the same of each score with itself; by chance at times "
            "above 1; null if not known",
            nullable=True,
        ),
    },
    key=("role", "score_a", "score_b"),
)

STABILITY = Schema(
    "stability",
    {
        "role": _ROLE,
        "score": Column(pa.string(), "score"),
        "seeds_per_half": Column(pa.int32(), "number of seeds whose mean is compared with that of as many others"),
        "splits": Column(pa.int32(), "number of pairs of disjoint halves"),
        "spearman_mean": _spearman("mean over the splits of Spearman's correlation between the halves"),
        "spearman_std": Column(pa.float64(), "standard deviation over the splits (ddof 1)", nullable=True),
        "spearman_min": _spearman("smallest of them"),
        "spearman_max": _spearman("largest of them"),
        "reliability": Column(
            pa.float64(),
            "reliability of the mean over all seeds, from spearman_mean (Spearman-Brown); null if that is negative",
            nullable=True,
        ),
        "seeds_for_90": Column(
            pa.int64(),
            "number of seeds whose mean has the reliability 0.9, from spearman_mean (Spearman-Brown); null if there is "
            "none, as it is not positive",
            nullable=True,
        ),
        "examples": _EXAMPLES,
    },
    key=("role", "score", "seeds_per_half"),
)

SEED_CORRELATION = Schema(
    "seed_correlation",
    {
        "role": _ROLE,
        "score": Column(pa.string(), "score"),
        "seed_a": Column(pa.string(), "seed"),
        "seed_b": Column(pa.string(), "seed; every ordered pair is there, and each with itself"),
        "spearman": _spearman("Spearman's correlation of the score under the two seeds"),
        "examples": _EXAMPLES,
    },
    key=("role", "score", "seed_a", "seed_b"),
)


def spearman_matrix(values: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation between columns, equal values sharing their mean rank.

    values: (N, S), without NaN. Returns (S, S); NaN where a column is constant.
    """
    if not len(values):
        return np.full((values.shape[1],) * 2, np.nan)
    ranks = np.empty(values.T.shape, _kind_of_ranks(len(values)))
    for row, column in zip(ranks, values.T, strict=True):
        np.subtract(midranks(column), (len(values) + 1) / 2, out=row)
    return _weighted_correlation(ranks, None)


def spearman_intervals(
    values: np.ndarray, replicates: int = 1000, seed: int = 0, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Bootstrap intervals of `spearman_matrix`: lower ends and upper ends, each (S, S).

    Symmetrical in Fisher's z, whose standard error is that of the resamples; where they all agree, as they do at 1,
    that of Bonett & Wright 2000. (Percentiles of the resamples cover less near 1, and the closed form covers less where
    scores are far from normal.) Examples are resampled, and every resample is ranked again. (To resample the ranks of
    the full data would be quicker but leaves out the variance that ranking itself brings.) It takes no sorting, as a
    resample keeps the order of the data: ranks follow from the cumulated counts along it.
    """
    examples, scores = values.shape
    matrix, orders = spearman_matrix(values), [tie_order(column) for column in values.T]
    ranks = np.empty((scores, examples), _kind_of_ranks(examples))
    results = np.empty((replicates if examples else 0, scores, scores))
    for result, counts in zip(results, resample_counts(examples, len(results), seed), strict=True):
        counts = counts[:, 0]
        for row, order in zip(ranks, orders, strict=True):
            np.subtract(order.midranks(counts), (examples + 1) / 2, out=row)
        result[:] = _weighted_correlation(ranks, counts)
    return _fisher_intervals(matrix, results, examples, confidence)


def _kind_of_ranks(examples: int) -> type:
    """The smallest type that holds centred ranks exactly: these are multiples of one half, at most N / 2."""
    return np.float32 if examples <= 1 << 24 else np.float64


def _fisher_intervals(matrix: np.ndarray, resampled: np.ndarray, examples: int, confidence: float):
    """matrix: (S, S), resampled: (B, S, S). Nothing is uncertain about a score and itself; NaN below four examples."""
    if examples <= _FEWEST or len(resampled) < 2:
        return np.full(matrix.shape, np.nan), np.full(matrix.shape, np.nan)
    defined = ~np.isnan(resampled)
    z = np.arctanh(np.clip(np.where(defined, resampled, 0), -largest(examples), largest(examples)))
    count = defined.sum(axis=0)
    mean = z.sum(axis=0) / np.maximum(count, 1)
    squares = (np.square(z - mean) * defined).sum(axis=0)
    error = np.sqrt(np.divide(squares, count - 1, where=count > 1, out=np.zeros(matrix.shape)))
    closed = np.sqrt((1 + np.square(matrix) / 2) / (examples - 3))
    low, high = fisher_interval(matrix, np.where(error > _ROUNDING, error, closed), examples, confidence)
    for ends in (low, high):
        np.fill_diagonal(ends, np.diag(matrix))
    return low, high


def _weighted_correlation(centred: np.ndarray, counts: np.ndarray | None) -> np.ndarray:
    """Correlation of the rows of `centred` (S, N), whose weighted means are 0."""
    products = np.zeros((len(centred),) * 2)
    for start in range(0, centred.shape[1], _EXAMPLES_AT_ONCE):
        block = centred[:, start : start + _EXAMPLES_AT_ONCE].astype(np.float64)
        products += (block if counts is None else block * counts[start : start + _EXAMPLES_AT_ONCE]) @ block.T
    squares = np.diag(products)
    scale = np.sqrt(np.outer(squares, squares))
    matrix = np.divide(products, scale, where=scale > 0, out=np.full(scale.shape, np.nan))
    np.fill_diagonal(matrix, np.where(squares > 0, 1.0, np.nan))
    return np.clip(matrix, -1, 1)


def correlation_table(scores: pd.DataFrame, replicates: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Spearman's correlation of each ordered pair of columns, over the examples where both are defined.

    Returns the columns score_a, score_b, spearman, low, high, examples of CORRELATION.
    """

    def computed(values: np.ndarray) -> np.ndarray:
        return np.stack([spearman_matrix(values), *spearman_intervals(values, replicates, seed)])

    names = np.array(scores.columns)
    (spearman, low, high), examples = over_common_rows(scores.to_numpy(np.float64), computed)
    return pd.DataFrame(
        {
            "score_a": np.repeat(names, len(names)),
            "score_b": np.tile(names, len(names)),
            "spearman": spearman.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "examples": examples.ravel(),
        }
    )


def stability_table(values: np.ndarray, splits: int = 20, seed: int = 0) -> pd.DataFrame:
    """How far the order of the examples by a score depends on the seeds that it is averaged over.

    values: (K, N), a score under K seeds; NaN where undefined. For k = 1 ... K // 2, the seeds are
    divided at random into two disjoint halves of k (the rest unused), the score is averaged over each,
    and the two means are correlated (Spearman). All divisions are taken if there are at most `splits`,
    else `splits` different ones.
    Returns one row per k with the columns seeds_per_half ... examples of STABILITY; none if K is 1.
    """
    draws = np.random.default_rng(derived_seed("halves of the seeds", seed))
    rows = []
    for size in range(1, len(values) // 2 + 1):
        pairs = disjoint_halves(len(values), size, splits, draws)
        found = [half_correlation(values, a, b) for a, b in pairs]
        spearman = np.array([correlation for correlation, _ in found])
        several = len(spearman) > 1
        rows.append(
            {
                "seeds_per_half": size,
                "splits": len(pairs),
                "spearman_mean": spearman.mean(),
                "spearman_std": spearman.std(ddof=1) if several else np.nan,
                "spearman_min": spearman.min(),
                "spearman_max": spearman.max(),
                "reliability": spearman_brown(spearman.mean(), len(values) / size),
                "seeds_for_90": seeds_for(spearman.mean(), size),
                "examples": min(examples for _, examples in found),
            }
        )
    table = pd.DataFrame(rows, columns=[name for name in STABILITY.columns if name not in ("role", "score")])
    return table.astype({"seeds_for_90": "Int64"})


def seed_correlations(values: np.ndarray, seeds: Sequence[str]) -> pd.DataFrame:
    """Spearman's correlation of a score under each ordered pair of seeds.

    values: (K, N); NaN where undefined: only the examples defined under every seed are compared.
    Returns the columns seed_a ... examples of SEED_CORRELATION.
    """
    common = values[:, ~np.isnan(values).any(axis=0)]
    return pd.DataFrame(
        {
            "seed_a": np.repeat(np.array(seeds), len(seeds)),
            "seed_b": np.tile(np.array(seeds), len(seeds)),
            "spearman": spearman_matrix(common.T).ravel(),
            "examples": common.shape[1],
        }
    )


def half_correlation(values: np.ndarray, half_a: Sequence[int], half_b: Sequence[int]) -> tuple[float, int]:
    """Spearman's correlation between the means of `values` (K, N) over two sets of rows.

    Returns it with the number of examples, those that are defined in some row of either half.
    """
    means = np.stack([defined_mean(values[list(half)]) for half in (half_a, half_b)], axis=1)
    common = means[~np.isnan(means).any(axis=1)]
    return float(spearman_matrix(common)[0, 1]), len(common)


def disjoint_halves(
    runs: int, size: int, at_most: int, draws: np.random.Generator
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Different unordered pairs of disjoint sets of `size` runs: all, or `at_most` drawn at random."""
    if comb(runs, size) * comb(runs - size, size) // 2 <= at_most:
        return [
            (a, b)
            for a in combinations(range(runs), size)
            for b in combinations(sorted(set(range(runs)) - set(a)), size)
            if a < b
        ]
    chosen: dict = {}
    while len(chosen) < at_most:
        drawn = draws.permutation(runs)[: 2 * size].tolist()
        a, b = tuple(sorted(drawn[:size])), tuple(sorted(drawn[size:]))
        chosen[min(a, b), max(a, b)] = None
    return list(chosen)
