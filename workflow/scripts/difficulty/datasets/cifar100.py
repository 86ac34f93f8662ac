"""CIFAR-100: 50,000 training and 10,000 test images, 32x32 RGB; classes are the 100 fine labels."""

from torchvision.datasets import CIFAR100

from difficulty.datasets.cifar import read_cifar
from difficulty.datasets.source import Source


def read(settings: dict) -> Source:
    """See read_cifar."""
    return read_cifar(CIFAR100, settings)
