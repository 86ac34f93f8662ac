"""Every linear layer, before its ReLU; the last one gives the logits."""

from torch import nn

from difficulty.models.probing import ProbePoint


def points(model: nn.Module) -> list[ProbePoint]:
    """`linear1`, `linear2`, ..., `logits`."""
    layers = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    names = [*(f"linear{number}" for number in range(1, len(layers))), "logits"]
    return [ProbePoint(name, layer) for name, layer in zip(names, layers, strict=True)]
