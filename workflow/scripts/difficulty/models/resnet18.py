"""ResNet-18 (He et al. 2016) with torchvision's names, any width, and a stem for large or for small images."""

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

_WIDTH = 64
_BLOCKS_PER_STAGE = 2


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """`stem` imagenet: 7x7 stride 2 and pooling; cifar: 3x3 stride 1 (default under 64 pixels).

    With `width` 64 and the imagenet stem, torchvision's resnet18 weights fit.
    """
    stem = settings.get("stem") or ("cifar" if min(size) < 64 else "imagenet")
    return ResNet18(channels, classes, settings.get("width", _WIDTH), stem)


class ResNet18(nn.Module):
    """Four stages of two basic blocks of width, 2, 4 and 8 times width."""

    def __init__(self, channels: int, classes: int, width: int, stem: str):
        super().__init__()
        if stem == "imagenet":
            self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
            self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        else:
            self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
            self.maxpool = nn.Identity()
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.layer1 = _stage(width, width, stride=1)
        self.layer2 = _stage(width, 2 * width, stride=2)
        self.layer3 = _stage(2 * width, 4 * width, stride=2)
        self.layer4 = _stage(4 * width, 8 * width, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        hidden = self.layer4(self.layer3(self.layer2(self.layer1(hidden))))
        return self.fc(torch.flatten(self.avgpool(hidden), 1))


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    shortcut = None
    if stride != 1 or inputs != outputs:
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    rest = [BasicBlock(outputs, outputs) for _ in range(_BLOCKS_PER_STAGE - 1)]
    return nn.Sequential(BasicBlock(inputs, outputs, stride, shortcut), *rest)
