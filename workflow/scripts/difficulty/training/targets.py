"""Targets of training: one class per image, or the set of its classes where images have several labels."""

import pandas as pd
import torch

from difficulty.datasets.label_sets import has_label_sets, set_classes, target_matrix
from difficulty.errors import UserError


def targets_of(labels: pd.DataFrame) -> torch.Tensor:
    """Given labels int64 (N,); of label sets float32 (N, C): 1 present, 0 absent, NaN uncounted.

    labels: columns of a labels table.
    """
    if has_label_sets(labels):
        return torch.from_numpy(target_matrix(labels))
    return torch.tensor(labels["label"].to_numpy())


def are_sets(targets: torch.Tensor) -> bool:
    """Whether targets are those of label sets."""
    return targets.ndim == 2


def class_count(labels: pd.DataFrame) -> int:
    """Number of classes that a network of these labels needs: the largest that occurs, and one."""
    if has_label_sets(labels):
        return set_classes(labels)
    return int(labels[["label", "clean_label"]].to_numpy().max()) + 1


def padded(targets: torch.Tensor, classes: int) -> torch.Tensor:
    """Targets of label sets for a network that knows more classes, all of which are absent; others as they are."""
    if not are_sets(targets):
        return targets
    return torch.nn.functional.pad(targets, (0, classes - targets.shape[1]))


def set_targets_by_name(examples: pd.DataFrame, names: list[str], own: list[str], dataset: str) -> torch.Tensor:
    """Targets (N, C) of another data set of label sets in the numbering of the names `own`.

    examples: columns of LABEL_SETS. names: of that data set's classes, by number. Raises UserError for a class that is
    present there and not among one's own.
    """
    number = {name: column for column, name in enumerate(own)}
    present = sorted({int(each) for row in examples["label_set"] for each in row})
    if unknown := [names[each] for each in present if names[each] not in number]:
        raise UserError(
            f"{dataset}: class {unknown[0]!r} is unknown to the experiment, whose classes are {', '.join(own)}; "
            "take the data set out of `evaluations`"
        )
    known = [column for column, name in enumerate(names) if name in number]
    targets = torch.zeros(len(examples), len(own))
    targets[:, [number[names[column]] for column in known]] = torch.from_numpy(target_matrix(examples))[:, known]
    return targets
