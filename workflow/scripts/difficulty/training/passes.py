"""Passes of all images through a network in evaluation mode, without augmentation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import nn

from difficulty.datasets.images import ImageFiles, RandomCrop
from difficulty.datasets.loading import Normalization, image_batches
from difficulty.devices import autocast
from difficulty.models.building import FeatureTap
from difficulty.models.classifier import log_probabilities
from difficulty.models.inference import inference_copy, with_batch_statistics
from difficulty.random_streams import derived_seed
from difficulty.training.outcomes import OutcomeTable, example_outcomes
from difficulty.training.processes import ALONE, Processes

_EVALUATION_BATCH = 128


@dataclass(frozen=True)
class LabelledImages:
    """images: N of them, uint8 (N, H, W, C) or in files, which `workers` processes decode (0: this one).

    labels: int64 (N,), as given; of label sets float32 (N, classes): 1 present, 0 absent, NaN uncounted.
    """

    images: torch.Tensor | ImageFiles
    labels: torch.Tensor
    normalization: Normalization
    workers: int = 0

    @property
    def device(self) -> torch.device:
        """Where the labels are, and the images that are in memory."""
        return self.labels.device

    def batches(self, batches: Sequence, crop: RandomCrop | None = None) -> Iterator[torch.Tensor]:
        """uint8 (B, C, H, W), channels last, of each of `batches` of rows; see `image_batches`."""
        return image_batches(self.images, batches, self.device, self.workers, crop)

    def to(self, device: torch.device) -> Self:
        """The same on another device."""
        images = self.images.to(device) if isinstance(self.images, torch.Tensor) else self.images
        return replace(self, images=images, labels=self.labels.to(device))


def clean_outcomes(
    model: nn.Module,
    data: LabelledImages,
    settings: Mapping,
    processes: Processes = ALONE,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, np.ndarray]:
    """Outcomes of all examples in evaluation mode without augmentation: name -> (N,).

    settings: precision, and batch_norm; `batch` normalises each of `mixed_batches` by its own statistics.
    progress: called with numbers of examples that all processes together have passed through, as they go.
    """
    table = OutcomeTable(data.labels)
    model, batches = _prepared(model, len(data.images), settings)
    tap = FeatureTap(model)
    rows_of = batches[processes.rank :: processes.count]
    with torch.inference_mode(), autocast(settings, data.device):
        for rows, images in zip(rows_of, data.batches(rows_of), strict=True):
            logits = model(data.normalization(images))
            table.put(rows, example_outcomes(logits, tap.features, data.labels[rows]))
            progress(len(logits) * processes.count)
    tap.remove()
    table.gather(processes)
    return table.arrays()


def predict_logits(model: nn.Module, data: LabelledImages, settings: Mapping) -> np.ndarray:
    """Logits float32 (N, C) of all examples of `data`, which is on the model's device, as clean records see them.

    settings: as for `clean_outcomes`.
    """
    model, batches = _prepared(model, len(data.images), settings)
    places = np.concatenate([np.arange(len(data.images))[rows] for rows in batches])
    with torch.inference_mode(), autocast(settings, data.device):
        parts = [model(data.normalization(images)).float().cpu().numpy() for images in data.batches(batches)]
    return np.concatenate(parts)[np.argsort(places)]


def predict_probabilities(model: nn.Module, data: LabelledImages, settings: Mapping) -> np.ndarray:
    """Softmax float32 (N, C) of the same logits."""
    return log_probabilities(torch.from_numpy(predict_logits(model, data, settings))).exp().numpy()


def _prepared(model: nn.Module, count: int, settings: Mapping) -> tuple[nn.Module, list]:
    """The network as it is passed through, and the batches of rows that `settings.batch_norm` asks for."""
    by_batch = settings.get("batch_norm") == "batch"
    copy = inference_copy(with_batch_statistics(model) if by_batch else model)
    return copy, (mixed_batches if by_batch else evaluation_batches)(count)


def evaluation_batches(count: int) -> list[slice]:
    """All of `count` rows in order."""
    return [slice(start, start + _EVALUATION_BATCH) for start in range(0, count, _EVALUATION_BATCH)]


def mixed_batches(count: int) -> list[torch.Tensor]:
    """All of `count` rows, always in the same random order, in batches of nearly the same size.

    So the statistics of a batch are neither those of one class, nor of the few images that would be left over.
    """
    return even_batches(torch.randperm(count, generator=torch.Generator().manual_seed(derived_seed("mixed batches"))))


def even_batches(rows: torch.Tensor) -> list[torch.Tensor]:
    """Rows (N,) in their order, in batches of nearly the same size."""
    return list(rows.tensor_split(-(-len(rows) // _EVALUATION_BATCH)))
