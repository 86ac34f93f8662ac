"""A data set's decoded images as tensors, and what turns them into a network's input."""

from dataclasses import dataclass

import torch

from difficulty.datasets.pixels import read_pixels
from difficulty.tables import read_provenance


@dataclass(frozen=True)
class Normalization:
    """Mean and standard deviation per channel, on a scale of 0 to 1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """float32 channels-last images (N, C, H, W) of mean 0 and deviation 1 from uint8 ones."""
        mean, std = (
            torch.tensor(values, device=images.device)[:, None, None] * 255 for values in (self.mean, self.std)
        )
        return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


def load_images(path) -> tuple[torch.Tensor, torch.Tensor]:
    """(example_ids int64 (N,), images uint8 (N, H, W, C)) of a table of pixels; TableError if it is damaged.

    Batches are slices: `images[rows].permute(0, 3, 1, 2)` is a channels-last batch at no cost.
    """
    example_ids, images = read_pixels(path)
    return torch.tensor(example_ids), torch.from_numpy(images)


def load_normalization(path) -> Normalization:
    """The statistics of the training split that stand beside a table of pixels."""
    facts = read_provenance(path)
    return Normalization(tuple(facts["mean"]), tuple(facts["std"]))
