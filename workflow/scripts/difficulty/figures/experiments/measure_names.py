"""What loss and accuracy are called: of images with several labels, they are others than of single labels."""

import pandas as pd

_TOP1, _EXACT_MATCH = "top-1 accuracy", "exact match"


def accuracy_name(table: pd.DataFrame) -> str:
    """Name of the column top1 of a history or of evaluations: where top5 is null, labels are sets."""
    kinds = {_EXACT_MATCH if of_sets else _TOP1 for of_sets in _of_sets(table)}
    return " or ".join(sorted(kinds, reverse=True)) or _TOP1


def loss_name(table: pd.DataFrame) -> str:
    """Name of the column loss of the same."""
    return "mean binary cross-entropy (nats)" if _of_sets(table) == {True} else "mean cross-entropy (nats)"


def _of_sets(table: pd.DataFrame) -> set[bool]:
    return set(table["top5"].isna()) if "top5" in table else {False}
