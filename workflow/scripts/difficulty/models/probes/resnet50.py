"""Where resnet18 is probed: after the first convolution and its batch norm, and each block's sum, before the ReLU."""

from difficulty.models.probes.resnet18 import points

__all__ = ["points"]
