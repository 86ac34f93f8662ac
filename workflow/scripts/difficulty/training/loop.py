"""Training one network, with a record of what it makes of every example at every epoch."""

import importlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from difficulty.datasets.images import ImageFiles, RandomCrop
from difficulty.datasets.loading import Normalization, image_batches
from difficulty.errors import UserError
from difficulty.models.building import FeatureTap, set_training_mode
from difficulty.models.inference import inference_copy, with_batch_statistics
from difficulty.random_streams import derived_seed
from difficulty.training.augmentation import augment, draw
from difficulty.training.batches import plan_batches
from difficulty.training.checkpoint_epochs import checkpoint_epochs
from difficulty.training.losses import mean_loss
from difficulty.training.outcomes import OutcomeTable, example_outcomes
from difficulty.training.partial_run import PartialRun
from difficulty.training.processes import ALONE, Processes
from difficulty.training.settled_statistics import with_settled_statistics

logger = logging.getLogger(__name__)
_EVALUATION_BATCH = 128
_SETTLED_IMAGES = 2000


@dataclass(frozen=True)
class TrainingData:
    """images: N of them, uint8 (N, H, W, C) or in files; train: positions to train on.

    labels: int64 (N,), as given; of label sets float32 (N, classes): 1 present, 0 absent, NaN uncounted.
    """

    images: torch.Tensor | ImageFiles
    labels: torch.Tensor
    train: torch.Tensor
    normalization: Normalization

    @property
    def device(self) -> torch.device:
        return self.labels.device

    def batches(self, batches: Sequence, settings: dict, crop: RandomCrop | None = None) -> Iterator[torch.Tensor]:
        """uint8 (B, C, H, W), channels last, of each of `batches` of rows; see `image_batches`."""
        return image_batches(self.images, batches, self.device, settings.get("workers", 0), crop)

    def to(self, device: torch.device) -> "TrainingData":
        images = self.images.to(device) if isinstance(self.images, torch.Tensor) else self.images
        return TrainingData(images, self.labels.to(device), self.train.to(device), self.normalization)


def choose_device(settings: dict) -> torch.device:
    """cpu or cuda; `auto` takes CUDA where there is one. UserError if it is asked for and absent.

    From then on float32 is float32: CUDA devices would round the factors of convolutions to ten binary digits (TF32).
    """
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    wanted = settings.get("device", "auto")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("device: cuda was asked for, but torch sees no CUDA device; set device: auto or cpu")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def autocast(settings: dict, device: torch.device) -> torch.autocast:
    """bfloat16 autocast where configured, by default on CUDA devices that have it; never of the classifier."""
    precision = settings.get("precision", "auto")
    automatic = precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16" or automatic)


