"""Scores of learning dynamics: all that the records of one run say about how hard an example is.

Every score is stored as its source publishes it; its column says which way is harder. An undefined
score is NaN. Scores refer to the given label, which planted noise may have changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.errors import UserError
from difficulty.scores.dynamics import catalogue
from difficulty.scores.dynamics.run_length import run_length
from difficulty.scores.record_arrays import RecordArrays, arranged_records
from difficulty.scores.uncertainty_dynamics import dual, dynamic_uncertainty
from difficulty.tables import Column

RECORD_COLUMNS = (
    *("example_id", "epoch", "role", "predicted", "correct"),
    *("probability", "margin", "loss", "el2n", "entropy", "feature_norm"),
)

PREDICTED_SET = "predicted_set"  # a further column of records of images with several labels
_WINDOW = 10  # epochs, as in both papers


DYNAMICS: Mapping[str, Column] = {
    name: Column(pa.float32() if entry.direction else pa.bool_(), entry.description, entry.nullable, entry.direction)
    for name, entry in catalogue.DYNAMICS.items()
}


def dynamics_columns(epochs: int) -> dict[str, Column]:
    """The columns of `score_records` for runs of `epochs` epochs.

    They differ from DYNAMICS in what an example that was never learned counts as when examples are
    ranked: one epoch after the last where epochs count, and more forgetting than possible.
    """
    undefined = {"first_learned": epochs + 1, "learning_epoch": epochs + 1, "forgetting_events": epochs}
    return {name: replace(column, null_ranks_as=undefined.get(name)) for name, column in DYNAMICS.items()}


def score_records(
    records: pd.DataFrame, el2n_epoch: int | None = None, *, output_scale: float = 1.0, output_bias: bool = True
) -> pd.DataFrame:
    """Learning-dynamics scores of each example, from the records of one run and role.

    records: one row per example and epoch (1 ... T), rows in any order, with the columns of a records
        table; from a clean pass or online.
    Other arguments, the result (rows sorted by example_id) and errors as for `score_arrays`; raises
    UserError, too, if columns or (example, epoch) pairs are missing, or if there are several roles.
    """
    needed = [name for name in RECORD_COLUMNS if name != "role"]
    missing = [name for name in needed if name not in records]
    if missing:
        raise UserError(f"records: no column {', '.join(missing)}; give all columns of a records table")
    arrays = arranged_records(records[[name for name in RECORD_COLUMNS if name in records]])
    if len(roles := arrays.roles()) > 1:
        raise UserError(f"records: roles {', '.join(roles)} found; give the records of one role")
    return score_arrays(arrays, el2n_epoch, output_scale=output_scale, output_bias=output_bias)


def score_arrays(
    records: RecordArrays, el2n_epoch: int | None = None, *, output_scale: float = 1.0, output_bias: bool = True
) -> pd.DataFrame:
    """Learning-dynamics scores of each example, from the records of one run.

    records: with predicted_set, whatever stands for the sets, iteration_learned is of these; everything else follows
        from what the columns mean for a set of labels (training/set_outcomes.py).
    el2n_epoch: the early epoch at which el2n and grand_last are taken, from 1. None: a tenth of the
        run, max(1, round(T / 10)), since Paul et al. prune at epoch 20 of 200 and find the score
        settled by then.
    output_scale, output_bias: the logits are scale * (W h [+ b]); with both, grand_last is exactly
        the norm of the gradient of the loss by W and b.
    Returns one row per example, index example_id, with the columns of DYNAMICS (float32, and bool for
    the flag never_learned); undefined entries are NaN.
    Raises UserError if `el2n_epoch` is not among the epochs.
    """
    early = _early_epoch(el2n_epoch, records.epochs) - 1
    correct = records["correct"].astype(bool, copy=False)
    probability, el2n = records["probability"], records["el2n"][early]
    learned = correct.any(axis=0)
    settled = run_length(correct)
    predicted = records[PREDICTED_SET if PREDICTED_SET in records else "predicted"]
    features = records["feature_norm"][early].astype(np.float64)
    scores = {
        "first_learned": np.where(learned, correct.argmax(axis=0) + 1, np.nan),
        "learning_epoch": np.where(settled < records.epochs, settled + 1, np.nan),
        "iteration_learned": run_length(predicted == predicted[-1]) + 1,
        "forgetting_events": np.where(learned, (correct[:-1] & ~correct[1:]).sum(axis=0), np.nan),
        "never_learned": ~learned,
        "confidence": probability.mean(axis=0, dtype=np.float64),
        "variability": probability.std(axis=0, dtype=np.float64),
        "correctness": correct.mean(axis=0),
        "aleatoric": (probability * (1 - probability)).mean(axis=0, dtype=np.float64),
        "aum": records["margin"].mean(axis=0, dtype=np.float64),
        "settled_margin": records["margin"][-settled_epochs(records.epochs) :].mean(axis=0, dtype=np.float64),
        "dynamic_uncertainty": _over_windows(dynamic_uncertainty, probability),
        "dual": _over_windows(dual, probability),
        "el2n": el2n,
        "loss": records["loss"][-1],
        "loss_mean": records["loss"].mean(axis=0, dtype=np.float64),
        "entropy": records["entropy"][-1],
        "grand_last": output_scale * el2n * np.sqrt(features**2 + bool(output_bias)),
    }
    return pd.DataFrame(
        {name: value if value.dtype == bool else value.astype(np.float32) for name, value in scores.items()},
        index=pd.Index(records.example_id, name="example_id"),
    )


def settled_epochs(epochs: int) -> int:
    """How many of the last epochs count as settled: a quarter of them, rounded up."""
    return -(-epochs // 4)


def _over_windows(score: Callable[[np.ndarray, int], np.ndarray], probability: np.ndarray) -> np.ndarray:
    """A score of windows of ten epochs, or of all if there are fewer; in one epoch nothing moves."""
    window = min(_WINDOW, len(probability))
    return score(probability, window) if window > 1 else np.zeros(probability.shape[1])


def _early_epoch(el2n_epoch: int | None, epochs: int) -> int:
    if el2n_epoch is None:
        return max(1, round(epochs / 10))
    if not 1 <= el2n_epoch <= epochs:
        raise UserError(f"analyses.dynamics.el2n_epoch: expected 1..{epochs} (the recorded epochs), got {el2n_epoch}")
    return el2n_epoch
