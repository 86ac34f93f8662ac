"""Gradient maps of a data set's images by several networks, a batch of images at a time."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from difficulty.datasets.images import ImageFiles
from difficulty.datasets.loading import Normalization, batch_size, image_batches
from difficulty.models.inference import inference_copy
from difficulty.scores.vog.variance import gradients_and_predictions


def gradient_batches(
    models: Sequence[nn.Module],
    images: torch.Tensor | ImageFiles,
    rows: np.ndarray,
    classes: torch.Tensor | int | None,
    normalization: Normalization,
    device: torch.device,
    precision: str = "float32",
    workers: int = 0,
) -> Iterator[tuple[np.ndarray, Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]]]:
    """(rows (B,), (maps float32 (B, H, W), predicted (B,), confidence (B,)) of each model in turn), for all of `rows`.

    models: on `device`, in evaluation mode. images: N of them, as `load_images` gives them. rows: positions among
    them. classes: int64 (N,) whose logits are differentiated, one class for all, or None: the predicted ones.
    precision: `bfloat16` for the passes through the network in that format.
    """
    copies = [inference_copy(model).eval() for model in models]
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
    size = batch_size(*images.shape[1:3], device)
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    if isinstance(images, torch.Tensor):
        images = images.to(device)
    batches = image_batches(images, [torch.from_numpy(part).to(device) for part in parts], device, workers)
    for part, batch in zip(parts, batches, strict=True):
        wanted = classes[torch.from_numpy(part)].to(device) if isinstance(classes, torch.Tensor) else classes
        inputs = normalization(batch)

        def passes(inputs=inputs, wanted=wanted):
            for copy in copies:
                with autocast:
                    result = gradients_and_predictions(copy, inputs, wanted)
                yield result

        yield part, passes()
