"""Adam with decoupled weight decay (Loshchilov & Hutter 2019; torch.optim.AdamW)."""

import torch


def build(parameters, settings: dict) -> torch.optim.Optimizer:
    """settings: lr, betas, eps, weight_decay (times the learning rate, taken off the weights)."""
    return torch.optim.AdamW(
        parameters,
        lr=settings["lr"],
        betas=tuple(settings.get("betas", (0.9, 0.999))),
        eps=settings.get("eps", 1e-8),
        weight_decay=settings.get("weight_decay", 0.01),
    )
