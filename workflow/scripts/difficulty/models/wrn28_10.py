"""WRN-28-10, the wide residual network of 28 layers (Zagoruyko & Komodakis 2016), for images of any size.

With ten classes and colour images it has 36,479,194 parameters at the widening factor 10.
"""

import torch
from torch import nn

_FACTOR = 10
_GROUPS = (16, 32, 64)  # channels over the widening factor
_BLOCKS = 4  # of each group: (28 - 4) / 6
_STEM = 16


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """`width` is the widening factor, as in the paper: with `width` k it is WRN-28-k. Without dropout."""
    return WideResNet(channels, classes, settings.get("width", _FACTOR))


class WideResNet(nn.Module):
    """A convolution, three groups of blocks, the last two of which halve the image, batch norm and a linear layer."""

    def __init__(self, channels: int, classes: int, factor: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, _STEM, 3, padding=1, bias=False)
        inputs = _STEM
        for number, base in enumerate(_GROUPS, start=1):
            outputs = base * factor
            first = Block(inputs, outputs, stride=1 if number == 1 else 2)
            rest = [Block(outputs, outputs) for _ in range(_BLOCKS - 1)]
            self.add_module(f"group{number}", nn.Sequential(first, *rest))
            inputs = outputs
        self.norm = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.fc.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.group3(self.group2(self.group1(self.conv1(images))))
        return self.fc(torch.flatten(self.avgpool(self.relu(self.norm(hidden))), 1))


class Block(nn.Module):
    """The input plus two convolutions of it, each after batch norm and ReLU.

    Where the number of channels or the size changes, a 1x1 convolution of the first ReLU's output replaces the input.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.bn1, self.relu1 = nn.BatchNorm2d(inputs), nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn2, self.relu2 = nn.BatchNorm2d(outputs), nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        same = inputs == outputs and stride == 1
        self.shortcut = None if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.relu1(self.bn1(images))
        direct = images if self.shortcut is None else self.shortcut(hidden)
        return direct + self.conv2(self.relu2(self.bn2(self.conv1(hidden))))
