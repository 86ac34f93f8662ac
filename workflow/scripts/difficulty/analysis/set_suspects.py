"""Label sets that networks suggest. Sets are text: ascending class numbers separated by spaces."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty.analysis.suggested_labels import first_counted_epoch
from difficulty.datasets.label_sets import named_text
from difficulty.scores.runs import ROLES_OF_TRAINING_SPLIT


def set_votes(records: pd.DataFrame) -> pd.DataFrame:
    """How often one run predicted each set of each example.

    Returns the columns example_id, role, predicted_set, wrong (it is not the given set) and count.
    records: columns example_id, epoch, role, correct and predicted_set, a category. The epochs that count depend on
    the role, see `first_counted_epoch`.
    """
    epochs = records["epoch"].max()
    first = {role: first_counted_epoch(role, epochs) for role in ROLES_OF_TRAINING_SPLIT}
    counted = records[records["epoch"] >= records["role"].astype(object).map(first)]
    counted = counted.assign(wrong=~counted["correct"])
    votes = counted.groupby(["example_id", "role", "predicted_set", "wrong"], observed=True).size()
    return votes.rename("count").reset_index().astype({"predicted_set": "string", "role": "string"})


def suggested_sets(votes: pd.DataFrame, example_id: pd.Series, above: float) -> pd.DataFrame:
    """Columns suggested, a set as text, and share, of the predictions; null where no set is suggested; N rows.

    votes: of several runs, as `set_votes` gives them, one after another. example_id: (N,). The wrong set that is
    predicted most often is suggested, the first as text of equally common ones, if its share is above `above`.
    Predictions of runs that hold an example out count, if there are any; else those of the runs that train on it.
    """
    held_out = votes.loc[votes["role"] == "validation", "example_id"].unique()
    votes = votes[(votes["role"] == "validation") | ~votes["example_id"].isin(held_out)]
    total = votes.groupby("example_id")["count"].sum()
    wrong = votes[votes["wrong"]].groupby(["example_id", "predicted_set"], as_index=False)["count"].sum()
    order = wrong.sort_values(["example_id", "count", "predicted_set"], ascending=[True, False, True])
    best = order.drop_duplicates("example_id").set_index("example_id")
    share = best["count"] / total.loc[best.index]
    given = pd.DataFrame({"suggested": best["predicted_set"], "share": share})[share > above]
    return given.reindex(example_id).set_axis(example_id.index)


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
