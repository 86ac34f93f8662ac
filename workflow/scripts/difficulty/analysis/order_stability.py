"""Do the runs of a group find the same examples hard? Rank correlation of a score over seeds and experiments.

Pliushch et al. 2022, "When deep classifiers agree", arXiv 2105.08997. A run is one seed of one experiment,
`experiment/seed-0`: what an example scores in the folds of a seed is averaged first. Runs of one seed are not
independent, even of different experiments: they see the images in the same order and, with one architecture, start
from the same weights. So experiments are compared over different seeds. Shapes: K runs, N examples.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.correlation import disjoint_halves, half_correlation, spearman_matrix
from difficulty.analysis.run_values import by_seed, examples_of_roles
from difficulty.random_streams import derived_seed
from difficulty.scores.run_grid import defined_mean
from difficulty.tables import Column, Schema

SEEDS, EXPERIMENTS = "seeds", "experiments"
SELF, WITHIN, BETWEEN, PAIRED = "self", "within", "between", "paired"

Run = tuple[str, str]  # experiment and seed
Half = list[list[int]]  # rows of runs, averaged in groups, which are averaged in turn

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
        "kind": Column(
            pa.string(),
            "within: two seeds of one experiment; between: two experiments, other seeds; paired: two experiments, the "
            "same seed, which share the order of the images and perhaps initial weights; self: a run with itself",
        ),
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
        "members": Column(
            pa.string(), "what is split: seeds, each the mean of its runs in all experiments, or experiments"
        ),
        "count": Column(pa.int32(), "number of members"),
        "per_half": Column(pa.int32(), "number of them whose mean is compared with that of as many others"),
        "seeds_per_half": Column(
            pa.int32(), "number of seeds in each half; the halves of experiments have no seed in common, either"
        ),
        "splits": Column(pa.int32(), "number of pairs of disjoint halves"),
        "examples": Column(pa.int64(), "number of examples compared, the least of all splits"),
        "spearman_mean": _spearman("mean over the splits of Spearman's correlation between the halves"),
        "spearman_q025": _spearman("2.5 % quantile over the splits, which share runs: no confidence interval"),
        "spearman_q975": _spearman("97.5 % quantile over the splits"),
        "reliability": _spearman(
            "spearman_mean, stepped up (Spearman-Brown) to the mean over all seeds, or over all experiments"
        ),
    },
    key=("role", "score", "members"),
)


def scores_of_runs(
    path: Path, wanted: Sequence[str]
) -> dict[tuple[str, str], tuple[list[str], np.ndarray, np.ndarray]]:
    """(role, score) -> names of the seeds, example_id (N,) and the scores (K, N) that rank in each, of one experiment.

    path: of a table RUN_SCORES. wanted: scores, of which it may lack some. NaN where undefined; scores that no example
    of the role has are left out.
    """
    found = {}
    for role, example_id in examples_of_roles(path).items():
        for score, means in by_seed([path], wanted, role, example_id):
            if not np.isnan(values := means.to_numpy()).all():
                found[role, score] = list(means.index), example_id, values
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


def order_rows(values: np.ndarray, runs: Sequence[Run]) -> pd.DataFrame:
    """`pairwise_spearman` in the columns run_a ... spearman of ORDER, a row for each ordered pair.

    values: (K, N), NaN where undefined. runs: experiment and seed of each row.
    """
    matrix, examples = pairwise_spearman(values)
    names = np.array(["/".join(run) for run in runs])
    return pd.DataFrame(
        {
            "run_a": np.repeat(names, len(runs)),
            "run_b": np.tile(names, len(runs)),
            "kind": [pair_kind(a, b) for a in runs for b in runs],
            "examples": examples.ravel(),
            "spearman": matrix.ravel(),
        }
    )


def pair_kind(run_a: Run, run_b: Run) -> str:
    """What two runs have in common: SELF, WITHIN, BETWEEN or PAIRED, as in ORDER."""
    if run_a == run_b:
        return SELF
    if run_a[0] == run_b[0]:
        return WITHIN
    return PAIRED if run_a[1] == run_b[1] else BETWEEN


def reliability_rows(values: np.ndarray, runs: Sequence[Run], splits: int = 100, seed: int = 0) -> pd.DataFrame:
    """How far the order by the mean score depends on which seeds, and on which experiments, it is a mean of.

    values: (K, N), NaN where undefined. runs: experiment and seed of each row. The members are divided into two
    disjoint halves (of an odd number one is left out), the score is averaged over each half, and the two means are
    correlated (Spearman): over all divisions if there are at most `splits`, else over `splits` different ones drawn at
    random. A half of the experiments is averaged over one half of the seeds and compared with the others over the
    other seeds.
    Returns rows with the columns members ... reliability of RELIABILITY: of the seeds if there are several, of the
    experiments if there are several with seeds that can be told apart.
    """
    draws = np.random.default_rng(derived_seed("halves of the members", seed))
    experiments, seeds = (list(dict.fromkeys(names)) for names in zip(*runs, strict=True))
    halves = {SEEDS: (len(seeds), seed_halves(runs, splits, draws))}
    halves[EXPERIMENTS] = (len(experiments), experiment_halves(runs, splits, draws))
    rows = [
        {"members": members, "seeds_per_half": len(seeds) // 2, **_split_half(values, count, found)}
        for members, (count, found) in halves.items()
        if found
    ]
    return pd.DataFrame(rows, columns=[name for name in RELIABILITY.columns if name not in ("role", "score")])


def seed_halves(runs: Sequence[Run], splits: int, draws: np.random.Generator) -> list[tuple[Half, Half]]:
    """Halves of the seeds, each with its runs in all experiments."""
    seeds = list(dict.fromkeys(seed for _, seed in runs))
    rows = [[row for row, (_, own) in enumerate(runs) if own == seed] for seed in seeds]
    pairs = disjoint_halves(len(seeds), len(seeds) // 2, splits, draws)
    return [([rows[place] for place in a], [rows[place] for place in b]) for a, b in pairs]


def experiment_halves(runs: Sequence[Run], splits: int, draws: np.random.Generator) -> list[tuple[Half, Half]]:
    """Halves of the experiments, each with its runs in one half of the seeds, the other one in the other half.

    Divisions that leave an experiment without a run are left out.
    """
    names, seeds = (list(dict.fromkeys(each)) for each in zip(*runs, strict=True))
    rows = {run: row for row, run in enumerate(runs)}

    def half(of_experiments: Sequence[int], of_seeds: Sequence[int]) -> Half:
        wanted = [[(names[place], seeds[number]) for number in of_seeds] for place in of_experiments]
        return [[rows[run] for run in own if run in rows] for own in wanted]

    pairs = disjoint_halves(len(names), len(names) // 2, splits, draws)
    of_seeds = disjoint_halves(len(seeds), len(seeds) // 2, splits, draws)
    of_seeds += [(second, first) for first, second in of_seeds]
    divisions = list(product(pairs, of_seeds))
    if len(divisions) > splits:
        divisions = [divisions[place] for place in draws.permutation(len(divisions))]
    found = []
    for (a, b), (first, second) in divisions:
        both = half(a, first), half(b, second)
        if len(found) < splits and all(all(each) for each in both):
            found.append(both)
    return found


def _split_half(values: np.ndarray, count: int, halves: Sequence[tuple[Half, Half]]) -> dict:
    found = [half_correlation(np.stack([_mean(values, a), _mean(values, b)]), [0], [1]) for a, b in halves]
    spearman = np.array([correlation for correlation, _ in found])
    mean, quantiles = spearman.mean(), np.quantile(spearman, [0.025, 0.975])
    return {
        "count": count,
        "per_half": count // 2,
        "splits": len(halves),
        "examples": min(examples for _, examples in found),
        "spearman_mean": mean,
        "spearman_q025": quantiles[0],
        "spearman_q975": quantiles[1],
        "reliability": spearman_brown(mean, count / (count // 2)),
    }


def _mean(values: np.ndarray, half: Half) -> np.ndarray:
    return defined_mean(np.stack([defined_mean(values[rows]) for rows in half]))


def spearman_brown(correlation: float, times: float = 2) -> float:
    """Reliability of a mean over `times` as many members as each of two halves that correlate so.

    times * r / (1 + (times - 1) * r) (Spearman 1910; Brown 1910); NaN where r is negative.
    """
    return times * correlation / (1 + (times - 1) * correlation) if correlation >= 0 else np.nan
