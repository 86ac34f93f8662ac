"""ResNet-18 (He et al. 2016) with torchvision's names, any width, and a stem for large or for small images."""

from torch import nn
from torchvision.models.resnet import BasicBlock

from difficulty.models.residual_network import ResidualNetwork
from difficulty.models.stems import stem_of

_WIDTH = 64
_BLOCKS = (2, 2, 2, 2)


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """`stem` imagenet: 7x7 stride 2 and pooling; cifar: 3x3 stride 1 (default under 64 pixels).

    With `width` 64 and the imagenet stem, torchvision's resnet18 weights fit.
    """
    width = settings.get("width", _WIDTH)
    return ResidualNetwork(BasicBlock, _BLOCKS, channels, classes, width, stem_of(settings, size))
