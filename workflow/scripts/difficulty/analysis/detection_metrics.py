"""Metrics of a ranked list with known truth, with ties and resamples treated exactly.

A ranking is worked out once per score; the metrics of the data, or of many resamples of it at once, then
take sums and cumulated sums, and no sorting.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from difficulty.analysis.ties import tie_order

METRICS = ("auroc", "average_precision", "precision_at_prevalence", "recall_at_10", "recall_at_20")


def inspected(metric: str, positives: int, examples: int) -> int:
    """How many of the hardest examples a metric looks at; as many as there are positives, of those that look at all."""
    share = {"recall_at_10": 10, "recall_at_20": 20}.get(metric)
    return positives if share is None else examples * share // 100


@dataclass(frozen=True)
class Ranking:
    """Examples from the hardest to the easiest, cut into M segments.

    A segment is either a group of equal hardness that holds positives, or all negatives between two such
    groups: what happens within the latter touches no metric, which saves most of the work.

    examples: int32 (M, N), 1 where an example belongs to a segment; the segments in order.
    positives: int32 (H, N), the same of the positive examples and the segments that hold any.
    holding: (H,) these segments. held: (M + 1,) how many of them are among the first m segments.
    """

    examples: sparse.csr_array
    positives: sparse.csr_array
    holding: np.ndarray
    held: np.ndarray

    @classmethod
    def of(cls, hardness: np.ndarray, truth: np.ndarray) -> "Ranking":
        """The ranking by `hardness` (N,), the hardest first, with `truth` bool (N,)."""
        ties = tie_order(-hardness)
        places = np.flatnonzero(truth[ties.order])
        groups, first = np.unique(ties.group[ties.order[places]], return_index=True)
        cuts = np.concatenate([[0], ties.starts()[groups], ties.ends[groups]])
        starts = np.unique(cuts[cuts < len(hardness)])
        holding = np.searchsorted(starts, ties.starts()[groups])
        return cls(
            _members(ties.order, starts, len(hardness)),
            _members(ties.order[places], first, len(hardness)),
            holding,
            np.searchsorted(holding, np.arange(len(starts) + 1)),
        )

    def totals(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Examples seen up to each segment's end, (B, M + 1), and positives up to each holding one's, (B, H + 1).

        counts: int (N, B), how often each example occurs in each of B resamples. Both start with 0.
        """
        return _cumulated(self.examples @ counts), _cumulated(self.positives @ counts)


def _members(ordered: np.ndarray, starts: np.ndarray, examples: int) -> sparse.csr_array:
    ends = np.append(starts, len(ordered)).astype(np.int32)
    ones = _ones(examples)[: len(ordered)]
    return sparse.csr_array((ones, ordered.astype(np.int32), ends), shape=(len(starts), examples))


@lru_cache(maxsize=1)
def _ones(examples: int) -> np.ndarray:
    """One array for the rankings of all scores."""
    return np.ones(examples, dtype=np.int32)


def _cumulated(values: np.ndarray) -> np.ndarray:
    totals = np.zeros((values.shape[1], len(values) + 1), dtype=np.int64)
    np.cumsum(values.T, axis=1, out=totals[:, 1:])
    return totals


def ranking_metrics(ranking: Ranking, counts: np.ndarray | None = None) -> np.ndarray:
    """The METRICS of a ranking, in their order, (B, 5) for B resamples of its examples.

    counts: int32 (N, B), how often each example occurs in each resample; None: once, and B = 1.
    auroc: the probability that a positive example ranks above a negative one, ties counting half.
    average_precision: sum over groups of equal hardness of (recall gained) x (precision at the group's
        end), scikit-learn's definition. It depends on no order within a group, and is exactly the
        prevalence for a constant score, the chance level. (The expectation over random orders is not:
        for one positive among N it is about ln(N) / N.)
    precision_at_prevalence: share of positives among the first k, k the number of positives.
    recall_at_f: share of the positives among the first floor(f N) examples, f in percent. Both are
        expectations over random orders within groups, so that a constant score finds what it inspects.
    NaN where a resample has no positive or no negative example.
    """
    if counts is None:
        counts = np.ones((ranking.examples.shape[1], 1), dtype=np.int32)
    seen, found = ranking.totals(counts)
    examples, positives = seen[:, -1], found[:, -1]
    negatives = examples - positives
    with np.errstate(invalid="ignore", divide="ignore"):
        seen_before, seen_upto = seen.take(ranking.holding, axis=1), seen.take(ranking.holding + 1, axis=1)
        gained = np.diff(found)
        passed = (seen_before - found[:, :-1]) + (seen_upto - found[:, 1:])
        auroc = 1 - np.einsum("bh,bh->b", gained, passed) / (2 * positives * negatives)
        precision = found[:, 1:] / np.maximum(seen_upto, 1)
        average_precision = np.einsum("bh,bh->b", gained, precision) / positives
        at_prevalence, at_10, at_20 = (
            _expected_found(ranking, seen, found, k) / positives
            for k in (inspected(name, positives, examples) for name in METRICS[2:])
        )
    metrics = np.stack([auroc, average_precision, at_prevalence, at_10, at_20], axis=1)
    return np.where(((positives > 0) & (negatives > 0))[:, None], metrics, np.nan)


def _expected_found(ranking: Ranking, seen: np.ndarray, found: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Positives among the first `k` (B,) examples, in expectation over random orders within groups."""
    rows = np.arange(len(k))
    segment = np.maximum((seen < k[:, None]).sum(axis=1) - 1, 0)
    before, after = found[rows, ranking.held[segment]], found[rows, ranking.held[segment + 1]]
    start, end = seen[rows, segment], seen[rows, segment + 1]
    return before + (k - start) * (after - before) / np.maximum(end - start, 1)


def found_curve(ranking: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """Examples inspected and positives found in expectation, at the ends of segments, from (0, 0) on.

    Between two ends the expectation is a straight line.
    """
    seen, found = ranking.totals(np.ones((ranking.examples.shape[1], 1), dtype=np.int32))
    return seen[0], found[0, ranking.held]
