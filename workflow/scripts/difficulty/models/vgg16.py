"""VGG-16 with batch norm (Simonyan & Zisserman 2015) with torchvision's names, any width, for large or small images.

With ten classes and colour images of 32 x 32 pixels it has 14,728,266 parameters at `width` 64.
"""

import torch
from torch import nn

from difficulty.models.stems import stem_of

_WIDTH = 64
_STAGES = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # channels over width, convolutions
_POOLED = 7


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """Five stages of `width` to 8 times `width` channels, each of which ends in pooling.

    `stem` says what follows them. imagenet: 7 x 7 pixels and three linear layers with dropout, so that torchvision's
    vgg16_bn weights fit with `width` 64; cifar: one linear layer of the mean over pixels (default under 64 pixels).
    Images under 32 pixels go without the last poolings, which would leave nothing of them.
    """
    return VGG16(channels, size, classes, settings.get("width", _WIDTH), stem_of(settings, size))


class VGG16(nn.Module):
    """13 convolutions, each with batch norm and ReLU, and one or three linear layers."""

    def __init__(self, channels: int, size: tuple[int, int], classes: int, width: int, stem: str):
        super().__init__()
        layers: list[nn.Module] = []
        for stage, (factor, convolutions) in enumerate(_STAGES):
            for _ in range(convolutions):
                outputs = factor * width
                layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
                channels = outputs
            layers.append(nn.MaxPool2d(2) if min(size) >> stage >= 2 else nn.Identity())
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(_POOLED if stem == "imagenet" else 1)
        if stem == "imagenet":
            hidden = 64 * width
            first = [nn.Linear(channels * _POOLED**2, hidden), nn.ReLU(), nn.Dropout()]
            second = [nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout()]
            self.classifier = nn.Sequential(*first, *second, nn.Linear(hidden, classes))
        else:
            self.classifier = nn.Linear(channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(images)), 1))
