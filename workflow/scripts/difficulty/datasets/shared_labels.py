"""Labels that an experiment has from another one, on the same examples or some of them."""

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import class_names
from difficulty.errors import UserError
from difficulty.suggestions import suggestion


def shared_labels(examples: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """The label of each example: in training that of the other experiment, elsewhere the data set's; index as given.

    examples: EXAMPLES, whose training examples are among the other's. others: LABELS of the other experiment. The test
    part that is drawn of its training examples has the labels of the data set, as every test split has.
    """
    known = others.loc[others["split"] == "train"].set_index("example_id")["label"]
    train = examples["split"] == "train"
    return examples["label"].mask(train, examples["example_id"].map(known)).astype("int64")


def relabelled(labels: pd.Series, examples: pd.DataFrame, new: pd.Series) -> pd.Series:
    """The labels, with those of some training examples replaced.

    labels: one for each of `examples`, rows of EXAMPLES. new: name of the new class, index example_id. Raises UserError
    for a class of which the data set has no example.
    """
    numbers = {name: number for number, name in enumerate(class_names(examples))}
    if unknown := sorted(set(new) - set(numbers)):
        raise UserError(
            f"label_noise.relabel: {unknown[0]!r} is suggested, of which there is no example; "
            f"{suggestion(unknown[0], numbers)}"
        )
    train = examples["split"] == "train"
    number = examples["example_id"].map(new.map(numbers)).where(train)
    return pd.Series(np.where(number.notna(), number.fillna(0), labels), index=labels.index).astype("int64")
