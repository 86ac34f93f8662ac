"""The nine-layer residual network of fast CIFAR-10 training (Page 2018), as the influence literature uses it.

Widths 64, 128, 128, 256, 128 and 2,274,880 parameters at `width` 64 with ten classes and colour images
(Grosse et al. 2023, arXiv 2308.03296; kronfluence's CIFAR-10 example).
"""

import torch
from torch import nn

from difficulty.models.smallest_images import refuse_small_images

_WIDTH = 64
_SMALL = 11  # images under this many pixels would vanish: the second convolution does not halve them
OUTPUT_SCALE = 0.2


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """ResNet-9 with `width` channels in its first convolution; images of at least 6 x 6 pixels."""
    refuse_small_images(settings, size)
    return ResNet9(channels, classes, settings.get("width", _WIDTH), halve=min(size) >= _SMALL)


class ResNet9(nn.Module):
    """logits = 0.2 x linear(features); convolutions have no bias, each is followed by batch norm and ReLU."""

    output_scale = OUTPUT_SCALE

    def __init__(self, channels: int, classes: int, width: int, halve: bool = True):
        super().__init__()
        self.stem = _convolution(channels, width)
        self.down = _convolution(width, 2 * width, kernel_size=5, stride=2 if halve else 1, padding=2)
        self.block1 = Residual(2 * width)
        self.widen = _convolution(2 * width, 4 * width)
        self.pool = nn.MaxPool2d(2)
        self.block2 = Residual(4 * width)
        self.narrow = _convolution(4 * width, 2 * width, padding=0)
        self.collect = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.linear = nn.Linear(2 * width, classes, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.block1(self.down(self.stem(images)))
        hidden = self.block2(self.pool(self.widen(hidden)))
        return self.linear(self.collect(self.narrow(hidden))) * OUTPUT_SCALE


class Residual(nn.Module):
    """The input plus two convolutions of it."""

    def __init__(self, channels: int):
        super().__init__()
        self.convolutions = nn.Sequential(_convolution(channels, channels), _convolution(channels, channels))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + self.convolutions(hidden)


def _convolution(inputs: int, outputs: int, kernel_size: int = 3, stride: int = 1, padding: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
