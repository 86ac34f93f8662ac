"""The small convolutional network of PyTorch's first CIFAR-10 tutorial, with its names.

With ten classes and colour images of 32 x 32 pixels it has 62,006 parameters.
"""

from collections import OrderedDict

from torch import nn

from difficulty.models.smallest_images import refuse_small_images


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """Two convolutions of 5x5 pixels with pooling and three linear layers; images of at least 16 x 16 pixels."""
    refuse_small_images(settings, size)
    height, width = (((side - 4) // 2 - 4) // 2 for side in size)
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 6, 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(6, 16, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * height * width, 120),
            relu3=nn.ReLU(),
            fc2=nn.Linear(120, 84),
            relu4=nn.ReLU(),
            fc3=nn.Linear(84, classes),
        )
    )
