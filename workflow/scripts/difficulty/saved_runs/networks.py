"""Networks of checkpoints, with what turns images into their input."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from difficulty.datasets.images import ImageFiles
from difficulty.datasets.loading import Normalization
from difficulty.errors import UserError
from difficulty.models.building import rebuild_model
from difficulty.training.checkpoints import load_checkpoint


@dataclass(frozen=True)
class SavedNetwork:
    """model: in evaluation mode; normalization and image_shape (H, W, C): of the images that it takes."""

    model: nn.Module
    normalization: Normalization
    image_shape: tuple[int, int, int]

    def check_images(self, images: torch.Tensor | ImageFiles, name) -> None:
        """Raises UserError if images (N, H, W, C) are not of the size that the network takes. name: of the data."""
        if tuple(images.shape[1:]) != self.image_shape:
            raise UserError(
                f"{name}: images are {tuple(images.shape[1:])} (height, width, channels), the network takes "
                f"{self.image_shape}; set the data set's size and color"
            )


def saved_network(checkpoints: Path, epoch: int, device: torch.device) -> SavedNetwork:
    """The network of a checkpoint; UserError naming the file if it is missing or damaged."""
    state, about = load_checkpoint(checkpoints, epoch)
    model = rebuild_model(about, state).to(device, memory_format=torch.channels_last)
    normalization = Normalization(tuple(about["mean"]), tuple(about["std"]))
    return SavedNetwork(model, normalization, (*about["size"], about["channels"]))
