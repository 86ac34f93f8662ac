"""Augmentation of whole batches of uint8 images with tensor code; every image gets draws of its own."""

import math

import torch
from torch.nn import functional

Draws = dict[str, torch.Tensor]


def draw(count: int, settings: dict, generator: torch.Generator) -> Draws:
    """What chance decides of `count` images, for `augment`: tensors (count, ...), so that a part of a batch is a slice.

    generator: on the CPU; the draws depend neither on the device of the images nor on who augments which of them.
    """
    draws = {}
    if settings.get("resized_crop"):
        draws |= {name: torch.rand(count, generator=generator) for name in ("area", "ratio")}
        draws["place"] = torch.rand(2, count, generator=generator).T
    if settings.get("crop"):
        draws["offset"] = torch.randint(0, 2 * settings["crop"] + 1, (2, count), generator=generator).T
    if settings.get("flip"):
        draws["flipped"] = torch.rand(count, generator=generator) < 0.5
    return draws


def augment(images: torch.Tensor, settings: dict, draws: Draws) -> torch.Tensor:
    """Augmented copies of images, uint8 (N, C, H, W), by their draws (N, ...).

    settings: crop (zero padding in pixels around the image before a random crop of its own size), resized_crop
    ({scale, ratio}: a random part of the image's area, resized back), flip (half of the images left to right).
    """
    if settings.get("resized_crop"):
        images = _resized_crop(images, settings["resized_crop"], draws)
    if settings.get("crop"):
        images = _crop(images, settings["crop"], draws["offset"])
    if settings.get("flip"):
        flipped = draws["flipped"].to(images.device)[:, None, None, None]
        images = torch.where(flipped, images.flip(3), images)
    return images


def _crop(images: torch.Tensor, padding: int, offset: torch.Tensor) -> torch.Tensor:
    count, _, height, width = images.shape
    padded = functional.pad(images, (padding,) * 4).permute(0, 2, 3, 1)
    top, left = offset.T[:, :, None].to(images.device)
    rows = (top + torch.arange(height, device=images.device))[:, :, None]
    columns = (left + torch.arange(width, device=images.device))[:, None, :]
    return padded[torch.arange(count, device=images.device)[:, None, None], rows, columns].permute(0, 3, 1, 2)


def _resized_crop(images: torch.Tensor, settings: dict, draws: Draws) -> torch.Tensor:
    """As torchvision's RandomResizedCrop, with one draw clipped to the image instead of ten tries."""
    count, _, height, width = images.shape
    low, high = settings.get("scale", (0.08, 1.0))
    area = low + (high - low) * draws["area"]
    narrow, wide = (math.log(bound) for bound in settings.get("ratio", (3 / 4, 4 / 3)))
    ratio = torch.exp(narrow + (wide - narrow) * draws["ratio"])
    across = torch.sqrt(area * ratio * height / width).clamp(max=1.0)
    down = torch.sqrt(area / ratio * width / height).clamp(max=1.0)
    offsets = 2 * draws["place"].T - 1
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = across, down
    matrix[:, 0, 2], matrix[:, 1, 2] = offsets[0] * (1 - across), offsets[1] * (1 - down)
    grid = functional.affine_grid(matrix.to(images.device), images.shape, align_corners=False)
    sampled = functional.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
    return sampled.round().to(torch.uint8)
