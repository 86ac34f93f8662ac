"""Variance of gradients: how much the gradient of a class's logit by the image changes while the network learns.

Agarwal, D'souza, Hooker, "Estimating example difficulty using variance of gradients", CVPR 2022, arXiv 2008.11600.
Per checkpoint the gradient of the logit (before the softmax) of the given label by the normalised image, averaged
over channels, gives one map per image. VoG is the standard deviation (ddof 0) of each pixel over the checkpoints,
averaged over pixels. That is what the authors' published scores are, to rounding; the formula printed in the paper,
sqrt(1 / K) times a sum of squares, gives other numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from difficulty.errors import UserError

if TYPE_CHECKING:
    import torch


def variance_of_gradients(gradients: np.ndarray) -> np.ndarray:
    """VoG of each image, float64 (N,), from its maps at the K checkpoints of a stage, (K, N, H, W).

    The order of the checkpoints does not matter; one checkpoint alone gives 0. Raises UserError for another shape.
    """
    gradients = np.asarray(gradients)
    if gradients.ndim != 4 or not len(gradients):
        raise UserError(f"gradients: expected (checkpoints, examples, height, width), got {gradients.shape}")
    streaming = StreamingVariance()
    for maps in gradients:
        streaming.update(maps.astype(np.float64))
    return streaming.finish()


class StreamingVariance:
    """VoG of N images whose maps come one checkpoint after the other: none is kept, only mean and squared deviation.

    Welford's method (Technometrics 4, 1962), which loses no digits to cancellation.
    """

    def __init__(self) -> None:
        self.checkpoints = 0

    def update(self, maps: np.ndarray | torch.Tensor) -> None:
        """Adds one checkpoint's maps (N, H, W), floating point; the same images in the same order every time."""
        if len(maps.shape) != 3:
            raise UserError(f"maps: expected (examples, height, width), got {tuple(maps.shape)}")
        if self.checkpoints and maps.shape != self._mean.shape:
            expected = tuple(self._mean.shape)
            raise UserError(f"maps: expected {expected} as at the checkpoints before, got {tuple(maps.shape)}")
        if not self.checkpoints:
            self._mean, self._squares = maps * 0, maps * 0
        self.checkpoints += 1
        deviation = maps - self._mean
        self._mean += deviation / self.checkpoints
        self._squares += deviation * (maps - self._mean)

    def finish(self) -> np.ndarray | torch.Tensor:
        """VoG (N,), of the kind that the maps were. Raises UserError if there was no checkpoint."""
        if not self.checkpoints:
            raise UserError("variance of gradients: no checkpoint was given")
        return ((self._squares / self.checkpoints) ** 0.5).mean((1, 2))


def class_normalized(vog: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(VoG as z-score within each label, float64 (N,); flag bool (N,) where that is undefined).

    vog: (N,), NaN where undefined. labels: int (N,), the given ones. The standard deviation is that of all members
    (ddof 0). A label with one member, or whose members' VoG is the same to rounding, gives NaN and the flag.
    """
    vog, labels = np.asarray(vog, np.float64), np.asarray(labels)
    values = np.full(len(vog), np.nan)
    for label in np.unique(labels):
        members = np.flatnonzero((labels == label) & ~np.isnan(vog))
        if len(members) < 2:
            continue
        deviation = vog[members] - vog[members].mean()
        spread = np.sqrt(np.mean(deviation**2))
        if spread > _ROUNDING * np.abs(vog[members]).max():
            values[members] = deviation / spread
    return values, np.isnan(values)


# VoG is stored in float32: a spread below a few units in its last place is no spread.
_ROUNDING = 4 * np.finfo(np.float32).eps


def input_gradients(model: torch.nn.Module, images: torch.Tensor, classes: torch.Tensor | None = None) -> torch.Tensor:
    """One map per image, float32 (N, H, W): d logit / d image, signed, averaged over channels.

    images: (N, C, H, W), normalised. classes: int (N,), whose logit; None: the predicted one.
    One forward pass and one backward pass to the images; no gradient of a parameter is computed. In evaluation mode
    no image's logits depend on another image, so the gradient of the sum of logits is each image's own.
    Raises UserError if the network, or a part of it, is in training mode.
    """
    return gradients_and_predictions(model, images, classes)[0]


def gradients_and_predictions(
    model: torch.nn.Module, images: torch.Tensor, classes: torch.Tensor | int | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(maps, predicted classes int64 (N,), their softmax probabilities float32 (N,)).

    As for `input_gradients`, but `classes` may be one class for all. Raises UserError, too, if the network does not
    have that class.
    """
    import torch  # here, since the stages that only do arithmetic on maps start five times as fast without it

    refuse_training_mode(model)
    images = images.detach().requires_grad_(True)
    with frozen(model.parameters()), torch.enable_grad():
        logits = model(images)
        if isinstance(classes, int) and classes >= logits.shape[1]:
            raise UserError(f"target: expected a class 0..{logits.shape[1] - 1} of the network, got {classes}")
        predicted = logits.detach().argmax(1)
        wanted = predicted if classes is None else torch.as_tensor(classes, device=logits.device).expand(len(logits))
        (gradients,) = torch.autograd.grad(logits.gather(1, wanted[:, None]).sum(), images)
    return gradients.float().mean(1), predicted, logits.detach().float().softmax(1).amax(1)


def refuse_training_mode(model: torch.nn.Module) -> None:
    """Raises UserError if a part of the network is in training mode."""
    if training := [name for name, module in model.named_modules() if module.training]:
        raise UserError(
            f"{type(model).__name__}: {training[0] or 'the network'} is in training mode; call eval() first"
        )


@contextmanager
def frozen(parameters: Iterable[torch.nn.Parameter]):
    """Parameters that need no gradient meanwhile."""
    thawed = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in thawed:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in thawed:
            parameter.requires_grad_(True)
