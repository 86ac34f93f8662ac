"""Records and history of runs that were trained elsewhere, from what their networks say of each example."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import SPLITS
from difficulty.training.outcomes import group_summary, records_frame


def imported_epoch(outcomes: Mapping[str, np.ndarray], labels: pd.DataFrame, epoch: int) -> tuple[pd.DataFrame, list]:
    """(rows of RECORDS or SET_RECORDS, rows of HISTORY) of one epoch. outcomes: name -> (N,). labels: N rows of LABELS.

    What the learning rate was is not known.
    """
    split = labels["split"].to_numpy()
    records = records_frame(outcomes, labels["example_id"], labels["label"].to_numpy(), split, epoch)
    groups = {group: split == group for group in SPLITS}
    history = [
        {"epoch": epoch, "group": group, **group_summary(outcomes, members), "learning_rate": np.nan}
        for group, members in groups.items()
        if members.any()
    ]
    return records, history
