"""A multilayer perceptron on flattened pixels."""

from torch import nn

_WIDTH, _DEPTH = 256, 2


def build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> nn.Module:
    """`depth` hidden layers of `width` units with ReLU; `width` 256 and `depth` 2 unless given."""
    width, depth = settings.get("width", _WIDTH), settings.get("depth", _DEPTH)
    layers = [nn.Flatten()]
    inputs = channels * size[0] * size[1]
    for _ in range(depth):
        layers += [nn.Linear(inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, classes))
