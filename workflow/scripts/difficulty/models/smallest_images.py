"""Sides of the smallest images that networks take, for those that take not all. Standard library only."""

from collections.abc import Mapping

from difficulty.errors import UserError
from difficulty.models.stems import stem_of

# Architecture -> side in pixels, and what to do instead.
_SMALLEST = {"resnet9": (6, "use mlp"), "net": (16, "use lenet5 or mlp")}
# By stem: what survives the three poolings between the blocks of densenet121.
_SMALLEST_BY_STEM = {"densenet121": {"cifar": (8, "use resnet18"), "imagenet": (29, "set stem: cifar")}}


def refuse_small_images(settings: Mapping, size: tuple[int, int]) -> None:
    """Raises UserError if the network of the settings (architecture, stem) cannot take images of (height, width)."""
    name, stem = settings["architecture"], ""
    least, remedy = _SMALLEST.get(name, (1, ""))
    if name in _SMALLEST_BY_STEM:
        kind = stem_of(dict(settings), size)
        stem, (least, remedy) = f" with the stem {kind}", _SMALLEST_BY_STEM[name][kind]
    if min(size) < least:
        images = f"images of at least {least} x {least} pixels, not {size[0]} x {size[1]}"
        raise UserError(f"{name}{stem} needs {images}: {remedy}")
