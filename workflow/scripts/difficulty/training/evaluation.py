"""Loss and accuracy of saved weights on any data set with the classes that the network knows."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from difficulty.errors import UserError
from difficulty.training.loop import TrainingData, clean_outcomes
from difficulty.training.outcomes import group_summary


def evaluate(model: nn.Module, data: TrainingData, groups: dict[str, np.ndarray], settings: dict) -> pd.DataFrame:
    """One row (split, examples, loss, top1, top5) per non-empty group, a mask (N,) of the examples of `data`."""
    outcomes = clean_outcomes(model, data, settings)
    return pd.DataFrame(
        [{"split": name, **group_summary(outcomes, members)} for name, members in groups.items() if members.any()]
    )


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
