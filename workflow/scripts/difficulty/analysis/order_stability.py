"""Do the runs of a group find the same examples hard? Rank correlation of a score over seeds and experiments.

Pliushch et al. 2022, "When deep classifiers agree", arXiv 2105.08997. A run is one seed of one experiment,
`experiment/seed-0`: what an example scores in the folds of a seed is averaged first. Shapes: K runs, N examples.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.correlation import disjoint_halves, half_correlation, spearman_matrix
from difficulty.scores.run_grid import RunGrid, defined_mean, ranking_values, seed_means
from difficulty.tables import Column, Schema

RUNS, EXPERIMENTS = "runs", "experiments"

_ROLE = Column(pa.string(), "role of the examples in the runs: train, validation or test")
_SCORE = Column(pa.string(), "score; undefined ones as they rank")


def _spearman(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if undefined", nullable=True)


ORDER = Schema(
    "order",
    {
        "role": _ROLE,
        "score": _SCORE,
        "run_a": Column(pa.string(), "experiment/seed; folds of one seed are averaged"),
        "run_b": Column(pa.string(), "experiment/seed; every ordered pair is there, and each with itself"),
        "examples": Column(pa.int64(), "number of examples that have the score in both"),
        "spearman": _spearman("Spearman's rank correlation of the score in the two runs, over these examples"),
    },
    key=("role", "score", "run_a", "run_b"),
)

RELIABILITY = Schema(
    "reliability",
    {
        "role": _ROLE,
        "score": _SCORE,
        "members": Column(pa.string(), "what is split: runs, or experiments, each the mean of its runs"),
        "count": Column(pa.int32(), "number of members"),
        "per_half": Column(pa.int32(), "number of them whose mean is compared with that of as many others"),
        "splits": Column(pa.int32(), "number of pairs of disjoint halves"),
        "examples": Column(pa.int64(), "number of examples compared, the least of all splits"),
        "spearman_mean": _spearman("mean over the splits of Spearman's correlation between the halves"),
        "spearman_low": _spearman("2.5th percentile over the splits"),
        "spearman_high": _spearman("97.5th percentile over the splits"),
        "reliability": _spearman("spearman_mean, stepped up to the mean over all members (Spearman-Brown)"),
    },
    key=("role", "score", "members"),
)


def scores_of_runs(
    run_scores: pd.DataFrame, columns: Mapping[str, Column]
) -> dict[tuple[str, str], tuple[list[str], np.ndarray, np.ndarray]]:
    """(role, score) -> names of the seeds, example_id (N,) and the scores (K, N) that rank in each, of one experiment.

    run_scores: columns of RUN_SCORES and of `columns`, the scores. NaN where undefined; scores that no example
    of the role has are left out.
    """
    found = {}
    for role, rows in run_scores.groupby("role", sort=False):
        grid, values = RunGrid.of(rows), ranking_values(rows, columns)
        for score in columns:
            seeds, means = seed_means(grid, values[score].to_numpy())
            if not np.isnan(means).all():
                found[role, score] = seeds, grid.example_id, means
    return found


def aligned(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Scores of several experiments as one (K, N), over all examples that one of them has; NaN where it has not.

    parts: example_id (N_i,), sorted, and values (K_i, N_i) of each.
    """
    parts = list(parts)
    every = np.unique(np.concatenate([example_id for example_id, _ in parts]))
    values = np.full((sum(len(own) for _, own in parts), len(every)), np.nan)
    row = 0
    for example_id, own in parts:
        values[row : row + len(own), np.searchsorted(every, example_id)] = own
        row += len(own)
    return values


def pairwise_spearman(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's correlation of every two rows over the examples that both have, and how many those are.

    values: (K, N), NaN where undefined. Returns two arrays (K, K); NaN where a row is constant on the examples.
    Rows with the same examples are ranked once and correlated in one matrix product.
    """
    matrix = np.full((len(values),) * 2, np.nan)
    examples = np.zeros((len(values),) * 2, np.int64)
    alike: dict[bytes, list[int]] = {}
    defined = ~np.isnan(values)
    for row, own in enumerate(defined):
        alike.setdefault(own.tobytes(), []).append(row)
    blocks = list(alike.values())
    for number, rows in enumerate(blocks):
        for others in blocks[number:]:
            common = defined[rows[0]] & defined[others[0]]
            both = rows if others is rows else rows + others
            found = spearman_matrix(values[both][:, common].T)[: len(rows), -len(others) :]
            matrix[np.ix_(rows, others)], matrix[np.ix_(others, rows)] = found, found.T
            examples[np.ix_(rows, others)] = examples[np.ix_(others, rows)] = common.sum()
    return matrix, examples


def order_rows(values: np.ndarray, runs: Sequence[str]) -> pd.DataFrame:
    """`pairwise_spearman` in the columns run_a ... spearman of ORDER, a row for each ordered pair."""
    matrix, examples = pairwise_spearman(values)
    return pd.DataFrame(
        {
            "run_a": np.repeat(np.array(runs), len(runs)),
            "run_b": np.tile(np.array(runs), len(runs)),
            "examples": examples.ravel(),
            "spearman": matrix.ravel(),
        }
    )


def reliability_rows(values: np.ndarray, experiments: Sequence[str], splits: int = 100, seed: int = 0) -> pd.DataFrame:
    """How far the order by the mean score depends on which runs, and on which experiments, it is a mean of.

    values: (K, N), K > 1, NaN where undefined; experiments: of each run. The runs are divided into two disjoint
    halves (of an odd number one is left out), the score is averaged over each half, and the two means are
    correlated (Spearman): over all divisions if there are at most `splits`, else over `splits` different ones
    drawn at random. Experiments are divided likewise, each with the mean of its runs, if there are several.
    Returns one or two rows with the columns members ... reliability of RELIABILITY.
    """
    members = {RUNS: values}
    if len(names := list(dict.fromkeys(experiments))) > 1:
        of_each = [[own == name for own in experiments] for name in names]
        members[EXPERIMENTS] = np.stack([defined_mean(values[own]) for own in of_each])
    return pd.DataFrame([{"members": kind, **_split_half(each, splits, seed)} for kind, each in members.items()])


def _split_half(values: np.ndarray, splits: int, seed: int) -> dict:
    count, size = len(values), len(values) // 2
    pairs = disjoint_halves(count, size, splits, np.random.default_rng(seed))
    found = [half_correlation(values, a, b) for a, b in pairs]
    spearman = np.array([correlation for correlation, _ in found])
    mean, (low, high) = spearman.mean(), np.quantile(spearman, [0.025, 0.975])
    return {
        "count": count,
        "per_half": size,
        "splits": len(pairs),
        "examples": min(examples for _, examples in found),
        "spearman_mean": mean,
        "spearman_low": low,
        "spearman_high": high,
        "reliability": spearman_brown(mean, count / size),
    }


def spearman_brown(correlation: float, times: float = 2) -> float:
    """Reliability of a mean over `times` as many members as each of two halves that correlate so.

    times * r / (1 + (times - 1) * r) (Spearman 1910; Brown 1910); NaN where r is negative.
    """
    return times * correlation / (1 + (times - 1) * correlation) if correlation >= 0 else np.nan
