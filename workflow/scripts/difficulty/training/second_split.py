"""Training on one half of the examples, then on the other, with a record of what is forgotten of the first.

Maini et al., "Characterizing datapoints via second-split forgetting", NeurIPS 2022, arXiv 2210.15031.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from difficulty.devices import choose_device
from difficulty.errors import UserError
from difficulty.random_streams import derived_seed
from difficulty.training.loop import TrainingData, settled_network, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.passes import clean_outcomes
from difficulty.training.processes import ALONE, Processes
from difficulty.training.run_progress import CLEAN
from difficulty.training.runs import Run, roles


def is_in_half(labels: pd.DataFrame, seed: int, half: int) -> np.ndarray:
    """Which training examples are in a half, 0 or 1, of a seed: bool (N,).

    labels: columns split, label and content of N training examples. Halves are cut as two folds are: of equal size,
    each with its share of every class and with identical images together.
    """
    return roles(labels, Run(seed, half), folds=2) == "validation"


def train_halves(
    model: nn.Module,
    data: TrainingData,
    settings: dict,
    seed: int,
    partials: tuple[PartialRun, PartialRun],
    progress: Callable[..., None] = lambda amount, note, part="": None,
    processes: Processes = ALONE,
) -> np.ndarray | None:
    """Trains `model` on the first half of the examples, then with a fresh optimizer on the others.

    model: freshly initialised. data: N examples, of which those to train on are the first half, n.
    settings: as for `train`, of the first half; second_split: epochs of the second, and its learning rate, which is
    constant (lr; by default the optimizer's). Everything else is the same in both.
    partials: the unfinished runs on the two halves, from which a killed training goes on. progress: as for `train`.
    Returns whether the network is right about each example of the first half, bool (epochs + 1, n): at the end of the
    first half, then after each epoch of the second. Of several processes only the first one knows; the others return
    None. Raises UserError if the loss is no longer finite.
    """
    first, others = data.train, _others(data)
    own = first_settings(settings)
    with partials[0].stopping_after(own["epochs"]):
        train(model, data, own, seed, partials[0], "{}", progress, processes)
    on_device = data.to(choose_device(settings))
    shown = settled_network(model, on_device, settings, seed, processes)
    fitted = clean_outcomes(
        shown, on_device, settings, processes, lambda count: progress(count, "clean pass after the first half", CLEAN)
    )
    later = second_settings(settings)
    try:
        with partials[1].stopping_after(later["epochs"]):
            train(model, others, later, derived_seed(seed, "second split"), partials[1], "{}", progress, processes)
    except UserError as error:
        rate = later["optimizer"]["lr"]
        raise UserError(f"second half, trained with analyses.second_split.lr {rate:g}: {error}") from error
    if not processes.is_first:
        return None
    ranks = [partials[1].outcomes(epoch)["clean.rank"] for epoch in range(1, later["epochs"] + 1)]
    return np.stack([fitted["rank"], *ranks])[:, first.numpy()] == 0


def first_settings(settings: dict) -> dict:
    """The settings of training on the first half."""
    return {**settings, "records": "none", "checkpoints": "last"}


def second_settings(settings: dict) -> dict:
    """The settings of training on the second half."""
    own, optimizer = settings["second_split"], settings["optimizer"]
    changed = {"epochs": own["epochs"], "optimizer": {**optimizer, "lr": own.get("lr", optimizer["lr"])}}
    return {**settings, **changed, "schedule": {"name": "constant"}, "records": "clean", "checkpoints": "last"}


def _others(data: TrainingData) -> TrainingData:
    """The same examples, to be trained on those that `data` is not trained on."""
    rest = torch.ones(len(data.labels), dtype=torch.bool)
    rest[data.train] = False
    return replace(data, train=rest.nonzero()[:, 0])
