"""Training one network, with a record of what it makes of every example at every epoch."""

import importlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Self

import numpy as np
import torch
from torch import nn

from difficulty.datasets.images import RandomCrop
from difficulty.devices import autocast, choose_device
from difficulty.errors import UserError
from difficulty.models.building import FeatureTap, set_training_mode
from difficulty.random_streams import derived_seed
from difficulty.training.augmentation import augment, draw
from difficulty.training.batches import Batch, plan_batches
from difficulty.training.checkpoint_epochs import checkpoint_epochs
from difficulty.training.losses import mean_loss
from difficulty.training.outcomes import OutcomeTable, example_outcomes
from difficulty.training.partial_run import PartialRun
from difficulty.training.passes import LabelledImages, clean_outcomes, even_batches
from difficulty.training.processes import ALONE, Processes
from difficulty.training.run_progress import CLEAN, SAVING
from difficulty.training.settled_statistics import with_settled_statistics

logger = logging.getLogger(__name__)
_SETTLED_IMAGES = 2000


@dataclass(frozen=True, kw_only=True)
class TrainingData(LabelledImages):
    """Labelled images, and the positions int64 (n,) of those to train on."""

    train: torch.Tensor

    def to(self, device: torch.device) -> Self:
        """The same on another device."""
        return replace(super().to(device), train=self.train.to(device))


@dataclass(frozen=True)
class _Training:
    """What all epochs of a run share. model: as steps call it, with `tap` on its penultimate features."""

    model: nn.Module
    tap: FeatureTap
    data: TrainingData
    settings: dict
    seed: int
    optimizer: torch.optim.Optimizer
    processes: Processes
    progress: Callable[..., None]


def train(
    model: nn.Module,
    data: TrainingData,
    settings: dict,
    seed: int,
    partial: PartialRun,
    about: str,
    progress: Callable[..., None] = lambda amount, note, part="": None,
    processes: Processes = ALONE,
) -> None:
    """Trains `model` from the last finished epoch of `partial` to the last epoch, saving every epoch into it.

    settings: optimizer, schedule, epochs, batch_size, drop_last, augmentation, records, checkpoints, device,
    precision, batch_norm. The random streams of an epoch follow from (seed, purpose, epoch), so a resumed run is the
    same run. batch_norm: `settled`, the default: clean records and checkpoints have the statistics of
    `settled_network`, training continues with its own. records: clean, online, both, or none.
    processes: with several, all of them make this call with the same arguments, but for `partial`, which one of them
    writes. Each step is then that of one process to rounding, except that batch norm sees each share by itself; its
    running statistics are the first process's.
    progress: as `update` of `run_progress`.
    Per epoch `partial` gets the arrays clean.* and/or online.* (outcomes of all N examples; -1 and nan where there
    is none), steps.* and seconds. Raises UserError if the loss is no longer finite.
    """
    device = choose_device(settings)
    data = data.to(device)
    model.to(device, memory_format=torch.channels_last)
    optimizer = _by_name("optimizers", settings["optimizer"]).build(
        [parameter for parameter in model.parameters() if parameter.requires_grad], settings["optimizer"]
    )
    keep = checkpoint_epochs(settings)
    is_recorded = settings["records"] in ("clean", "both")
    if partial.epoch < 0:
        shown = settled_network(model, data, settings, seed, processes) if 0 in keep else model
        partial.save(0, model, optimizer, {}, keep, about, shown)
    else:
        partial.restore(model, optimizer)
        logger.info("resumed after epoch %d", partial.epoch)
    tap, trained_model = FeatureTap(model), processes.averaging(model)
    training = _Training(trained_model, tap, data, settings, seed, optimizer, processes, progress)
    for epoch in range(partial.epoch + 1, settings["epochs"] + 1):
        started, note = time.perf_counter(), _epoch(epoch, settings)
        outcomes = _train_epoch(training, epoch)
        trained = time.perf_counter()
        processes.agree(model.buffers())
        is_shown = is_recorded or epoch in keep
        shown = settled_network(model, data, settings, seed, processes) if is_shown else model
        if is_recorded:
            clean = clean_outcomes(
                shown, data, settings, processes, lambda count, note=note: progress(count, f"{note}, clean pass", CLEAN)
            )
            outcomes |= {f"clean.{name}": values for name, values in clean.items()}
        seconds = np.array([trained - started, time.perf_counter() - trained])
        partial.save(epoch, model, optimizer, {**outcomes, "seconds": seconds}, keep, about, shown)
        progress(0, note, SAVING)
        logger.info("epoch %d: loss %.4f", epoch, outcomes["steps.loss"].mean())
    tap.remove()


