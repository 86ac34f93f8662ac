"""The first convolution's batch norm, every dense block, every transition, and the last batch norm."""

from torch import nn

from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """`stem`, `denseblock1`, `transition1`, ..., `norm5`, of any network built like torchvision's dense ones."""
    names = [name for name, _ in model.features.named_children()]
    kept = [name for name in names if name == "norm0" or name.startswith(("denseblock", "transition", "norm5"))]
    return [ProbePoint("stem" if name == "norm0" else name, f"features.{name}") for name in kept]
