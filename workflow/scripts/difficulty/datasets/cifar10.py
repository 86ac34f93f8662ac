"""CIFAR-10: 50,000 training and 10,000 test images of 10 classes, 32x32 RGB."""

from torchvision.datasets import CIFAR10

from difficulty.datasets.cifar import read_cifar
from difficulty.datasets.source import Source


def read(settings: dict) -> Source:
    """See read_cifar."""
    return read_cifar(CIFAR10, settings)
