"""After the first convolution and its batch norm, and each block's sum, before the ReLU (Baldock et al. 2021)."""

from torch import nn

from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """`stem`, and `layer1.0` ... `layer4.1`, of any network built like torchvision's residual ones."""
    blocks = [
        f"{stage}.{block}"
        for stage in ("layer1", "layer2", "layer3", "layer4")
        for block, _ in model.get_submodule(stage).named_children()
    ]
    # A block calls its one ReLU after each convolution, the last time on the sum.
    return [ProbePoint("stem", "bn1"), *(ProbePoint(block, f"{block}.relu", "input") for block in blocks)]
