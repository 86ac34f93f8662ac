"""Experiments: one training configuration each."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, TypeAdapter, field_validator

from difficulty.config.core.names import PathText, Text
from difficulty.config.core.problems import expected
from difficulty.config.core.ranges import Count, Epoch, Range, Seed
from difficulty.config.core.section import Section, problem, problems_at, without_repeats
from difficulty.config.data.label_noise import LabelNoise
from difficulty.config.training.architectures import (
    CHOICES,
    LINEAR_PROBE,
    ExperimentArchitecture,
    is_torchvision,
    settings_of,
)
from difficulty.config.training.augmentation import Augmentation
from difficulty.config.training.given_probabilities import GivenProbabilities
from difficulty.config.training.initialization import Initialization
from difficulty.config.training.normalization import Normalization
from difficulty.config.training.optimizers import Optimizer
from difficulty.config.training.schedules import Constant, Schedule
from difficulty.config.training.snapshots import SNAPSHOTS, Snapshots, is_snapshots

_SAVED = ("all", "last")


class Experiment(Section):
    """One training configuration, repeated for every seed (and fold)."""

    refused: ClassVar[Mapping[str, str]] = {
        "grid": "a grid stands directly under a name in `experiments`, e.g. experiments.noise.grid; move it there"
    }

    # A key that is checked against others stands after them: pydantic hands a validator the valid keys before it.

    dataset: Text = Field(description="name of the data set to train on")
    label_noise: LabelNoise | None = Field(None, description="wrong labels planted in the training examples")
    probabilities: GivenProbabilities | None = Field(
        None,
        description="out-of-fold probabilities of the training examples by other people's networks, e.g. {file: "
        "pred_probs.npy}; nothing is trained on them",
    )
    architecture: ExperimentArchitecture = Field(
        description=f"network: {CHOICES}; or {LINEAR_PROBE}, on the features of the data set, with which nothing is "
        "trained and settings of training do not count. Where an experiment names another one than `defaults`, the "
        "width, depth, stem and weights of `defaults` do not apply to it"
    )
    width: Annotated[int, Range(1, 65_536)] | None = Field(
        None,
        description="channels of the first stage (resnet9, resnet18, resnet50, vgg16), widening factor (wrn28_10), "
        "growth rate (densenet121), hidden units (mlp); null: as published",
    )
    depth: Annotated[int, Range(0, 1000)] | None = Field(None, description="hidden layers (mlp); null: 2")
    stem: Literal["cifar", "imagenet"] | None = Field(
        None,
        description="first layers of resnet18, resnet50 and densenet121, last layers of vgg16: for small or for large "
        "images; null: by the size of the images",
    )
    weights: PathText | None = Field(
        None, description="weights to start from: a file, or the name of torchvision's, e.g. IMAGENET1K_V1"
    )
    initialization: Initialization | None = Field(
        None,
        description="how weights of convolutions and linear layers are drawn, e.g. {kind: kaiming}, before those of a "
        "file are loaded; null: in the network's own way",
    )
    freeze: Literal["backbone"] | None = Field(None, description="what is not trained; null: everything is")
    epochs: Annotated[int, Range(1, 100_000)] = Field(description="passes over the training examples")
    batch_size: Annotated[int, Range(1, 1_000_000)] | None = Field(
        None,
        description="examples per gradient step; null: an eighth of those that are trained on, at most 128, so that "
        "small data sets get enough steps",
    )
    drop_last: bool = Field(False, description="leave out the last, smaller batch of an epoch")
    optimizer: Optimizer = Field(description="how gradients become steps, e.g. {name: sgd, lr: 0.1}")
    schedule: Schedule = Field(
        Constant(name="constant"), description="how the learning rate changes, e.g. {name: one_cycle}"
    )
    augmentation: Augmentation = Field(Augmentation(), description="random changes of the training images")
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(without_repeats)] = Field(
        [0, 1, 2], description="one run per seed; more seeds train more runs and leave the others as they are"
    )
    folds: Annotated[int, Range(2, 1000)] | None = Field(
        None,
        description="parts that each seed's training examples are cut into, each held out by one run, identical images "
        "together; null: none",
    )
    records: Literal["clean", "online", "both"] = Field(
        "clean", description="what is recorded per example: a pass at the end of each epoch, the training step, or both"
    )
    batch_norm: Literal["settled", "running", "batch"] | None = Field(
        None,
        description="what batch norm normalises with in clean records, saved checkpoints and evaluations: statistics "
        "of 2,000 training images, estimated again before each of them with the weights as they are (settled); the "
        "running statistics of training, which lag behind in the first epochs (running); or those of each batch of up "
        "to 128 images drawn from all that are evaluated (batch), with which gradients and layers of single images are "
        "not defined; networks that were trained elsewhere keep theirs; null: settled",
    )
    train_sample: Count | None = Field(
        None, description="size of a fixed sample of training examples followed in the history; null: none"
    )
    checkpoints: Literal["all", "last"] | list[Epoch] | Snapshots = Field(
        "all",
        description="epochs whose weights are kept (0: the initialisation); or, of networks that were trained "
        "elsewhere, stage -> files of their weights in the order of training, in which {seed} stands for the seed; "
        "nothing is trained then, and settings of training do not count",
    )
    normalization: Normalization | None = Field(
        None,
        description="what images are normalised with; null: mean and deviation of the training images, for a subset of "
        "those of the data set that it is of",
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where to train; auto: on a GPU if there is one")
    workers: Annotated[int, Range(0, 256)] | None = Field(
        None,
        description="processes that decode images which stay in their files, each a thread of the job; null: 2",
    )
    gpus: Annotated[int, Range(1, 64)] | None = Field(
        None,
        description="GPUs of one machine that train a run together, each with its share of every batch, of which alone "
        "its batch norm sees; on a machine without GPUs, processes; null: 1",
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="arithmetic of the forward pass; auto: bfloat16 on a GPU, float32 else"
    )

    @field_validator("width", "depth", "stem")
    @classmethod
    def _is_had(cls, value, info):
        architecture = info.data.get("architecture")
        if value is not None and architecture and info.field_name not in settings_of(architecture):
            raise problem(f"{architecture} has no {info.field_name}; leave it out or set it to null")
        return value

    @field_validator("weights")
    @classmethod
    def _can_be_had(cls, weights, info):
        architecture = info.data.get("architecture", "")
        if weights is None or not architecture or PurePath(weights).suffix:
            return weights
        if not (is_torchvision(architecture) and weights.isidentifier()):
            raise problem(f"{weights!r} is no file such as weights.safetensors; names are for torchvision:<name> only")
        return weights

    @field_validator("initialization")
    @classmethod
    def _counts(cls, initialization, info):
        weights = info.data.get("weights")
        if initialization is not None and weights is not None and not PurePath(weights).suffix:
            raise problem(f"would replace the weights {weights}; set one of the two to null")
        return initialization

    @field_validator("batch_norm")
    @classmethod
    def _differs(cls, batch_norm):
        return None if batch_norm == "settled" else batch_norm

    @field_validator("schedule")
    @classmethod
    def _fits_epochs(cls, schedule, info):
        faults = schedule.faults(info.data["epochs"]) if "epochs" in info.data else []
        if faults:
            raise problems_at(((key,), text) for key, text in faults)
        return schedule

    @field_validator("records")
    @classmethod
    def _covers_examples(cls, records, info):
        if records != "clean" and info.data.get("drop_last"):
            raise problem(f"{records!r} records need drop_last: false, else an epoch leaves examples out")
        if records == "online" and info.data.get("folds"):
            raise problem("'online' records lack the examples that folds hold out; set records: both")
        return records

    @field_validator("optimizer", "gpus")
    @classmethod
    def _have_examples(cls, value, info):
        """Of every batch each group and each GPU gets a share."""
        optimizer, gpus = (value, 1) if info.field_name == "optimizer" else (info.data.get("optimizer"), value or 1)
        groups = getattr(optimizer, "groups", None) or 1
        size = info.data.get("batch_size")
        if groups * gpus > 1 and size is not None and size < 2 * groups * gpus:
            told = f"{groups} groups" if groups > 1 else ""
            told = f"{gpus} GPUs{f' of {told}' if told else ''}" if gpus > 1 else told
            raise problem(f"batches of {size} are too small for {told}: two examples each; raise batch_size")
        return None if value == 1 else value

    @field_validator("checkpoints", mode="wrap")
    @classmethod
    def _are_epochs(cls, value, handler, info):
        if is_snapshots(value):
            return SNAPSHOTS.validate_python(value)
        if not isinstance(value, list):
            if isinstance(value, str) and value in _SAVED:
                return value
            raise problem(expected("all, last, a list of epochs or files by stage", value, _SAVED))
        epochs = _EPOCHS.validate_python(value)
        last = info.data.get("epochs")
        if last is not None and (beyond := [index for index, epoch in enumerate(epochs) if epoch > last]):
            raise problems_at(((index,), expected(f"0..{last} (epochs)", epochs[index])) for index in beyond)
        return epochs


_EPOCHS = TypeAdapter(Annotated[list[Epoch], Field(min_length=1), AfterValidator(without_repeats)])


def run_names(seeds: list[int], folds: int | None) -> list[str]:
    """`seed-0`, or `seed-0-fold-3` where there are folds."""
    if folds is None:
        return [f"seed-{seed}" for seed in seeds]
    return [f"seed-{seed}-fold-{fold}" for seed in seeds for fold in range(folds)]
