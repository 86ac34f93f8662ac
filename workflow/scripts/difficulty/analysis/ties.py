"""Order of values with their ties, kept so that a resample of the examples is ranked without sorting."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

# Rank correlation from which on two columns that disagree on no pair differ in a few ties of rounding only.
_ALIKE = 0.99999


@dataclass(frozen=True)
class TieOrder:
    """Values in ascending order, in groups of equal ones.

    order: (N,) index of the example at each position. ends: (G,) the position after each group's last.
    group: (N,) the group of each example. All are int32 where N fits into it.
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
            below_and_upto = self.starts().astype(np.int64) + self.ends
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
    kind = np.int32 if len(values) <= np.iinfo(np.int32).max else np.int64
    group = np.empty(len(values), kind)
    group[order] = np.cumsum(new) - 1
    ends = _every_place(len(values), kind)
    if not new.all():
        ends = np.append(np.flatnonzero(new)[1:], len(values)).astype(kind)
    return TieOrder(order.astype(kind), ends, group)


@lru_cache(maxsize=1)
def _every_place(count: int, kind: type) -> np.ndarray:
    """One array for all orders without ties."""
    return np.arange(1, count + 1, dtype=kind)


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks of `values` (N,) from 1, equal values sharing the mean of their ranks."""
    return tie_order(values).midranks()


def repeated_columns(table: pd.DataFrame) -> dict[str, str]:
    """Column -> an earlier one that orders the rows in the same way; only the columns that repeat another.

    table: (N, S), NaN where unknown. Both are known in the same rows, and no two rows are ordered one way by the one
    and the other way by the other, as with a number and a multiple of it. Constant columns repeat nothing.
    """
    groups: dict[bytes, list[str]] = {}
    for name, column in table.items():
        groups.setdefault(column.notna().to_numpy().tobytes(), []).append(name)
    repeated = {}
    for names in groups.values():
        values = [table[name].dropna().to_numpy(np.float64) for name in names]
        ranks = np.stack([midranks(column) for column in values]) - (len(values[0]) + 1) / 2
        scale = np.sqrt(np.square(ranks).sum(axis=1))
        alike = (ranks @ ranks.T > _ALIKE * np.outer(scale, scale)) & (np.outer(scale, scale) > 0)
        for later, name in enumerate(names):
            earlier = (n for n in np.flatnonzero(alike[later, :later]) if names[n] not in repeated)
            found = next((n for n in earlier if not _disagree(values[n], values[later])), None)
            if found is not None:
                repeated[name] = names[found]
    return repeated


def columns_on_a_line(table: pd.DataFrame) -> dict[str, str]:
    """Column -> an earlier one of which it is a positive multiple, plus a constant; only the columns that are.

    table: (N, S), NaN where unknown. A subset of `repeated_columns`, which has columns on a rising curve, too.
    """
    return {
        name: first
        for name, first in repeated_columns(table).items()
        if table[name].astype(np.float64).corr(table[first].astype(np.float64)) > _ALIKE
    }


def _disagree(one: np.ndarray, other: np.ndarray) -> bool:
    """Some two examples are ordered one way by the one and the other way by the other."""
    return bool((np.diff(other[np.lexsort((other, one))]) < 0).any())


def repetitions(repeated: dict[str, str]) -> list[str]:
    """What `repeated_columns` found, for a note: `local_entropy_u8 = local_entropy`."""
    return [f"{name} = {first}" for name, first in repeated.items()]