def train(
    model: nn.Module,
    data: TrainingData,
    settings: dict,
    seed: int,
    partial: PartialRun,
    about: str,
    progress: Callable[[int, str], None] = lambda amount, note: None,
    processes: Processes = ALONE,
) -> None:
    """Trains `model` from the last finished epoch of `partial` to the last epoch, saving every epoch into it.

    settings: optimizer, schedule, epochs, batch_size, drop_last, augmentation, records, checkpoints, device,
    precision, batch_norm, workers (processes that decode images in files). The random streams of an epoch follow from
    (seed, purpose, epoch), so a resumed run is the same run. batch_norm: `settled`, the default: clean records and
    checkpoints have the statistics of `settled_network`, training goes on with its own.
    processes: with several, all of them make this call with the same arguments, but for `partial`, which one of them
    writes. Each step is then that of one process to rounding, except that batch norm sees each share by itself; its
    running statistics are the first process's.
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
    for epoch in range(partial.epoch + 1, settings["epochs"] + 1):
        started = time.perf_counter()
        outcomes = _train_epoch(trained_model, tap, data, settings, seed, epoch, optimizer, progress, processes)
        trained = time.perf_counter()
        processes.agree(model.buffers())
        is_shown = is_recorded or epoch in keep
        shown = settled_network(model, data, settings, seed, processes) if is_shown else model
        if is_recorded:
            clean = clean_outcomes(shown, data, settings, processes)
            outcomes |= {f"clean.{name}": values for name, values in clean.items()}
        seconds = np.array([trained - started, time.perf_counter() - trained])
        partial.save(epoch, model, optimizer, {**outcomes, "seconds": seconds}, keep, about, shown)
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
        return with_settled_statistics(model, map(data.normalization, data.batches(own, settings)), processes)


def clean_outcomes(
    model: nn.Module, data: TrainingData, settings: dict, processes: Processes = ALONE
) -> dict[str, np.ndarray]:
    """Outcomes of all examples in evaluation mode without augmentation: name -> (N,).

    settings: batch_norm; `batch` normalises each of `mixed_batches` by its own statistics.
    """
    table = OutcomeTable(data.labels)
    by_batch = settings.get("batch_norm") == "batch"
    model = inference_copy(with_batch_statistics(model) if by_batch else model)
    tap = FeatureTap(model)
    batches = (mixed_batches if by_batch else evaluation_batches)(len(data.images))
    rows_of = batches[processes.rank :: processes.count]
    with torch.inference_mode(), autocast(settings, data.device):
        for rows, images in zip(rows_of, data.batches(rows_of, settings), strict=True):
            logits = model(data.normalization(images))
            table.put(rows, example_outcomes(logits, tap.features, data.labels[rows]))
    tap.remove()
    table.gather(processes)
    return table.arrays()


def evaluation_batches(count: int) -> list[slice]:
    """All of `count` rows in order."""
    return [slice(start, start + _EVALUATION_BATCH) for start in range(0, count, _EVALUATION_BATCH)]


def mixed_batches(count: int) -> list[torch.Tensor]:
    """All of `count` rows, always in the same random order, in batches of nearly the same size.

    So the statistics of a batch are neither those of one class, nor of the few images that would be left over.
    """
    return even_batches(torch.randperm(count, generator=_generator("mixed batches")))


def even_batches(rows: torch.Tensor) -> list[torch.Tensor]:
    """Rows (N,) in their order, in batches of nearly the same size."""
    return list(rows.tensor_split(-(-len(rows) // _EVALUATION_BATCH)))


def _train_epoch(model, tap, data, settings, seed, epoch, optimizer, progress, processes) -> dict[str, np.ndarray]:
    schedule = _by_name("schedules", settings["schedule"])
    order = torch.randperm(len(data.train), generator=_generator(seed, "order", epoch)).to(data.device)
    chance = _generator(seed, "augmentation", epoch)
    batches = plan_batches(data.train[order], settings, processes)
    online = OutcomeTable(data.labels) if settings["records"] in ("online", "both") else None
    losses, rates = [], []
    set_training_mode(model)
    torch.manual_seed(derived_seed(seed, "dropout", epoch, *([] if processes.is_first else [processes.rank])))
    augmentation, crop = _crop_in_files(data, settings, seed, epoch)
    loaded = data.batches([batch.rows for batch in batches], settings, crop)
    for number, (batch, images) in enumerate(zip(batches, loaded, strict=True)):
        step = (epoch - 1) * len(batches) + number
        factor = schedule.factor(step, len(batches), settings["epochs"], settings["schedule"])
        rates.append(factor * settings["optimizer"]["lr"])
        for group in optimizer.param_groups:
            group["lr"] = rates[-1]
        draws = {name: values[batch.places] for name, values in draw(batch.size, augmentation, chance).items()}
        images = data.normalization(augment(images, augmentation, draws))
        labels = data.labels[batch.rows]
        losses.append(torch.zeros((), device=data.device))
        for part in batch.parts:
            given = labels[part.examples]
            with autocast(settings, data.device):
                logits = model(images[part.examples])
                loss = mean_loss(logits, given)
            if online:
                online.put(batch.rows[part.examples], example_outcomes(logits, tap.features, given))
            optimizer.zero_grad(set_to_none=True)
            (loss * part.weight).backward()
            optimizer.step()
            losses[-1] += loss.detach() * part.fraction
        progress(batch.size, f"epoch {epoch} of {settings['epochs']}")
    steps = processes.total(torch.stack(losses).float()).cpu().numpy()
    if not np.isfinite(steps).all():
        raise UserError(f"the loss is not finite any more in epoch {epoch}; lower optimizer.lr or warm up longer")
    result = {"steps.loss": steps, "steps.learning_rate": np.array(rates)}
    result["steps.examples"] = np.array([batch.size for batch in batches], np.int32)
    if online:
        online.gather(processes)
        result |= {f"online.{name}": values for name, values in online.arrays().items()}
    return result


def _crop_in_files(data: TrainingData, settings: dict, seed: int, epoch: int) -> tuple[dict, RandomCrop | None]:
    """The augmentation of whole batches, and the random crop that files are decoded with, at their full resolution."""
    augmentation = dict(settings.get("augmentation", {}))
    if isinstance(data.images, torch.Tensor) or not augmentation.get("resized_crop"):
        return augmentation, None
    ranges = augmentation.pop("resized_crop")
    return augmentation, RandomCrop(tuple(ranges["scale"]), tuple(ranges["ratio"]), seed, epoch)


def _generator(*parts) -> torch.Generator:
    return torch.Generator().manual_seed(derived_seed(*parts))


def _by_name(package: str, settings: dict):
    return importlib.import_module(f"difficulty.training.{package}.{settings['name']}")
