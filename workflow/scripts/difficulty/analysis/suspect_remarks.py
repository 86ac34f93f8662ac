"""What else bears on an example's label: it is the only one of its class, or nearly the same image is elsewhere."""

import numpy as np
import pandas as pd

from difficulty.datasets.duplicates import conflicts
from difficulty.datasets.label_sets import has_label_sets

_MOST = 0.05  # of the training examples that have a near duplicate which is labelled otherwise or tested on


def said_of_images(
    examples: pd.DataFrame, position: np.ndarray, given: np.ndarray, similar: pd.DataFrame | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(what `conflicts` says, what `remarks` says) of some examples, each (M,), None where that is nothing.

    examples: all of the data set, columns as for both. position: int (M,), of the examples. given: (M,), class names of
    their given labels. similar: see `remarks`.
    """
    own_labels = examples["class_name"].to_numpy(object)
    own_labels[position] = given
    labelled, names = examples.assign(class_name=own_labels), examples["example_id"].to_numpy()[position].tolist()
    found = conflicts(labelled), remarks(labelled, similar)
    return tuple(np.array([each.get(name) for name in names], object) for each in found)


def remarks(examples: pd.DataFrame, similar: pd.DataFrame | None = None) -> dict[int, str]:
    """example_id -> a remark on it, for the training examples on which there is one.

    examples: columns example_id, split, key and class_name (that of the given label). similar: rows of SIMILAR, the
    nearest first, of these and perhaps of further images; None where near duplicates are not known.
    """
    alone = () if has_label_sets(examples) else _alone(examples)
    found = {each: ["no other image has its label"] for each in alone}
    if similar is not None:
        for each, text in _near(examples, similar).items():
            found.setdefault(each, []).append(text)
    return {each: "; ".join(parts) for each, parts in found.items()}


def _alone(examples: pd.DataFrame) -> list[int]:
    training = examples.loc[examples["split"] == "train", ["example_id", "class_name"]]
    return training.loc[~training["class_name"].duplicated(keep=False), "example_id"].tolist()


def _near(examples: pd.DataFrame, similar: pd.DataFrame) -> dict[int, str]:
    """Of training examples the nearest image that is labelled otherwise or tested on, where the files differ.

    Empty where that would be said of more than a twentieth of them: features of which so many are alike tell nothing
    of near duplicates. What identical files say is told by `difficulty.datasets.duplicates.conflicts`.
    """
    by_id = examples.set_index("example_id")
    pairs = similar.loc[~similar["identical"], ["example_id", "other_id", "cosine"]].to_numpy()
    both_ways = pd.DataFrame(np.concatenate([pairs, pairs[:, [1, 0, 2]]]), columns=["own", "other", "cosine"])
    both_ways = both_ways.astype({"own": "int64", "other": "int64"}).sort_values(
        "cosine", ascending=False, kind="stable"
    )
    both_ways = both_ways[both_ways["own"].isin(by_id.index) & both_ways["other"].isin(by_id.index)]
    own, other = (by_id.loc[both_ways[side]].reset_index(drop=True) for side in ("own", "other"))
    told = (own["split"] == "train") & ((other["split"] != "train") | (own["class_name"] != other["class_name"]))
    nearest = both_ways.reset_index(drop=True)[told].drop_duplicates("own")
    if len(nearest) > _MOST * (examples["split"] == "train").sum():
        return {}
    return {
        row.own: f"nearly the same image is {_place(by_id.loc[row.other])} (cosine {row.cosine:.2f})"
        for row in nearest.itertuples()
    }


def _place(other: pd.Series) -> str:
    split = "in the test split, " if other["split"] == "test" else ""
    return f"{split}{other['key']}, labelled {other['class_name']}"
