"""Networks that were trained elsewhere: checkpoints given as files, which are scored without any training here."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter

from difficulty.config.core.names import PathText, StageName
from difficulty.config.core.section import without_repeats

_SEED = "{seed}"

Snapshots = Annotated[
    dict[StageName, Annotated[list[PathText], Field(min_length=1), AfterValidator(without_repeats)]],
    Field(min_length=1),
]
SNAPSHOTS = TypeAdapter(Snapshots)

# What an experiment must have, although it says nothing of networks that are already trained.
_NOT_USED = {
    "optimizer": {"name": "sgd", "lr": 1.0},
    "schedule": {"name": "constant"},
    "augmentation": {},
    "batch_size": 1,
    "records": "clean",
    "folds": None,
    "weights": None,
    "freeze": None,
    "train_sample": None,
}


def is_snapshots(checkpoints) -> bool:
    """Whether an experiment's `checkpoints` are files of networks that were trained elsewhere."""
    return isinstance(checkpoints, Mapping)


def files_in_order(checkpoints: Mapping[str, list[str]]) -> list[str]:
    """Every file once, in the order in which the stages name them; the place, from 1, counts as its epoch."""
    return list(dict.fromkeys(file for files in checkpoints.values() for file in files))


def stages_in_epochs(checkpoints: Mapping[str, list[str]], fewest: int) -> dict[str, list[int]]:
    """Stage -> epochs, of stages of `fewest` files or more; and `complete`, of all, if no stage is called so."""
    epoch = {file: place for place, file in enumerate(files_in_order(checkpoints), start=1)}
    enough = {stage: files for stage, files in checkpoints.items() if len(files) >= fewest}
    stages = {stage: sorted(epoch[file] for file in files) for stage, files in enough.items()}
    return {
        **stages,
        **({} if "complete" in checkpoints or len(epoch) < fewest else {"complete": list(epoch.values())}),
    }


def filled(settings: Mapping) -> Mapping:
    """Settings of an experiment on such networks with all that training would need, and one epoch per file.

    One run, unless the files' names hold {seed}.
    """
    checkpoints = settings.get("checkpoints")
    if not is_snapshots(checkpoints):
        return settings
    lists = [files for files in checkpoints.values() if isinstance(files, list)]
    files = dict.fromkeys(file for files in lists for file in files if isinstance(file, str))
    seeds = {} if any(_SEED in file for file in files) else {"seeds": [0]}
    return {**settings, **_NOT_USED, "epochs": max(len(files), 1), **seeds}
