"""Residual networks (He et al. 2016) with torchvision's names, any width, and a stem for large or for small images."""

from collections.abc import Sequence

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck


class ResidualNetwork(nn.Module):
    """Four stages of `counts` blocks of width, 2, 4 and 8 times width, times the expansion of the block.

    stem: imagenet is a 7x7 convolution with stride 2 and pooling, cifar a 3x3 convolution with stride 1.
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        counts: Sequence[int],
        channels: int,
        classes: int,
        width: int,
        stem: str,
    ):
        super().__init__()
        if stem == "imagenet":
            self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
            self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        else:
            self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
            self.maxpool = nn.Identity()
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.layer1 = _stage(block, counts[0], width, width, stride=1)
        self.layer2 = _stage(block, counts[1], width * block.expansion, 2 * width, stride=2)
        self.layer3 = _stage(block, counts[2], 2 * width * block.expansion, 4 * width, stride=2)
        self.layer4 = _stage(block, counts[3], 4 * width * block.expansion, 8 * width, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width * block.expansion, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        hidden = self.layer4(self.layer3(self.layer2(self.layer1(hidden))))
        return self.fc(torch.flatten(self.avgpool(hidden), 1))


def _stage(block: type[nn.Module], count: int, inputs: int, planes: int, stride: int) -> nn.Sequential:
    shortcut, outputs = None, planes * block.expansion
    if stride != 1 or inputs != outputs:
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    rest = [block(outputs, planes) for _ in range(count - 1)]
    return nn.Sequential(block(inputs, planes, stride, shortcut), *rest)
