"""Records and history of runs that were trained elsewhere, from what their networks say of each example."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import SPLITS
from difficulty.training.outcomes import group_summary, records_frame


def imported_epoch(outcomes: Mapping[str, np.ndarray], labels: pd.DataFrame, epoch: int) -> tuple[pd.DataFrame, list]:
    """(rows of RECORDS or SET_RECORDS, rows of HISTORY) of one epoch. outcomes: name -> (N,). labels: N rows of LABELS.

    What the learning rate was is not known.
    """
    (records,) = record_parts(outcomes, labels, epoch, max(len(labels), 1))
    return records, history_rows(outcomes, labels, epoch)


def record_parts(
    outcomes: Mapping[str, np.ndarray], labels: pd.DataFrame, epoch: int, size: int
) -> Iterator[pd.DataFrame]:
    """Rows of RECORDS or SET_RECORDS of one epoch, of so many examples at a time; arguments as of `imported_epoch`."""
    for start in range(0, max(len(labels), 1), size):
        rows = slice(start, start + size)
        own, part = labels.iloc[rows], {name: values[rows] for name, values in outcomes.items()}
        roles = own["split"].to_numpy()
        yield records_frame(part, own["example_id"], own["label"].to_numpy(), roles, epoch)


def history_rows(outcomes: Mapping[str, np.ndarray], labels: pd.DataFrame, epoch: int) -> list[dict]:
    """Rows of HISTORY of one epoch; arguments as of `imported_epoch`."""
    groups = {group: (labels["split"] == group).to_numpy(bool) for group in SPLITS}
    return [
        {"epoch": epoch, "group": group, **group_summary(outcomes, members), "learning_rate": np.nan}
        for group, members in groups.items()
        if members.any()
    ]
