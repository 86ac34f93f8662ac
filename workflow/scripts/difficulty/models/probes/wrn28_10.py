"""The first convolution, each block's sum, before batch norm and ReLU, and the last batch norm."""

from torch import nn

from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """`stem`, `group1.0` ... `group3.3` and `norm`."""
    blocks = [
        f"{group}.{block}"
        for group in ("group1", "group2", "group3")
        for block, _ in model.get_submodule(group).named_children()
    ]
    return [ProbePoint("stem", "conv1"), *(ProbePoint(block, block) for block in blocks), ProbePoint("norm", "norm")]
