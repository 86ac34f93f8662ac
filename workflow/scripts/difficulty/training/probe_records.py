"""Records and history of a run of linear probes, which hold every training example out."""

import numpy as np
import pandas as pd
import torch

from difficulty.training.imported import imported_epoch
from difficulty.training.outcomes import example_outcomes

_ROLES = {"train": "validation"}
_FLOOR = np.log(np.finfo(np.float32).tiny)  # log-probability of a class that a probe has not seen


def records_of(logits: np.ndarray, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(RECORDS, HISTORY) of one epoch, of probes that have not seen the training examples.

    logits: (N, C), -inf for a class that the probe of an example has not seen. rows: N rows of LABELS.
    """
    floor = np.logaddexp.reduce(logits, axis=1, keepdims=True) + _FLOOR
    finite = torch.from_numpy(np.where(np.isneginf(logits), floor, logits).astype(np.float32))
    no_features = torch.full((len(rows), 1), torch.nan)
    outcomes = example_outcomes(finite, no_features, torch.tensor(rows["label"].to_numpy()))
    arrays = {name: values.numpy() for name, values in outcomes.items()}
    records, history = imported_epoch(arrays | {"predicted": arrays["predicted"].astype(np.int32)}, rows, epoch=1)
    history = pd.DataFrame(history)
    records["role"], history["group"] = (names.replace(_ROLES) for names in (records["role"], history["group"]))
    return records, history
