"""Examples whose image files have the same content: they leak from train to test, or contradict each other."""

import pandas as pd

_GROUPS_SHOWN, _NAMES_SHOWN = 3, 3


def duplicate_of(examples: pd.DataFrame) -> pd.Series:
    """For each example the example_id of the first one with the same content, null if it is itself the first.

    examples: columns example_id and sha256, first examples first. Returns nullable int64 (N,), indexed as `examples`.
    """
    first = examples.groupby("sha256")["example_id"].transform("first")
    return first.where(first != examples["example_id"]).astype("Int64").rename("duplicate_of")


def content_of(examples: pd.DataFrame) -> pd.Series:
    """A number for the content of each example's image file, which identical files share. int64 (N,), as `examples`.

    examples: columns example_id and duplicate_of of a table of examples.
    """
    return examples["duplicate_of"].fillna(examples["example_id"]).astype("int64").rename("content")


def conflicts(examples: pd.DataFrame) -> dict[int, str]:
    """example_id -> what else the same file is, for training examples that are tested on, too, or labelled otherwise.

    examples: columns example_id, split, key, class_name (that of the given label) and duplicate_of.
    """
    content = content_of(examples)
    occurs_again = content.duplicated(keep=False)
    repeated = examples[occurs_again].assign(content=content[occurs_again])  # a frame of no rows would take all of it
    found = {}
    for _, group in repeated.groupby("content", sort=False):
        for own in group[group["split"] == "train"].itertuples():
            others = group[(group["split"] != "train") | (group["class_name"] != own.class_name)]
            if len(others := others[others["example_id"] != own.example_id]):
                other = others.sort_values("split").iloc[0]  # test before train
                place = "the test split has the same image" if other["split"] == "test" else "the same image is there"
                found[own.example_id] = f"{place} as {other['key']}, labelled {other['class_name']}"
    return found


def count_contradictions(content: pd.Series, labels: pd.Series) -> tuple[int, int]:
    """(groups of identical images, how many of these have different labels). Both arguments: (N,), index alike."""
    groups = labels[content.duplicated(keep=False)].groupby(content)
    return groups.ngroups, int((groups.max() != groups.min()).sum())


def describe_duplicates(examples: pd.DataFrame) -> tuple[list[str], str | None]:
    """Reports identical files to the user.

    examples: columns example_id, split, key, label and sha256. Returns (one line per kind that occurs, with the
    first groups by name; one line that sums it up, or None where all files differ).
    """
    repeated = examples[examples["sha256"].duplicated(keep=False)]
    groups = repeated.groupby("sha256", sort=False)
    splits, labels = groups["split"].nunique(), groups["label"].nunique()
    kinds = {
        "identical files": splits.index,
        "identical files across train and test": splits.index[splits > 1],
        "identical files with different labels": labels.index[labels > 1],
    }
    lines = [f"{_counted(found)} of {kind}: {_named(repeated, found)}" for kind, found in kinds.items() if len(found)]
    if not lines:
        return [], None
    harmful = f"{(splits > 1).sum():,} across train and test, {(labels > 1).sum():,} with different labels"
    return lines, f"{_counted(splits)} of identical files ({len(repeated):,} examples), {harmful}"


def _counted(groups) -> str:
    return "1 group" if len(groups) == 1 else f"{len(groups):,} groups"


def _named(repeated: pd.DataFrame, digests: pd.Index) -> str:
    """The first groups, e.g. `train/ant/1.jpg = test/ant/7.jpg; ...`."""
    names = repeated["split"] + "/" + repeated["key"]
    shown = []
    for digest in digests[:_GROUPS_SHOWN]:
        members = names[repeated["sha256"] == digest].tolist()
        more = f" = {len(members) - _NAMES_SHOWN:,} more" if len(members) > _NAMES_SHOWN else ""
        shown.append(" = ".join(members[:_NAMES_SHOWN]) + more)
    return "; ".join(shown) + ("; ..." if len(digests) > _GROUPS_SHOWN else "")
