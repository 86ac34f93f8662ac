"""A data set's images as tensors, and their normalisation into a network's input."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from difficulty.datasets.files import check_files
from difficulty.datasets.images import ImageFiles, RandomCrop, open_images
from difficulty.errors import UserError
from difficulty.tables import read_provenance

_LARGEST_BATCH = 128
_PIXELS_PER_BATCH = 1 << 19  # 10 images of 224 x 224: about 2 GB of activations of a ResNet-50
_GPU_FACTOR = 4


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


def load_images(path) -> tuple[torch.Tensor, torch.Tensor | ImageFiles]:
    """(example_ids int64 (N,), images) of a table of pixels; TableError if it is damaged.

    images: uint8 (N, H, W, C), of which `images[rows].permute(0, 3, 1, 2)` is a channels-last batch at no cost; or
    ImageFiles if they stay in their files.
    """
    example_ids, images = open_images(path)
    return torch.tensor(example_ids), images if isinstance(images, ImageFiles) else torch.from_numpy(images[:])


def ready_images(pixels, files, threads: int, workers: int, check: bool = True) -> torch.Tensor | ImageFiles:
    """Images of a data set, whose files are checked; sets how many threads torch computes with.

    pixels, files: the data set's tables. threads: of the job; those of the workers are not for computing where images
    stay in their files. check: False where the caller checks those that it uses. Raises UserError if a file is missing
    or has changed.
    """
    if check:
        check_files(files)
    _, images = load_images(pixels)
    own = max(1, threads - workers) if isinstance(images, ImageFiles) else threads
    torch.set_num_threads(own)
    return images


def image_batches(
    images: torch.Tensor | ImageFiles,
    batches: Sequence[torch.Tensor | slice],
    device: torch.device,
    workers: int = 0,
    crop: RandomCrop | None = None,
) -> Iterator[torch.Tensor]:
    """uint8 (B, C, H, W), channels last, on `device`, of each of `batches` of rows.

    Files are decoded by `workers` processes (0: by this one), some batches ahead, and cropped at random if asked.
    """
    if isinstance(images, torch.Tensor):
        yield from (images[rows].permute(0, 3, 1, 2) for rows in batches)
        return
    loader = DataLoader(
        _FileBatches(images, crop),
        batch_sampler=[np.arange(len(images))[_on_cpu(rows)].tolist() for rows in batches],
        num_workers=workers,
        collate_fn=_as_it_is,
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),
    )
    for batch in loader:
        if isinstance(batch, UserError):
            raise batch
        yield batch.to(device, non_blocking=True).permute(0, 3, 1, 2)


def batch_size(height: int, width: int, device: torch.device) -> int:
    """Images of one pass: as many as keep a processor busy, fewer of large ones, whose activations take memory."""
    factor = _GPU_FACTOR if device.type == "cuda" else 1
    return factor * max(1, min(_LARGEST_BATCH, _PIXELS_PER_BATCH // (height * width)))


class _FileBatches(Dataset):
    """Decoded batches. An error is returned, not raised: a worker would wrap it into its traceback."""

    def __init__(self, images: ImageFiles, crop: RandomCrop | None):
        self.images, self.crop = images, crop

    def __len__(self) -> int:
        return len(self.images)

    def __getitems__(self, rows: list[int]) -> torch.Tensor | UserError:
        try:
            return torch.from_numpy(self.images.decoded(rows, self.crop))
        except UserError as error:
            return error


def _on_cpu(rows: torch.Tensor | slice) -> torch.Tensor | slice:
    return rows.cpu() if isinstance(rows, torch.Tensor) else rows


def _as_it_is(batch):
    return batch


def load_normalization(path, configured: Mapping | None = None) -> Normalization:
    """Normalisation by the training split's statistics, stored with a table of pixels, or as configured: mean and std.

    Raises UserError if these are of another number of channels.
    """
    facts = read_provenance(path)
    channels = facts["shape"][-1]
    if configured is None:
        return Normalization(tuple(facts["mean"]), tuple(facts["std"]))
    mean, std = (tuple(configured[name]) for name in ("mean", "std"))
    if not len(mean) == len(std) == channels:
        counts = f"{len(mean)} means and {len(std)} deviations"
        raise UserError(f"normalization: {counts} for images of {_counted(channels)}; give one for each")
    return Normalization(mean, std)


def _counted(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"
