"""Every convolution and every linear layer, before its activation; the last one gives the logits."""

from torch import nn

from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """`conv1`, `conv2`, `fc1`, `fc2` and `logits`."""
    return [*(ProbePoint(name, name) for name in ("conv1", "conv2", "fc1", "fc2")), ProbePoint("logits", "fc3")]
