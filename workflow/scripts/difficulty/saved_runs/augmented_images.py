"""Images of a run as training would augment them, for passes in evaluation mode."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import torch

from difficulty.datasets.images import ImageFiles, RandomCrop
from difficulty.training.augmentation import augment, draw
from difficulty.training.passes import LabelledImages


@dataclass(frozen=True, kw_only=True)
class AugmentedImages(LabelledImages):
    """An augmented copy of each image, the same one whenever the same batches are asked for.

    augmentation: settings of `augment`. Images in files are cropped at their full resolution, as in training.
    seed: of the draws.
    """

    augmentation: Mapping
    seed: int

    @classmethod
    def of(cls, data: LabelledImages, augmentation: Mapping, seed: int) -> Self:
        """Copies of the images of `data`."""
        own = {field.name: getattr(data, field.name) for field in fields(LabelledImages)}
        return cls(**own, augmentation=augmentation, seed=seed)

    def batches(self, batches: Sequence, crop: RandomCrop | None = None) -> Iterator[torch.Tensor]:
        """uint8 (B, C, H, W), channels last, of each of `batches` of rows. crop: in place of the augmentation's own."""
        augmentation, chance = dict(self.augmentation), torch.Generator().manual_seed(self.seed)
        if isinstance(self.images, ImageFiles) and (ranges := augmentation.pop("resized_crop", None)):
            crop = crop or RandomCrop(tuple(ranges["scale"]), tuple(ranges["ratio"]), self.seed, epoch=0)
        for images in super().batches(batches, crop):
            yield augment(images, augmentation, draw(len(images), augmentation, chance))
