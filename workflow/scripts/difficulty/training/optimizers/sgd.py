"""Stochastic gradient descent with momentum (torch.optim.SGD)."""

import torch


def build(parameters, settings: dict) -> torch.optim.Optimizer:
    """settings: lr, momentum, weight_decay, nesterov."""
    return torch.optim.SGD(
        parameters,
        lr=settings["lr"],
        momentum=settings.get("momentum", 0.0),
        weight_decay=settings.get("weight_decay", 0.0),
        nesterov=settings.get("nesterov", False),
    )
