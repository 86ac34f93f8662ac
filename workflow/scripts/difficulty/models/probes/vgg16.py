"""Outputs of all convolutions, before batch norm where there is one: the embeddings that Baldock et al. probe."""

from torch import nn

from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """`conv1`, `conv2`, ... of any network."""
    layers = [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)]
    return [ProbePoint(f"conv{number}", layer) for number, layer in enumerate(layers, start=1)]
