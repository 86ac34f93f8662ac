"""Which runs of a group of experiments are compared on which examples."""

from collections.abc import Mapping

import numpy as np

from difficulty.errors import UserError
from difficulty.scores.record_arrays import RecordArrays
from difficulty.scores.runs import seed_of


def comparable_runs(records: Mapping[tuple[str, str], RecordArrays], role: str) -> tuple[np.ndarray, np.ndarray] | None:
    """What the runs of a group got right on the examples of one role.

    records: (experiment, run) -> records with role and correct. The runs of one seed's folds hold out
    every training example once: for `validation` they are joined into one run. Runs with folds are left
    out of `train`, as they were trained on different examples. Experiments of different length are cut
    to their common epochs.
    Returns correct, bool (K, E, N), and example_id (N,), sorted; None unless every experiment of the
    group has runs to compare, and there are at least two.
    Raises UserError if the runs do not have the same examples.
    """
    parts: dict[tuple[str, str], list[RecordArrays]] = {}
    for (experiment, run), arrays in records.items():
        if role == "train" and seed_of(run) != run:
            continue
        part = arrays.of_role(role)
        if len(part.example_id):
            parts.setdefault((experiment, seed_of(run) if role == "validation" else run), []).append(part)
    if len(parts) < 2 or {name for name, _ in parts} != {name for name, _ in records}:
        return None
    epochs = min(part.epochs for joined in parts.values() for part in joined)
    stacked, first = [], None
    for (experiment, run), joined in parts.items():
        example_id = np.concatenate([part.example_id for part in joined])
        order = np.argsort(example_id, kind="stable")
        if first is None:
            first, first_name = example_id[order], f"{experiment}/{run}"
        if not np.array_equal(example_id[order], first):
            raise UserError(
                f"agreement: {first_name} and {experiment}/{run} do not have the same {role} examples;"
                " group experiments on the same data set only"
            )
        stacked.append(np.concatenate([part["correct"][:epochs] for part in joined], axis=1)[:, order])
    return np.stack(stacked), first
