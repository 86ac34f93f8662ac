"""Residual networks at their blocks, VGG and AlexNet at every convolution, DenseNet at its stages.

Of other networks the configuration names the modules.
"""

from torch import nn
from torchvision.models import VGG, AlexNet, DenseNet, ResNet

from difficulty.models.probes import resnet18
from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """The points by the kind of the network; none if it is of another kind."""
    if isinstance(model, ResNet):
        return resnet18.points(model)
    if isinstance(model, VGG | AlexNet):
        return _convolutions(model)
    return _dense_stages(model) if isinstance(model, DenseNet) else []


def _convolutions(model: nn.Module) -> list[ProbePoint]:
    """Outputs of all convolutions, before batch norm where there is one: the embeddings that Baldock et al. probe."""
    layers = [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)]
    return [ProbePoint(f"conv{number}", layer) for number, layer in enumerate(layers, start=1)]


def _dense_stages(model: nn.Module) -> list[ProbePoint]:
    """The first convolution's batch norm, every dense block, every transition, and the last batch norm."""
    names = [name for name, _ in model.features.named_children()]
    kept = [name for name in names if name == "norm0" or name.startswith(("denseblock", "transition", "norm5"))]
    return [ProbePoint("stem" if name == "norm0" else name, f"features.{name}") for name in kept]
