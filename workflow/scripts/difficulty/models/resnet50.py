"""ResNet-50 (He et al. 2016) with torchvision's names, any width, and a stem for large or for small images.

As torchvision's, a block halves the image in its 3x3 convolution. With ten classes and colour images it has 23,528,522
parameters at `width` 64 with the imagenet stem, 23,520,842 with the cifar stem.
"""

from torch import nn
from torchvision.models.resnet import Bottleneck

from difficulty.models.residual_network import ResidualNetwork
from difficulty.models.stems import stem_of

_WIDTH = 64
_BLOCKS = (3, 4, 6, 3)


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """`stem` imagenet: 7x7 stride 2 and pooling; cifar: 3x3 stride 1 (default under 64 pixels).

    Blocks of `width`, ..., 8 times `width` channels give 4 times as many. With `width` 64 and the imagenet stem,
    torchvision's resnet50 weights fit.
    """
    width = settings.get("width", _WIDTH)
    return ResidualNetwork(Bottleneck, _BLOCKS, channels, classes, width, stem_of(settings, size))
