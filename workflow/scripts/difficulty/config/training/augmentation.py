"""Augmentation of the training images."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from difficulty.config.core.ranges import Range
from difficulty.config.core.section import Section, ascending, problem

_Share = Annotated[float, Range(0, 1, low_excluded=True)]
_Ratio = Annotated[float, Range(0.01, 100)]


class ResizedCrop(Section):
    """A random part of the image, resized back to its size (torchvision's RandomResizedCrop)."""

    scale: Annotated[list[_Share], Field(min_length=2, max_length=2), AfterValidator(ascending)] = Field(
        [0.08, 1.0], description="smallest and largest share of the image's area"
    )
    ratio: Annotated[list[_Ratio], Field(min_length=2, max_length=2), AfterValidator(ascending)] = Field(
        [3 / 4, 4 / 3], description="smallest and largest ratio of width to height"
    )


class Augmentation(Section):
    """Random changes of the training images, drawn afresh for every image and epoch."""

    crop: Annotated[int, Range(1, 512)] | None = Field(
        None, description="pixels of zero padding before a random crop of the image's own size; null: none"
    )
    flip: bool = Field(False, description="mirror half of the images left to right")
    resized_crop: ResizedCrop | None = Field(
        None, description="random part of the image, resized back: {scale, ratio}; null: none"
    )

    @field_validator("resized_crop")
    @classmethod
    def _is_only_crop(cls, resized_crop, info):
        if resized_crop is not None and info.data.get("crop") is not None:
            raise problem("crop and resized_crop exclude each other; set one of them to null")
        return resized_crop
