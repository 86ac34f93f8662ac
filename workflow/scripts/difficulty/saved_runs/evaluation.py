"""Loss and accuracy of saved weights on any data set with the classes that the network knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.images import ImageFiles, take
from difficulty.datasets.label_sets import has_label_sets, set_class_names
from difficulty.errors import UserError
from difficulty.models.building import final_linear
from difficulty.saved_runs.networks import SavedNetwork
from difficulty.scores.runs import ROLES
from difficulty.tables import read_table
from difficulty.training.outcomes import group_summary
from difficulty.training.passes import LabelledImages, clean_outcomes
from difficulty.training.runs import Run, roles
from difficulty.training.targets import padded, set_targets_by_name, targets_of


@dataclass(frozen=True)
class Evaluated:
    """The examples of a data set, N of them, that networks are evaluated on.

    targets: see `LabelledImages`. groups: name -> bool (N,), which examples are counted together.
    """

    targets: torch.Tensor
    groups: dict[str, np.ndarray]


def own_examples(labels: Path, run: Run, folds: int | None) -> Evaluated:
    """The experiment's own examples, by their role in the run. labels: table of the experiment."""
    given = read_table(labels, LABELS)
    role = roles(given, run, folds)
    return Evaluated(targets_of(given), {name: role == name for name in ROLES})


def further_examples(own: pd.DataFrame, examples: Path) -> Evaluated:
    """The test split of another data set, in the numbering of the classes of `own`, the experiment's examples.

    Raises UserError if there is no test split, or for a class that the experiment does not know.
    """
    further, dataset = read_table(examples, EXAMPLES), examples.parent.name
    if has_label_sets(own):
        targets = set_targets_by_name(further, set_class_names(further), set_class_names(own), dataset)
    else:
        targets = labels_by_name(further, class_names(own), dataset)
    members = (further["split"] == "test").to_numpy()
    if not members.any():
        raise UserError(f"{dataset}: has no test split to evaluate on; take it out of `evaluations`")
    return Evaluated(targets, {"test": members})


def evaluate(
    network: SavedNetwork,
    images: torch.Tensor | ImageFiles,
    evaluated: Evaluated,
    settings: Mapping,
    device: torch.device,
    workers: int = 0,
) -> pd.DataFrame:
    """One row (split, examples, loss, top1, top5) per group that is not empty.

    images: of all N examples. settings: precision and batch_norm, see `clean_outcomes`.
    """
    kept = np.flatnonzero(np.any(list(evaluated.groups.values()), axis=0))
    targets = padded(evaluated.targets[kept], final_linear(network.model).out_features)
    data = LabelledImages(take(images, kept), targets, network.normalization, workers)
    outcomes = clean_outcomes(network.model, data.to(device), settings)
    groups = {name: members[kept] for name, members in evaluated.groups.items() if members.any()}
    return pd.DataFrame([{"split": name, **group_summary(outcomes, members)} for name, members in groups.items()])


def labels_by_name(examples: pd.DataFrame, class_names: list[str], dataset: str) -> torch.Tensor:
    """Labels (N,) of another data set in the numbering of `class_names`; UserError for a class not among them."""
    number = {name: label for label, name in enumerate(class_names)}
    labels = examples["class_name"].map(number)
    if labels.isna().any():
        unknown = examples["class_name"][labels.isna()].iloc[0]
        raise UserError(
            f"{dataset}: class {unknown!r} is unknown to the experiment, whose classes are {', '.join(class_names)}; "
            "take the data set out of `evaluations`"
        )
    return torch.tensor(labels.astype(np.int64).to_numpy())