def settled_network(
    model: nn.Module, data: TrainingData, settings: dict, seed: int, processes: Processes = ALONE
) -> nn.Module:
    """The network with batch norm's statistics of training images as it is now; `model` itself where nothing settles.

    Of 2,000 images, or all if there are fewer: the same ones of a seed at every epoch, in evaluation's batches.
    """
    if settings.get("batch_norm", "settled") != "settled":
        return model
    order = torch.randperm(len(data.train), generator=_generator(seed, "settled statistics"))[:_SETTLED_IMAGES]
    own = even_batches(data.train[order.to(data.device)])[processes.rank :: processes.count]
    with autocast(settings, data.device):
        return with_settled_statistics(model, map(data.normalization, data.batches(own)), processes)


def _train_epoch(training: _Training, epoch: int) -> dict[str, np.ndarray]:
    """Trains for one epoch; returns its arrays steps.* and, where they are recorded, online.*."""
    data, settings, seed, processes = training.data, training.settings, training.seed, training.processes
    order = torch.randperm(len(data.train), generator=_generator(seed, "order", epoch)).to(data.device)
    batches = plan_batches(data.train[order], settings, processes)
    rates = _learning_rates(settings, epoch, len(batches))
    online = OutcomeTable(data.labels) if settings["records"] in ("online", "both") else None
    set_training_mode(training.model)
    torch.manual_seed(derived_seed(seed, "dropout", epoch, *([] if processes.is_first else [processes.rank])))
    losses = torch.zeros(len(batches), device=data.device)  # a tensor for each would leave gaps in memory
    for step, (batch, images, rate) in enumerate(zip(batches, _inputs(training, epoch, batches), rates, strict=True)):
        for group in training.optimizer.param_groups:
            group["lr"] = rate
        losses[step] = _step(training, batch, images, online)
        training.progress(batch.size, _epoch(epoch, settings))
    steps = processes.total(losses).cpu().numpy()
    if not np.isfinite(steps).all():
        raise UserError(f"the loss is not finite any more in epoch {epoch}; lower optimizer.lr or warm up longer")
    result = {"steps.loss": steps, "steps.learning_rate": np.array(rates)}
    result["steps.examples"] = np.array([batch.size for batch in batches], np.int32)
    if online:
        online.gather(processes)
        result |= {f"online.{name}": values for name, values in online.arrays().items()}
    return result


def _epoch(epoch: int, settings: dict) -> str:
    return f"epoch {epoch} of {settings['epochs']}"


def _learning_rates(settings: dict, epoch: int, steps: int) -> list[float]:
    """The learning rate of each of an epoch's steps."""
    schedule, first = _by_name("schedules", settings["schedule"]), (epoch - 1) * steps
    return [
        schedule.factor(first + step, steps, settings["epochs"], settings["schedule"]) * settings["optimizer"]["lr"]
        for step in range(steps)
    ]


def _inputs(training: _Training, epoch: int, batches: Sequence[Batch]) -> Iterator[torch.Tensor]:
    """The augmented images (B, C, H, W) of each batch, as the network takes them."""
    chance = _generator(training.seed, "augmentation", epoch)
    augmentation, crop = _crop_in_files(training.data, training.settings, training.seed, epoch)
    loaded = training.data.batches([batch.rows for batch in batches], crop)
    for batch, images in zip(batches, loaded, strict=True):
        draws = {name: values[batch.places] for name, values in draw(batch.size, augmentation, chance).items()}
        yield training.data.normalization(augment(images, augmentation, draws))


def _step(training: _Training, batch: Batch, images: torch.Tensor, online: OutcomeTable | None) -> torch.Tensor:
    """The gradients and updates of one batch; returns this process's share of its mean loss, a scalar."""
    labels = training.data.labels[batch.rows]
    total = torch.zeros((), device=labels.device)
    for part in batch.parts:
        given = labels[part.examples]
        with autocast(training.settings, labels.device):
            logits = training.model(images[part.examples])
            loss = mean_loss(logits, given)
        if online:
            online.put(batch.rows[part.examples], example_outcomes(logits, training.tap.features, given))
        training.optimizer.zero_grad(set_to_none=True)
        (loss * part.weight).backward()
        training.optimizer.step()
        total += loss.detach() * part.fraction
    return total


def _crop_in_files(data: TrainingData, settings: dict, seed: int, epoch: int) -> tuple[dict, RandomCrop | None]:
    """The augmentation of whole batches, and the random crop that files are decoded with, at their full resolution."""
    augmentation = dict(settings.get("augmentation", {}))
    if isinstance(data.images, torch.Tensor) or not augmentation.get("resized_crop"):
        return augmentation, None
    ranges = augmentation.pop("resized_crop")
    return augmentation, RandomCrop(tuple(ranges["scale"]), tuple(ranges["ratio"]), seed, epoch)


def _generator(*parts) -> torch.Generator:
    return torch.Generator().manual_seed(derived_seed(*parts))


def _by_name(package: str, settings: dict) -> ModuleType:
    return importlib.import_module(f"difficulty.training.{package}.{settings['name']}")
