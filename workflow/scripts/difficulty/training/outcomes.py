"""What one forward pass says of each example: the columns of the training records."""

import numpy as np
import pandas as pd
import torch

from difficulty.training.processes import Processes

FLOATS = ("probability", "margin", "loss", "el2n", "entropy", "feature_norm")
INTEGERS = ("predicted", "rank")  # rank: how many classes come before the given label; ties by index, as in predicted


def example_outcomes(logits: torch.Tensor, features: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Per-example outcomes, each (N,), of logits (N, C), penultimate features (N, D) and given labels (N,)."""
    logits = logits.detach().float()
    given = labels[:, None]
    classes = torch.arange(logits.shape[1], device=logits.device)
    log_probabilities = torch.log_softmax(logits, 1)
    probabilities = log_probabilities.exp()
    loss = -log_probabilities.gather(1, given)[:, 0]
    label_logit = logits.gather(1, given)
    return {
        "predicted": logits.argmax(1),
        "rank": ((logits > label_logit) | ((logits == label_logit) & (classes < given))).sum(1),
        "probability": probabilities.gather(1, given)[:, 0],
        "margin": label_logit[:, 0] - logits.scatter(1, given, -torch.inf).amax(1),
        "loss": loss,
        "el2n": probabilities.scatter_add(1, given, torch.full_like(probabilities[:, :1], -1)).norm(dim=1),
        "entropy": -(probabilities * log_probabilities).sum(1),
        "feature_norm": features.float().flatten(1).norm(dim=1),
    }


class OutcomeTable:
    """Outcomes of all examples of one epoch, filled batch by batch on the device, read back once."""

    def __init__(self, count: int, device: torch.device):
        self._columns = {name: torch.full((count,), torch.nan, device=device) for name in FLOATS}
        self._columns |= {name: torch.full((count,), -1, dtype=torch.int32, device=device) for name in INTEGERS}

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
    """One epoch's rows of RECORDS for the examples whose outcomes are known."""
    frame = pd.DataFrame({"example_id": example_ids, "epoch": np.int32(epoch), "role": roles})
    frame["predicted"] = arrays["predicted"]
    frame["correct"] = arrays["predicted"] == labels
    for name in FLOATS:
        frame[name] = arrays[name]
    return frame[arrays["predicted"] >= 0]


def group_summary(arrays: dict[str, np.ndarray], members: np.ndarray) -> dict[str, float]:
    """Number of examples, mean loss, top-1 and top-5 share of the members, a mask (N,), of one epoch's outcomes."""
    rank = arrays["rank"][members]
    loss = arrays["loss"][members].astype(np.float64)
    return {
        "examples": len(rank),
        "loss": float(loss.mean()),
        "top1": float(np.mean(rank == 0)),
        "top5": float(np.mean(rank < 5)),
    }
