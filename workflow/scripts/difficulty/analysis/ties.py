"""Order of values with their ties, kept so that a resample of the examples is ranked without sorting."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TieOrder:
    """Values in ascending order, in groups of equal ones.

    order: (N,) index of the example at each position. ends: (G,) the position after each group's last.
    group: (N,) the group of each example.
    """

    order: np.ndarray
    ends: np.ndarray
    group: np.ndarray

    def starts(self) -> np.ndarray:
        """(G,) the position of each group's first example."""
        return np.concatenate([[0], self.ends[:-1]])

    def midranks(self, counts: np.ndarray | None = None) -> np.ndarray:
        """(N,) ranks from 1, equal values sharing the mean of their ranks.

        counts: int (N,), how often each example occurs in a resample: then the ranks within the
        resample, repetitions being ties like any other. None: each once.
        """
        if counts is None:
            below_and_upto = self.starts() + self.ends
        else:
            upto = np.cumsum(weights := counts.take(self.order), dtype=np.int64)
            if len(self.ends) == len(self.order):
                below_and_upto = 2 * upto - weights
            else:
                upto = upto.take(self.ends - 1)
                below_and_upto = upto + np.concatenate([[0], upto[:-1]])
        return ((below_and_upto + 1) * 0.5).take(self.group)


def tie_order(values: np.ndarray) -> TieOrder:
    """The order of `values` (N,), which must not be NaN."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.ones(len(values), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    group = np.empty(len(values), dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    ends = np.append(np.flatnonzero(new)[1:], len(values)) if len(values) else np.zeros(0, dtype=np.int64)
    return TieOrder(order, ends, group)


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks of `values` (N,) from 1, equal values sharing the mean of their ranks."""
    return tie_order(values).midranks()
