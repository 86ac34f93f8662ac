"""Initial weights other than the network's own: after Glorot & Bengio 2010 (xavier) or He et al. 2015 (kaiming)."""

import torch
from torch import nn

from difficulty.random_streams import derived_seed

_DRAWS = {
    ("kaiming", "normal"): nn.init.kaiming_normal_,
    ("kaiming", "uniform"): nn.init.kaiming_uniform_,
    ("xavier", "normal"): nn.init.xavier_normal_,
    ("xavier", "uniform"): nn.init.xavier_uniform_,
}


def initialize(model: nn.Module, settings: dict, seed: int) -> None:
    """Draws the weights of all convolutions and linear layers again, as a function of `seed` alone; biases become 0.

    settings: kind and distribution. The variance is 2 over the inputs of an output (kaiming, for ReLU), or 2 over the
    inputs of an output plus the outputs of an input (xavier). Batch norm stays as it is.
    """
    draw = _DRAWS[settings["kind"], settings["distribution"]]
    gain = {"nonlinearity": "relu"} if settings["kind"] == "kaiming" else {}
    generator = torch.Generator().manual_seed(derived_seed(seed, "initial weights"))
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            draw(module.weight, **gain, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
