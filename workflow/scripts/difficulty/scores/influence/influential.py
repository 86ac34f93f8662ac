"""The most influential training examples, of each query and overall. Shapes: R runs, Q queries, N examples."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from difficulty.scores.runs import seed_of


@dataclass(frozen=True)
class RunSummary:
    """Influence over runs: mean and standard deviation over seeds (Q, N), and how many runs (N,) they are of.

    The folds of a seed, which share initial weights, are averaged first. The deviation has ddof 1 and is NaN below two
    seeds.
    """

    mean: np.ndarray
    std: np.ndarray
    runs: np.ndarray

    @classmethod
    def of(
        cls, names: Sequence[str], influence: Sequence[np.ndarray], columns: Sequence[np.ndarray], examples: int
    ) -> "RunSummary":
        """Of the runs' names, their influences (Q, N'), and the places (N',) among all N examples that they are of."""
        stacked = np.full((len(influence), len(influence[0]), examples), np.nan)
        runs = np.zeros(examples, int)
        for run, values, places in zip(stacked, influence, columns, strict=True):
            run[:, places] = values
            runs[places] += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of a deviation of one seed, which is NaN
            seeds = _means_of_seeds(names, stacked)
            return cls(np.nanmean(seeds, axis=0), np.nanstd(seeds, axis=0, ddof=1), runs)


def _means_of_seeds(names: Sequence[str], stacked: np.ndarray) -> np.ndarray:
    """Means over the runs of each seed, (seeds, Q, N), where they are known; `stacked`: (R, Q, N)."""
    of_seed: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        of_seed.setdefault(seed_of(name), []).append(row)
    if len(of_seed) == len(names):
        return stacked
    return np.stack([np.nanmean(stacked[rows], axis=0) for rows in of_seed.values()])


def influential_rows(
    query_ids: np.ndarray,
    example_ids: np.ndarray,
    summary: RunSummary,
    duplicates: Mapping[int, set[int]],
    top: int,
) -> pd.DataFrame:
    """Rows of INFLUENTIAL: of each query its `top` most helpful and most harmful examples, and all its duplicates.

    query_ids: (Q,); example_ids: (N,); duplicates: query -> the examples with the same content, if any. Equally
    influential examples rank in their order; an influence of 0 neither helps nor harms.
    """
    parts = []
    for query, mean, std in zip(query_ids, summary.mean, summary.std, strict=True):
        same = np.isin(example_ids, list(duplicates.get(int(query), ())))
        for helpful, sign in ((True, -1), (False, 1)):
            order = np.argsort(sign * mean, kind="stable")
            order = order[sign * mean[order] < 0]
            ranks = np.flatnonzero((np.arange(len(order)) < top) | same[order])
            rows = order[ranks]
            columns = {"rank": ranks, "example_id": example_ids[rows], "influence": mean[rows]}
            columns |= {"influence_std": std[rows], "runs": summary.runs[rows], "is_duplicate": same[rows]}
            parts.append(pd.DataFrame(columns).assign(query_id=int(query), helpful=helpful))
    return pd.concat(parts)


@dataclass
class OverallSums:
    """Sums over queries, (N,), block by block: of influences, of these without sign; and how many are helped."""

    influence: np.ndarray
    absolute: np.ndarray
    helped: np.ndarray
    queries: int = 0

    @classmethod
    def empty(cls, examples: int) -> "OverallSums":
        return cls(np.zeros(examples), np.zeros(examples), np.zeros(examples, int))

    def add(self, mean: np.ndarray) -> None:
        """mean: (Q, N), of some queries."""
        self.influence += mean.sum(axis=0)
        self.absolute += np.abs(mean).sum(axis=0)
        self.helped += (mean > 0).sum(axis=0)
        self.queries += len(mean)

    def table(self, example_ids: np.ndarray, influential: pd.DataFrame, top: int) -> pd.DataFrame:
        """Rows of OVERALL_INFLUENCE. influential: of all queries."""
        queries = max(self.queries, 1)
        table = pd.DataFrame({"example_id": example_ids, "influence": self.influence / queries})
        table["influence_absolute"], table["helped"] = self.absolute / queries, self.helped
        tops = influential[influential["rank"] < top]
        for column, helpful in (("top_helpful", True), ("top_harmful", False)):
            counts = tops.loc[tops["helpful"] == helpful, "example_id"].value_counts()
            table[column] = counts.reindex(example_ids, fill_value=0).to_numpy()
        return table


def duplicates_of(query_ids: Sequence[int], examples: pd.DataFrame) -> dict[int, set[int]]:
    """Query -> training examples whose files have the same content. examples: example_id, split and sha256."""
    trained = examples[examples["split"] == "train"].groupby("sha256")["example_id"].agg(set)
    content = examples.set_index("example_id")["sha256"]
    return {int(query): trained.get(content[query], set()) for query in query_ids}
