"""Coherence of the gradients of some examples: how far they point the same way.

alpha = |mean_i g_i|^2 / mean_i |g_i|^2, of m examples: 1 where all gradients are equal, 1 / m where they are
orthogonal, 0 where they cancel. m * alpha is how many of the examples each one helps, itself included.
Chatterjee & Zielinski 2020, "Making Coherence Out of Nothing At All" (arXiv 2008.01217).
"""

from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import nn

from difficulty.models.classifier import cross_entropy
from difficulty.scores.coherence.tables import ALL
from difficulty.scores.influence.layer_passes import refuse_training_mode


@dataclass(frozen=True)
class Coherence:
    """Of m examples. alphas: module that owns parameters -> alpha of these, and ALL; NaN where all gradients are 0."""

    examples: int
    alphas: dict[str, float]


def coherence(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> Coherence:
    """Of the gradients of the cross-entropy by all parameters that take part in training, one example at a time.

    model: in evaluation mode; images (m, C, H, W), labels int (m,), on its device. The parameters' own gradients stay
    as they are. Raises ValueError for a network in training mode, and without examples.
    """
    refuse_training_mode(model)
    if not len(images):
        raise ValueError("images: there is no example")
    parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
    sums = {name: torch.zeros_like(each) for name, each in parameters.items()}
    squares = dict.fromkeys(parameters, 0.0)
    for image, label in zip(images.split(1), labels.split(1), strict=True):
        loss = cross_entropy(model(image), label)[0]
        found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        for name, gradient in zip(parameters, found, strict=True):
            if gradient is not None:
                sums[name] += gradient
                squares[name] += gradient.double().square().sum().item()
    of_sums, of_examples = defaultdict(float), defaultdict(float)
    for name, total in sums.items():
        for owner in (ALL, name.rpartition(".")[0]):
            of_sums[owner] += total.double().square().sum().item()
            of_examples[owner] += squares[name]
    count = len(images)
    alphas = {
        owner: of_sums[owner] / (count * square) if square else float("nan") for owner, square in of_examples.items()
    }
    return Coherence(count, alphas)
