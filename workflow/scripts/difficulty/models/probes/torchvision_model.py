"""Residual networks at their blocks, VGG and AlexNet at every convolution, DenseNet at its stages.

Of other networks the configuration names the modules.
"""

from torch import nn
from torchvision.models import VGG, AlexNet, DenseNet, ResNet

from difficulty.models.probes import densenet121, resnet18, vgg16
from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """The points by the kind of the network; none if it is of another kind."""
    if isinstance(model, ResNet):
        return resnet18.points(model)
    if isinstance(model, VGG | AlexNet):
        return vgg16.points(model)
    return densenet121.points(model) if isinstance(model, DenseNet) else []
