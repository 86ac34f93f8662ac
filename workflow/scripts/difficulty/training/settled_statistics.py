"""Batch norm's statistics of a network as it is now, re-estimated on training images ("precise BN").

The running statistics of training are an average over networks that were: after the first epoch they can be so far
behind that a network which fits its batches predicts one class for all. Here a layer's statistics are those of all
activations that it sees while images pass, where each batch norm normalises by its batch: the count, mean and squared
deviation of the batches are pooled, so that the statistics of a layer with given inputs are exactly those of the whole
data (Wu & Johnson 2021, "Rethinking 'Batch' in BatchNorm", arXiv 2105.07576, section 3; fvcore's `update_bn_stats`).
The variance is the unbiased one, as in torch's running statistics; torch's `swa_utils.update_bn` gives the same of one
batch, and of several the mean of their variances.
"""

import copy
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from difficulty.models.building import set_training_mode
from difficulty.training.processes import ALONE, Processes


def with_settled_statistics(
    model: nn.Module, batches: Iterable[torch.Tensor], processes: Processes = ALONE
) -> nn.Module:
    """A copy of `model` in evaluation mode with statistics of `batches`; itself if training updates none.

    batches: images (B, C, H, W) as the network takes them, without augmentation; of several processes each has its
    own. Dropout does nothing meanwhile, and batch norm that is frozen stays as it is.
    """
    if not any(isinstance(module, BatchNorm) for module in model.modules()):
        return model
    settled = copy.deepcopy(model)
    layers = _updated_layers(settled)
    if not layers:
        return model
    pooled = [_PooledStatistics(layer) for layer in layers]
    with torch.no_grad():
        for images in batches:
            settled(images)
    for statistics in pooled:
        statistics.settle(processes)
    return settled.eval()


def _updated_layers(model: nn.Module) -> list[BatchNorm]:
    """The batch norm whose running statistics training updates; it alone is in training mode afterwards."""
    set_training_mode(model)
    found = [
        module for module in model.modules() if isinstance(module, BatchNorm) and module.training and _tracks(module)
    ]
    model.eval()
    for layer in found:
        layer.train()
    return found


def _tracks(layer: BatchNorm) -> bool:
    return layer.track_running_stats and layer.running_mean is not None


class _PooledStatistics:
    """Count, mean and variance of all that a layer of batch norm sees until `settle`."""

    def __init__(self, layer: BatchNorm):
        self._layer, self._momentum, self._batches = layer, layer.momentum, layer.num_batches_tracked.clone()
        layer.reset_running_stats()
        layer.momentum = 1.0  # the running statistics are those of the latest batch
        self._sums = torch.zeros(3, len(layer.running_mean), dtype=torch.float64, device=layer.running_mean.device)
        self._hook = layer.register_forward_hook(self._add)

    def _add(self, layer: BatchNorm, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        count = inputs[0].numel() // inputs[0].shape[1]
        mean, variance = layer.running_mean.double(), layer.running_var.double() * ((count - 1) / count)
        self._sums += count * torch.stack([torch.ones_like(mean), mean, variance + mean**2])

    def settle(self, processes: Processes) -> None:
        """Gives the layer the statistics of what it saw in all processes."""
        count, total, squares = processes.total(self._sums)
        mean = total / count
        layer = self._layer
        layer.running_mean.copy_(mean)
        layer.running_var.copy_((squares - count * mean**2).clamp_min(0) / (count - 1))
        layer.num_batches_tracked.copy_(self._batches)
        layer.momentum = self._momentum
        self._hook.remove()
