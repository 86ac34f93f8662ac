"""What training minimises; the labels say which of the two."""

import torch
from torch.nn import functional

from difficulty.training.set_outcomes import set_loss
from difficulty.training.targets import are_sets


def mean_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits (N, C) and given labels (N,), or binary cross-entropy and label sets (N, C)."""
    return set_loss(logits, labels).mean() if are_sets(labels) else functional.cross_entropy(logits, labels)
