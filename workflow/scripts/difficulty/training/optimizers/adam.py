"""Adam (Kingma & Ba 2015; torch.optim.Adam)."""

import torch


def build(parameters, settings: dict) -> torch.optim.Optimizer:
    """settings: lr, betas, eps, weight_decay (added to the gradient)."""
    return torch.optim.Adam(
        parameters,
        lr=settings["lr"],
        betas=tuple(settings.get("betas", (0.9, 0.999))),
        eps=settings.get("eps", 1e-8),
        weight_decay=settings.get("weight_decay", 0.0),
    )
