"""Before the ReLU of each convolution outside the blocks, each block's sum, and the pooled features."""

from torch import nn

from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """`stem`, `down`, `block1`, `widen`, `block2`, `narrow` and `features`."""
    return [
        ProbePoint("stem", "stem.1"),
        ProbePoint("down", "down.1"),
        ProbePoint("block1", "block1"),
        ProbePoint("widen", "widen.1"),
        ProbePoint("block2", "block2"),
        ProbePoint("narrow", "narrow.1"),
        ProbePoint("features", "collect"),
    ]
