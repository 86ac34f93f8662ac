"""DenseNet-121 (Huang et al. 2017), torchvision's, with any growth rate and a stem for large or for small images.

With 1,000 classes and colour images it has 7,978,856 parameters at `width` 32 with the imagenet stem.
"""

from torch import nn
from torchvision.models import DenseNet

from difficulty.models.smallest_images import refuse_small_images
from difficulty.models.stems import stem_of

_GROWTH = 32
_BLOCKS = (6, 12, 24, 16)


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """`width` is the growth rate: channels that each layer adds to twice as many of the stem.

    `stem` imagenet: 7x7 stride 2 and pooling; cifar: 3x3 stride 1 (default under 64 pixels). With `width` 32 and the
    imagenet stem, torchvision's densenet121 weights fit. Raises UserError if the images are too small.
    """
    stem = stem_of(settings, size)
    refuse_small_images(settings, size)
    growth = settings.get("width", _GROWTH)
    model = DenseNet(growth, _BLOCKS, 2 * growth, num_classes=classes)
    if stem == "cifar":
        model.features.conv0 = _first(nn.Conv2d(channels, 2 * growth, 3, padding=1, bias=False))
        model.features.pool0 = nn.Identity()
    elif channels != 3:
        model.features.conv0 = _first(nn.Conv2d(channels, 2 * growth, 7, stride=2, padding=3, bias=False))
    return model


def _first(convolution: nn.Conv2d) -> nn.Conv2d:
    """With weights drawn as those of the others."""
    nn.init.kaiming_normal_(convolution.weight)
    return convolution
