"""Chooses the runs of a group of experiments to compare, their common examples, and the label to judge by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.errors import UserError
from difficulty.scores.record_arrays import RecordArrays
from difficulty.scores.record_file import RecordFile
from difficulty.scores.runs import experiment_of, run_of, seed_of

GIVEN, CLEAN = "given", "clean"


@dataclass(frozen=True)
class SharedLabels:
    """The one label of each example that the predictions of all runs of a group are compared with.

    judged_by: GIVEN if all experiments have the same given labels, else CLEAN. labels: class by example_id.
    """

    judged_by: str
    labels: pd.Series

    @property
    def recorded(self) -> str:
        """The column of the records that says what a run got right: `correct` is by its own given label."""
        return "correct" if self.judged_by == GIVEN else "predicted"

    def hits(self, records: RecordArrays) -> np.ndarray:
        """A run's correct predictions, bool (E, N), from records with the column `recorded`."""
        if self.judged_by == GIVEN:
            return records["correct"]
        return records["predicted"] == self.labels.loc[records.example_id].to_numpy()


@dataclass(frozen=True)
class ComparedRuns:
    """Correct predictions of K runs of a group on N examples over E epochs.

    correct: bool (K, E, N), by the shared labels. example_id: (N,), sorted. seeds: how many different seeds they have.
    """

    correct: np.ndarray
    example_id: np.ndarray
    seeds: int


def shared_labels(labels: Mapping[str, pd.DataFrame]) -> SharedLabels:
    """The given labels if all experiments have the same ones, else the clean ones.

    labels: columns of LABELS of each experiment. Two networks that fit different labels of an image are both correct
    by their own, although they predict two classes: only one label for both says whether they agree.
    Raises UserError if experiments do not even share examples and clean labels.
    """
    tables = {name: table.set_index("example_id") for name, table in labels.items()}
    first_name, first = next(iter(tables.items()))
    for name, table in tables.items():
        if not table["clean_label"].equals(first["clean_label"]):
            raise UserError(
                f"agreement: {first_name} and {name} do not have the same examples with the same clean labels;"
                " group experiments on the same data set only"
            )
    same = all(table["label"].equals(first["label"]) for table in tables.values())
    return SharedLabels(GIVEN, first["label"]) if same else SharedLabels(CLEAN, first["clean_label"])


def epochs_of_group(paths: Sequence[Path], recorded: str) -> Iterator[tuple[int, dict[tuple[str, str], RecordArrays]]]:
    """Each epoch that all runs of a group have, from 1, with the records of all of them after it, of one epoch.

    paths: records of the runs, which are named (experiment, run). recorded: the column that says what a run got right.
    """
    files = {(experiment_of(path), run_of(path)): RecordFile(path) for path in paths}
    for epoch in range(1, min(file.epochs for file in files.values()) + 1):
        yield epoch, {member: file.of_epoch(epoch, ["role", recorded]) for member, file in files.items()}


def compared_runs(
    records: Mapping[tuple[str, str], RecordArrays], shared: SharedLabels, role: str
) -> ComparedRuns | None:
    """The runs of a group on the examples of one role, one network per seed of each experiment.

    records: (experiment, run) -> records with role and the column that `shared` needs. Experiments of different length
    are cut to their common epochs. The networks of one seed's folds share initial weights, so they never count as
    several: for `validation` they are joined, as they hold out every training example once; for `test` the first fold
    stands for its seed; from `train` they are left out, as each is trained on other examples.
    Returns None unless every experiment of the group has runs to compare, and there are at least two.
    Raises UserError if the runs do not have the same examples.
    """
    parts = _networks(records, role)
    if len(parts) < 2 or {name for name, _ in parts} != {name for name, _ in records}:
        return None
    epochs = min(part.epochs for joined in parts.values() for part in joined)
    stacked, first = [], None
    for (experiment, seed), joined in parts.items():
        example_id = np.concatenate([part.example_id for part in joined])
        order = np.argsort(example_id, kind="stable")
        if first is None:
            first, first_name = example_id[order], f"{experiment}/{seed}"
        if not np.array_equal(example_id[order], first):
            raise UserError(
                f"agreement: {first_name} and {experiment}/{seed} do not have the same {role} examples;"
                " group experiments on the same data set only"
            )
        hits = [shared.hits(part.first_epochs(epochs)) for part in joined]
        stacked.append(np.concatenate(hits, axis=1)[:, order])
    return ComparedRuns(np.stack(stacked), first, len({seed for _, seed in parts}))


def left_out(records: Mapping[tuple[str, str], RecordArrays], roles: Iterable[str]) -> list[str]:
    """Says why `compared_runs` compares nothing in some roles; one line per reason, none for roles without examples."""
    roles_by_reason: dict[str, list[str]] = {}
    for role in roles:
        if any(len(arrays.of_role(role).example_id) for arrays in records.values()):
            roles_by_reason.setdefault(_why_not_compared(records, role), []).append(role)
    return [f"left out: {' and '.join(roles)} examples: {reason}" for reason, roles in roles_by_reason.items()]


def _why_not_compared(records: Mapping[tuple[str, str], RecordArrays], role: str) -> str:
    without = sorted({name for name, _ in records} - {name for name, _ in _networks(records, role)})
    if not without:
        return "only one network has any; add a seed"
    if role == "train":
        return f"those of {', '.join(without)} differ from fold to fold"
    return f"{', '.join(without)} {'has' if len(without) == 1 else 'have'} none"


def _networks(records: Mapping[tuple[str, str], RecordArrays], role: str) -> dict[tuple[str, str], list[RecordArrays]]:
    """(experiment, seed) -> records of one network, in parts, of those that have examples of the role to compare."""
    parts: dict[tuple[str, str], list[RecordArrays]] = {}
    for (experiment, run), arrays in records.items():
        seed = seed_of(run)
        if (role == "train" and run != seed) or (role == "test" and (experiment, seed) in parts):
            continue
        part = arrays.of_role(role)
        if len(part.example_id):
            parts.setdefault((experiment, seed), []).append(part)
    return parts
