"""Records of a training run as arrays of shape (epochs, examples)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from difficulty.errors import UserError
from difficulty.tables import TableError

_NAMED = 3


@dataclass(frozen=True)
class RecordArrays:
    """Records of N examples over E epochs.

    example_id: int64 (N,). role: (N,) or None where the records do not say.
    values: every other column of the records by its name, each (E, N); row t is epoch t + 1.
    """

    example_id: np.ndarray
    role: np.ndarray | None
    epochs: int
    values: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def roles(self) -> list[str]:
        """Roles that occur, in alphabetical order."""
        return sorted(set(self.role)) if self.role is not None else []

    def select(self, examples: np.ndarray) -> "RecordArrays":
        """Only these examples; `examples` is a mask (N,), positions or a slice."""
        return replace(
            self,
            example_id=self.example_id[examples],
            role=None if self.role is None else self.role[examples],
            values={name: value[:, examples] for name, value in self.values.items()},
        )

    def of_role(self, role: str) -> "RecordArrays":
        """Only the examples that have this role in the run."""
        members = self.role == role
        return self if members.all() else self.select(members)

    def first_epochs(self, epochs: int) -> "RecordArrays":
        """Only the epochs 1 ... `epochs`."""
        return replace(self, epochs=epochs, values={name: value[:epochs] for name, value in self.values.items()})


def stored_records(records: pd.DataFrame, path) -> RecordArrays:
    """The records read from the file at `path`, by reshaping alone.

    records: any columns of a records table, among them example_id, epoch and role, in the stored
    order: epoch by epoch, the same examples in the same order in each.
    Raises TableError, naming the file, if they are not.
    """
    epoch = records["epoch"].to_numpy()
    examples = int(np.searchsorted(epoch, 1, side="right")) if len(epoch) else 0
    if not examples or len(records) % examples:
        raise TableError(path, "does not hold the same number of examples for every epoch from 1 on")
    shape = (len(records) // examples, examples)
    if not (epoch.reshape(shape) == np.arange(1, shape[0] + 1)[:, None]).all():
        raise TableError(path, "is not in the order of epochs, or an epoch lacks examples")
    example_id = records["example_id"].to_numpy().reshape(shape)
    if not (example_id == example_id[0]).all():
        raise TableError(path, "does not hold the same examples in the same order in every epoch")
    if len(np.unique(example_id[0])) < examples:
        raise TableError(path, "holds an example twice in every epoch")
    return _arrays(records, shape, None, example_id[0].copy(), path)  # all others need not stay in memory


def arranged_records(records: pd.DataFrame) -> RecordArrays:
    """The records of any part of a run, with rows in any order; examples come out sorted by their id.

    Raises UserError if an (example, epoch) pair from 1 to the last epoch is missing, or occurs twice.
    """
    if not len(records):
        raise UserError("records: no rows; give the records of one run and role")
    epoch, given_id = records["epoch"].to_numpy(), records["example_id"].to_numpy()
    if epoch.min() < 1:
        raise UserError(f"records: epoch {epoch.min()} found; epochs count from 1")
    example_id = np.unique(given_id)
    shape = (int(epoch.max()), len(example_id))
    place = (epoch.astype(np.int64) - 1) * shape[1] + np.searchsorted(example_id, given_id)
    _check_pairs(np.bincount(place, minlength=shape[0] * shape[1]), example_id)
    order = None
    if not (np.diff(place) == 1).all():
        order = np.empty(len(place), dtype=np.int64)
        order[place] = np.arange(len(place))
    return _arrays(records, shape, order, example_id, "records")


def _check_pairs(rows: np.ndarray, example_id: np.ndarray) -> None:
    for problem, faulty in (("missing", rows == 0), ("there more than once", rows > 1)):
        if not faulty.any():
            continue
        places = np.flatnonzero(faulty)
        pairs = [
            f"(example {example_id[p % len(example_id)]}, epoch {p // len(example_id) + 1})" for p in places[:_NAMED]
        ]
        more = ", ..." if len(places) > _NAMED else ""
        raise UserError(
            f"records: {len(places)} of {len(rows)} (example, epoch) pairs are {problem}: {', '.join(pairs)}{more};"
            " give one row per example and epoch, from epoch 1 to the last"
        )


def _arrays(records, shape, order, example_id, source) -> RecordArrays:
    def arranged(values):
        return (values if order is None else values[order]).reshape(shape)

    role = None
    if "role" in records:
        codes, names = pd.factorize(records["role"])
        codes = arranged(codes)
        if not (codes == codes[0]).all():
            raise TableError(source, "an example changes its role between epochs")
        role = np.asarray(names, dtype=object)[codes[0]]
    values = {
        name: arranged(records[name].to_numpy())
        for name in records.columns
        if name not in ("example_id", "epoch", "role")
    }
    return RecordArrays(example_id, role, shape[0], values)
