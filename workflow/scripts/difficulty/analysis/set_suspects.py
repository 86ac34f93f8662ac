"""What networks suggest in place of a set of labels. Sets are text: ascending class numbers separated by spaces."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty.datasets.label_sets import named_text


def counted_sets(records: pd.DataFrame) -> pd.Series:
    """How often each set was predicted of each example, by example_id and predicted_set.

    records: columns example_id and predicted_set, a category, of the predictions that count.
    """
    return records.groupby(["example_id", "predicted_set"], observed=True).size()


def most_common_sets(counts: pd.Series) -> pd.Series:
    """The set that is predicted most often of each example, by example_id; of equally common ones the first as text.

    counts: of several runs, as `counted_sets` gives them, one after another.
    """
    frame = counts.rename("count").reset_index().astype({"predicted_set": "string"})
    total = frame.groupby(["example_id", "predicted_set"], as_index=False)["count"].sum()
    order = total.sort_values(["example_id", "count", "predicted_set"], ascending=[True, False, True])
    return order.drop_duplicates("example_id").set_index("example_id")["predicted_set"]


def named_sets(
    given: Sequence[str], suggested: pd.Series, class_names: list[str]
) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """Numbers for the given sets (N,), for the suggested ones (N,), -1 for none, and what each number is called."""
    texts = sorted({*given, *suggested.dropna()})
    number = {text: place for place, text in enumerate(texts)}
    names = {place: named_text(text, class_names) for place, text in enumerate(texts)}
    return (
        np.array([number[text] for text in given]),
        np.array([-1 if pd.isna(text) else number[text] for text in suggested]),
        names,
    )
