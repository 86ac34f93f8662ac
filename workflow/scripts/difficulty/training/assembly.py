"""Assembles a run's tables from the outcomes that it saved per epoch."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from difficulty.random_streams import derived_seed
from difficulty.training.outcomes import FLOATS, group_summary, records_frame
from difficulty.training.partial_run import PartialRun


def records(
    partial: PartialRun, source: str, labels: pd.DataFrame, roles: np.ndarray, epochs: int
) -> Iterator[pd.DataFrame]:
    """Rows of RECORDS or SET_RECORDS from the `source` clean or online, epoch by epoch; no row if not recorded."""
    is_recorded = False
    for epoch, arrays in _epochs(partial, source, epochs):
        is_recorded = True
        yield records_frame(arrays, labels["example_id"], labels["label"].to_numpy(), roles, epoch)
    if not is_recorded:
        empty = {name: np.empty(0, np.float32) for name in FLOATS} | {"predicted": np.empty(0, np.int32)}
        yield records_frame(empty, np.empty(0, int), np.empty(0, int), [], 0)


def history(partial: PartialRun, source: str, labels: pd.DataFrame, roles, epochs: int, sample) -> pd.DataFrame:
    """Rows of HISTORY: every non-empty group of examples at every epoch.

    sample: number of training examples in the fixed group train_sample, or None. From online records there are
    groups of training examples only. Where labels were corrupted, pristine and corrupt examples are groups as well.
    """
    train = roles == "train"
    groups = {"train": train}
    if sample:
        groups["train_sample"] = _sample(train, sample)
    if labels["is_corrupt"].any():
        corrupt = labels["is_corrupt"].to_numpy()
        groups |= {"pristine": train & ~corrupt, "corrupt": train & corrupt}
    if source == "clean":
        groups |= {role: roles == role for role in ("validation", "test")}
    rows = []
    for epoch, arrays in _epochs(partial, source, epochs):
        rate = partial.outcomes(epoch)["steps.learning_rate"][-1]
        for group, members in groups.items():
            seen = members & (arrays["predicted"] >= 0)
            if seen.any():
                rows.append({"epoch": epoch, "group": group, **group_summary(arrays, seen), "learning_rate": rate})
    return pd.DataFrame(rows)


def steps(partial: PartialRun, epochs: int) -> pd.DataFrame:
    """Rows of STEPS: every gradient step of the run."""
    parts = []
    for epoch in range(1, epochs + 1):
        arrays = partial.outcomes(epoch)
        columns = {name: arrays[f"steps.{name}"] for name in ("examples", "loss", "learning_rate")}
        parts.append(pd.DataFrame({"epoch": np.int32(epoch), **columns}))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(step=np.arange(1, len(frame) + 1))


def timing(partial: PartialRun, epochs: int) -> pd.DataFrame:
    """Rows of TIMING: seconds per epoch."""
    rows = []
    for epoch in range(1, epochs + 1):
        arrays = partial.outcomes(epoch)
        train, record = arrays["seconds"]
        rows.append((epoch, train, record, arrays["steps.examples"].sum() / train))
    return pd.DataFrame(rows, columns=["epoch", "train_seconds", "record_seconds", "examples_per_second"])


def _epochs(partial: PartialRun, source: str, epochs: int) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    for epoch in range(1, epochs + 1):
        arrays = partial.outcomes(epoch)
        if f"{source}.predicted" in arrays:
            prefix = f"{source}."
            yield epoch, {name.removeprefix(prefix): each for name, each in arrays.items() if name.startswith(prefix)}


def _sample(train: np.ndarray, size: int) -> np.ndarray:
    """A mask of `size` training examples, the same in every run with the same training examples."""
    members = np.flatnonzero(train)
    generator = np.random.default_rng(derived_seed("train_sample"))
    mask = np.zeros(len(train), bool)
    mask[generator.choice(members, min(size, len(members)), replace=False)] = True
    return mask
