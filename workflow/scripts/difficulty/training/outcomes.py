"""What one forward pass says of each example: the columns of the training records."""

import numpy as np
import pandas as pd
import torch

from difficulty.models.classifier import at_least_float32, log_probabilities
from difficulty.training.processes import Processes
from difficulty.training.set_outcomes import is_set_column, length, predicted_sets, set_columns, set_outcomes
from difficulty.training.targets import are_sets

FLOATS = ("probability", "margin", "loss", "el2n", "entropy", "feature_norm")
# rank: how many classes come before the given label, ties by index, as in predicted; of label sets, how many are wrong
INTEGERS = ("predicted", "rank")


def example_outcomes(logits: torch.Tensor, features: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Per-example outcomes, each (N,), of logits (N, C), penultimate features (N, D) and given labels (N,).

    labels: (N, C) of label sets, see `set_outcomes`.
    """
    if are_sets(labels):
        return set_outcomes(logits, features, labels)
    logits = at_least_float32(logits.detach())
    given = labels[:, None]
    classes = torch.arange(logits.shape[1], device=logits.device)
    logarithms = log_probabilities(logits)
    probabilities, of_label = logarithms.exp(), logarithms.gather(1, given)
    label_logit = logits.gather(1, given)
    return {
        "predicted": logits.argmax(1),
        "rank": ((logits > label_logit) | ((logits == label_logit) & (classes < given))).sum(1),
        "probability": of_label.exp()[:, 0],
        "margin": label_logit[:, 0] - logits.scatter(1, given, -torch.inf).amax(1),
        "loss": -of_label[:, 0],
        "el2n": length(probabilities.scatter(1, given, of_label.expm1())),
        "entropy": -(probabilities * logarithms).sum(1),
        "feature_norm": features.float().flatten(1).norm(dim=1),
    }


class OutcomeTable:
    """Outcomes of all examples of one epoch, filled batch by batch on the device, read back once.

    labels: of all examples, (N,) or (N, C), on the device.
    """

    def __init__(self, labels: torch.Tensor):
        count, device = len(labels), labels.device
        integers = [*INTEGERS, *(set_columns(labels.shape[1]) if are_sets(labels) else [])]
        self._columns = {name: torch.full((count,), torch.nan, device=device) for name in FLOATS}
        self._columns |= {name: torch.full((count,), -1, dtype=torch.int32, device=device) for name in integers}

    def put(self, rows: torch.Tensor | slice, outcomes: dict[str, torch.Tensor]) -> None:
        """Stores a batch's outcomes at its rows."""
        for name, column in self._columns.items():
            column[rows] = outcomes[name].to(column.dtype)

    def gather(self, processes: Processes) -> None:
        """Puts together what several processes have stored, each of examples of its own."""
        if processes.count == 1:
            return
        own = self._columns["predicted"] >= 0
        seen = processes.total(own.int()) > 0
        for name, column in self._columns.items():
            bits = processes.total(column.view(torch.int32).where(own, 0))  # the others add 0 to each
            self._columns[name] = bits.view(column.dtype).where(seen, column)

    def arrays(self) -> dict[str, np.ndarray]:
        """name -> (N,) float32 or int32."""
        return {name: column.cpu().numpy() for name, column in self._columns.items()}


def records_frame(arrays: dict[str, np.ndarray], example_ids, labels, roles, epoch: int) -> pd.DataFrame:
    """One epoch's rows of RECORDS, or SET_RECORDS, for the examples whose outcomes are known.

    labels: (N,) given ones, which label sets do not need.
    """
    frame = pd.DataFrame({"example_id": example_ids, "epoch": np.int32(epoch), "role": roles})
    sets = predicted_sets(arrays)
    frame["predicted"] = arrays["predicted"]
    frame["correct"] = arrays["predicted"] == labels if sets is None else arrays["rank"] == 0
    for name in FLOATS:
        frame[name] = arrays[name]
    if sets is not None:
        frame["predicted_set"] = sets
    return frame[arrays["predicted"] >= 0]


def group_summary(arrays: dict[str, np.ndarray], members: np.ndarray) -> dict[str, float]:
    """Number of examples, mean loss, top-1 and top-5 share of the members, a mask (N,), of one epoch's outcomes.

    Of label sets, top-1 is the share of exact matches, and there is no top-5 (NaN).
    """
    rank = arrays["rank"][members]
    loss = arrays["loss"][members].astype(np.float64)
    return {
        "examples": len(rank),
        "loss": float(loss.mean()),
        "top1": float(np.mean(rank == 0)),
        "top5": np.nan if any(map(is_set_column, arrays)) else float(np.mean(rank < 5)),
    }
