"""How far a network's predictions of augmented copies of an image diverge from its prediction of the image itself.

Zhang et al., "ALLSH: Active learning guided by local sensitivity and hardness", Findings of NAACL 2022, arXiv
2205.04980: there the copies are of text, and unlabelled examples with a large divergence are chosen for annotation.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import torch

from difficulty.models.classifier import log_probabilities
from difficulty.tables import Column

AUGMENTATION_SENSITIVITY: Mapping[str, Column] = {
    "augmentation_sensitivity": Column(
        pa.float32(),
        "mean Kullback-Leibler divergence of the predictions of augmented copies from that of the image at the last "
        "checkpoint, nats (Zhang et al. 2022)",
        direction=1,
    ),
    "view_margin": Column(
        pa.float32(), "mean margin of the logits of augmented copies at the last checkpoint; evidence of label_error"
    ),
}


def margins(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The logit of the given label, int (N,), minus the largest other one, (N,). logits: (N, C)."""
    rows = np.arange(len(labels))
    others = logits.copy()
    others[rows, labels] = -np.inf
    return logits[rows, labels] - others.max(axis=1)


def divergence(plain: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence KL(p || q) in nats, float64 (N,), never below 0.

    plain, other: logits (N, C), whose softmax p and q are.
    """
    log_p, log_q = (log_probabilities(torch.from_numpy(logits).double()) for logits in (plain, other))
    return (log_p.exp() * (log_p - log_q)).sum(1).clamp_min(0).numpy()
