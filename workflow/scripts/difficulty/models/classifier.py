"""The last layer of a network, which gives the logits, and what follows from them: in float32 at least.

In bfloat16 a logit has eight binary digits, so that labels tie and a loss is off by 0.4 %. In float32 the usual
formulas lose a sure prediction: log_softmax of (40, 0) is 0, although the loss is 4.2e-18.
"""

import torch
from torch import nn
from torch.nn import functional


class Classifier(nn.Linear):
    """A linear layer that works in float32 at least, under autocast and after a network of less precision as well."""

    @classmethod
    def of(cls, linear: nn.Linear) -> "Classifier":
        """A classifier with the parameters of `linear`."""
        layer = cls(linear.in_features, linear.out_features, linear.bias is not None, device="meta")
        layer.weight, layer.bias = linear.weight, linear.bias
        return layer

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (..., classes) of features (..., D)."""
        features = at_least_float32(features)
        if features.is_meta:  # shapes only; there is no autocast for them
            return super().forward(features)
        with torch.autocast(features.device.type, enabled=False):
            return super().forward(features)


def at_least_float32(values: torch.Tensor) -> torch.Tensor:
    """In float32 where they are of less precision."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Logarithm of the softmax (N, C) of logits (N, C), each with a relative error of rounding, however sure.

    Of the largest logit z it is -softplus(logsumexp of the others - z), of each other logit z' it is less by z - z'.
    """
    logits = at_least_float32(logits)
    largest, place = logits.max(1, keepdim=True)
    others = logits.scatter(1, place, -torch.inf).logsumexp(1, keepdim=True)
    return (logits - largest) - functional.softplus(others - largest)


def negative_margin(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """logsumexp of the other classes' logits less the label's logit, (N,); logits (N, C), labels int64 (N,)."""
    given, logits = labels[:, None], at_least_float32(logits)
    return logits.scatter(1, given, -torch.inf).logsumexp(1) - logits.gather(1, given)[:, 0]


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each example, nats (N,); it and its gradient have a relative error of rounding, however sure."""
    return functional.softplus(negative_margin(logits, labels))
