"""The examples whose neighbours a job finds, among which examples, and the neighbours at every probe."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from difficulty.errors import UserError
from difficulty.scores.depth.activations import Activations, PartOfRows
from difficulty.scores.depth.neighbors import MemoryShortage, Rows, query_neighbors, self_neighbors


@dataclass(frozen=True)
class Queries:
    """bank: positions of the run's training examples, ascending.

    own: positions in the bank, one after the other, of those that are queries as well. others: positions of the
    queries that are not in the bank.
    """

    bank: np.ndarray
    own: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, bank: np.ndarray, queries: np.ndarray) -> "Queries":
        """From positions of examples, both ascending; queries without a gap among those of the bank."""
        return cls(bank, np.searchsorted(bank, np.intersect1d(queries, bank)), np.setdiff1d(queries, bank))

    @property
    def all(self) -> np.ndarray:
        """Positions of the queries, in the order of their neighbours."""
        return np.concatenate([self.bank[self.own], self.others])

    @property
    def needed(self) -> np.ndarray:
        """Positions of all examples whose activations are compared: the bank's, then the others."""
        return np.concatenate([self.bank, self.others])

    def predicted(self, of_needed: np.ndarray) -> np.ndarray:
        """Of values of `needed`, those of the queries."""
        return np.concatenate([of_needed[self.own], of_needed[len(self.bank) :]])


def probed_neighbors(
    activations: Activations,
    queries: Queries,
    k: int,
    memory: int,
    folder: Path,
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(probe, positions in the bank int64 (Q, k), distances float32 (Q, k)) of all queries, at each probe in turn.

    activations: of `queries.needed`. memory: bytes, the activations included. folder: for those that do not fit.
    Raises UserError, naming the probe, if they are not finite or the memory is too little.
    """
    for name, rows, left in activations.rows(memory, folder):
        try:
            indices, distances = _neighbors(rows, queries, k, left, progress)
        except MemoryShortage as error:
            higher = (error.missing >> 20) + 1
            raise UserError(f"probe {name!r}: {error}; set analyses.prediction_depth.memory {higher} higher") from error
        except ValueError as error:
            raise UserError(f"probe {name!r}: {error}; see analyses.prediction_depth") from error
        del rows  # before the next ones are made
        yield name, indices.cpu().numpy(), distances.cpu().numpy()


def _neighbors(rows: Rows, queries: Queries, k: int, memory: int, progress) -> tuple[torch.Tensor, torch.Tensor]:
    bank, own = PartOfRows(rows, 0, len(queries.bank)), torch.from_numpy(queries.own)
    found = []
    if len(own) == bank.count:
        found.append(self_neighbors(bank, k, memory, progress))
    elif len(own):
        found.append(query_neighbors(bank, PartOfRows(rows, int(own[0]), len(own)), k, own, memory, progress))
    if len(queries.others):
        others = PartOfRows(rows, bank.count, len(queries.others))
        found.append(query_neighbors(bank, others, k, None, memory, progress))
    indices, distances = (torch.cat(parts) for parts in zip(*found, strict=True))
    return indices, distances
