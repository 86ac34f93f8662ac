"""What one forward pass says of images with several labels: the same columns of the records, of label sets.

A network with C sigmoids s_c = sigmoid(z_c) is read as one classifier of all 2^C sets of classes: a set's logit is the
sum of z_c over its classes. The softmax over all sets then factorises into the sigmoids, and what is recorded of a
single label has a meaning for a set. Uncounted classes are left out: the sets are those of the other classes. So

- the predicted set is {c: s_c > 1/2}, and correct means that it equals the given one (exact match);
- probability is the product of s_c of the given classes and 1 - s_c of the others;
- margin, the logit of the given set minus that of the best other set, is the least |z_c| where the prediction is
  correct, and else minus the sum of |z_c| over the classes that are wrong;
- entropy is the sum of the entropies of the sigmoids;
- rank is the number of classes that are wrong, 0 where the prediction is correct;
- el2n is ||s - t||, t being 1 for given classes and 0 for others; so its product with the norm of the features is, as
  for single labels, the norm of the last layer's gradient: of the loss summed over classes, -log of the probability;
- loss is what training minimises, that sum divided by the number of classes that count;
- predicted is the class with the largest logit, whether it counts or not.
"""

import numpy as np
import torch
from torch.nn import functional

from difficulty.models.classifier import at_least_float32

_BITS = 31  # of an int32 column that is never negative, so that columns of several processes can be summed
_WORD = "predicted_set_"


def set_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of each example, the mean over the classes that count, (N,).

    logits (N, C); targets (N, C): 1 present, 0 absent, NaN uncounted. Its mean over examples is torch's
    BCEWithLogitsLoss where every class counts.
    """
    counted = ~targets.isnan()
    each = -functional.logsigmoid(towards(logits, targets))  # torch's own is 0 of a sure and absent class
    return (each * counted).sum(1) / counted.sum(1)


def towards(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The logits, in float32 at least, of each class's given state: with the other sign where the class is absent."""
    logits = at_least_float32(logits)
    return torch.where(targets == 1, logits, -logits)


def length(vectors: torch.Tensor) -> torch.Tensor:
    """Euclidean norm (N,) of vectors (N, C), also of those whose squares would underflow."""
    largest = vectors.abs().amax(1, keepdim=True).clamp_min(torch.finfo(vectors.dtype).tiny)
    return (vectors / largest).norm(dim=1) * largest[:, 0]


def set_outcomes(logits: torch.Tensor, features: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
    """Per-example outcomes, each (N,), of logits (N, C), penultimate features (N, D) and targets (N, C).

    Beside the columns of the records, columns predicted_set_0, ... of 31 bits each: class c is bit c % 31 of c // 31.
    """
    logits = at_least_float32(logits.detach())
    counted, given = ~targets.isnan(), targets == 1
    present = logits > 0
    wrong = (present != given) & counted
    distance, right = logits.abs(), towards(logits, targets)
    log_shares = functional.logsigmoid(right) * counted
    entropies = -sum(each.sigmoid() * functional.logsigmoid(each) for each in (logits, -logits))
    nearest = distance.masked_fill(~counted, torch.inf).amin(1)
    return {
        "predicted": logits.argmax(1),
        "rank": wrong.sum(1),
        "probability": log_shares.sum(1).exp(),
        "margin": torch.where(wrong.any(1), -(distance * wrong).sum(1), nearest),
        "loss": set_loss(logits, targets),
        "el2n": length((-right).sigmoid() * counted),
        "entropy": (entropies * counted).sum(1),
        "feature_norm": features.float().flatten(1).norm(dim=1),
        **_packed(present),
    }


def set_columns(classes: int) -> list[str]:
    """Names of the columns that hold predicted sets of so many classes."""
    return [f"{_WORD}{number}" for number in range(-(-classes // _BITS))]


def is_set_column(name: str) -> bool:
    """Whether a column of outcomes is part of the predicted set."""
    return name.startswith(_WORD)


def predicted_sets(arrays: dict[str, np.ndarray]) -> list[str] | None:
    """The predicted set of each example as text, ascending class numbers separated by spaces; None of single labels.

    arrays: the outcomes of an epoch, name -> (N,).
    """
    columns = sorted((name for name in arrays if is_set_column(name)), key=lambda name: int(name.removeprefix(_WORD)))
    if not columns:
        return None
    words, inverse = np.unique(np.stack([arrays[name] for name in columns], 1), axis=0, return_inverse=True)
    bits = (words[:, :, None] >> np.arange(_BITS)) & 1
    texts = [" ".join(map(str, np.flatnonzero(row))) for row in bits.reshape(len(words), -1)]
    return [texts[place] for place in inverse.ravel()]


def _packed(present: torch.Tensor) -> dict[str, torch.Tensor]:
    """The columns that hold sets, a mask (N, C)."""
    parts = present.long().split(_BITS, dim=1)
    weights = 1 << torch.arange(_BITS, device=present.device)
    return {
        name: (part * weights[: part.shape[1]]).sum(1)
        for name, part in zip(set_columns(present.shape[1]), parts, strict=True)
    }
