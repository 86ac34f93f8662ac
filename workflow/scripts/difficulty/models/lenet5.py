"""LeNet-5 (LeCun et al. 1998) in its common modern form: tanh, mean pooling, all maps connected, a linear output.

With ten classes and gray images of up to 32 x 32 pixels it has 61,706 parameters.
"""

from collections import OrderedDict

from torch import nn

_SIDE = 32


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """Two convolutions of 5x5 pixels with pooling and three linear layers.

    Smaller images get zeros around them, up to 32 x 32 pixels: two on each side of 28 x 28 pixels.
    """
    missing = [max(0, _SIDE - side) for side in size]
    (top, bottom), (left, right) = ((each // 2, each - each // 2) for each in missing)
    height, width = (((max(side, _SIDE) - 4) // 2 - 4) // 2 for side in size)
    return nn.Sequential(
        OrderedDict(
            pad=nn.ZeroPad2d((left, right, top, bottom)),
            conv1=nn.Conv2d(channels, 6, 5),
            tanh1=nn.Tanh(),
            pool1=nn.AvgPool2d(2),
            conv2=nn.Conv2d(6, 16, 5),
            tanh2=nn.Tanh(),
            pool2=nn.AvgPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * height * width, 120),
            tanh3=nn.Tanh(),
            fc2=nn.Linear(120, 84),
            tanh4=nn.Tanh(),
            fc3=nn.Linear(84, classes),
        )
    )
