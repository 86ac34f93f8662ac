"""What an export hands on: every example with its labels, what the list of suspects says of it, and its scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from difficulty.analysis.suspect_verdicts import UNDECIDED
from difficulty.cell_marks import without_mark
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.files import check_files
from difficulty.datasets.label_sets import NO_CLASS, has_label_sets, set_class_names
from difficulty.scores.collect import SCORES
from difficulty.tables import Column, read_schema, read_table

# Columns of the list of suspects, as far as it has them. A cell of text that is empty says nothing.
NUMBERS = ("rank", "suggested_share", "probability_wrong")
FLAG = "within_cut"
TEXTS = ("suggested_label", "verdict", "evidence", "decision")
_SHOWN = ("example_id", "split", "key", "label", "class_name", "file")  # of the examples
_MAJORITY = 0.5
T = TypeVar("T")


@dataclass(frozen=True)
class Judged:
    """The examples of an experiment, N rows in the order of the data set.

    examples: example_id, split, key, file, label_quality (0 to 1, the higher the better; NaN where nothing is known),
        is_label_issue, then the columns of the list of suspects that there are; these are null for test examples.
    given, suggested: names of the classes of each example, one unless images have several labels; None: no suggestion.
    scores: all columns of scores, described in `columns`. class_names: by the number of the class.
    images: the folder that files are relative to, as seen from the working directory; None where there are no images.
    quality, issue: what label_quality and is_label_issue are, a sentence each.
    """

    examples: pd.DataFrame
    given: list[list[str]]
    suggested: list[list[str] | None]
    scores: pd.DataFrame
    columns: Mapping[str, Column]
    class_names: list[str]
    has_sets: bool
    images: Path | None
    quality: str
    issue: str

    def of_split(self, split: str) -> "Judged":
        """The examples of one split alone."""
        return self.at(np.flatnonzero(self.examples["split"] == split))

    def by_rank(self) -> "Judged":
        """The examples in the list of suspects alone, in its order."""
        ranked = self.examples["rank"].reset_index(drop=True).dropna().sort_values()
        return self.at(ranked.index.to_numpy())

    def at(self, places: np.ndarray) -> "Judged":
        """Those at some places (M,), from 0."""
        chosen = {name: getattr(self, name).iloc[places] for name in ("examples", "scores")}
        chosen |= {name: [getattr(self, name)[place] for place in places] for name in ("given", "suggested")}
        return Judged(**{**self.__dict__, **chosen})


def read_judged(scores: Path, suspects: Path, examples: Path, files: Path | None, score: str) -> Judged:
    """Reads the tables of an experiment: SCORES, the list of suspects, EXAMPLES, and FILES if there are images.

    score: the one that ranks suspects. Raises UserError if a table is damaged or an image has changed.
    """
    if files:
        check_files(files)
    columns = {name: each for name, each in read_schema(scores).columns.items() if name not in SCORES.columns}
    listed = read_suspects(suspects).set_index("example_id")
    scored = read_table(scores, SCORES, ["example_id", "label", "class_name", *columns])
    known = read_schema(examples).columns
    wanted = [name for name in known if name not in EXAMPLES.columns or name in _SHOWN]
    shown = read_table(examples, EXAMPLES, wanted).set_index("example_id").loc[scored["example_id"]]
    has_sets = has_label_sets(shown)
    names = set_class_names(shown) if has_sets else all_class_names(scored, shown)
    given = (
        [list(row) for row in shown["label_names"]] if has_sets else _alike(scored["class_name"], lambda name: [name])
    )
    quality, source = label_quality(listed, score)
    issue, rule = label_issues(listed)
    listed = listed.assign(label_quality=quality, is_label_issue=issue).reindex(shown.index)
    table = shown[["split", "key", "file"]].assign(
        label_quality=listed.pop("label_quality"), is_label_issue=listed.pop("is_label_issue").eq(True)
    )
    suggested = _alike(listed.pop("suggested_label"), lambda text: suggested_names(text, names, has_sets))
    return Judged(
        table.join(listed).reset_index(),
        given,
        suggested,
        scored[list(columns)],
        columns,
        names,
        has_sets,
        files.parent / "images" if files else None,
        source,
        rule,
    )


def _alike(texts: pd.Series, make: Callable[[str | None], T]) -> list[T]:
    """What `make` makes of each text, once of equal ones: texts repeat, and there may be a million."""
    codes, different = pd.factorize(texts, use_na_sentinel=False)
    made = [make(text) for text in different]
    return [made[code] for code in codes]


def read_suspects(path: Path) -> pd.DataFrame:
    """The list of suspects: example_id, and those of NUMBERS, FLAG and TEXTS that it has, in their order.

    path: the Parquet table, or the CSV file, which has rounded numbers. Where all verdicts are undecided, networks
    deserve no trust, and probability and cut are left out.
    """
    if path.suffix == ".parquet":
        schema = read_schema(path)
        names = [name for name in ("example_id", *NUMBERS, FLAG, *TEXTS) if name in schema.columns]
        listed = read_table(path, schema, names)
    else:
        listed = pd.read_csv(path, dtype=str, keep_default_na=False)
        for name in listed.columns.intersection(TEXTS):
            listed[name] = listed[name].map(without_mark)
    if _is_undecided(listed):
        listed = listed.drop(columns=["probability_wrong", FLAG])
    wanted = [name for name in (*NUMBERS, FLAG, *TEXTS) if name in listed]
    listed = listed[["example_id", *wanted]].copy()
    for name in wanted:
        if name in TEXTS:
            text = listed[name].astype("str")
            listed[name] = text.where(text != "")
        elif name == FLAG:
            listed[name] = listed[name].map({"True": True, "False": False, True: True, False: False}).astype("boolean")
        else:
            listed[name] = pd.to_numeric(listed[name]).astype("Int64" if name == "rank" else "float64")
    return listed.astype({"example_id": "int64"})


def _is_undecided(listed: pd.DataFrame) -> bool:
    return "verdict" in listed and bool((listed["verdict"] == UNDECIDED).all())


def label_quality(listed: pd.DataFrame, score: str) -> tuple[pd.Series, str]:
    """The quality of each label, from 0 to 1, and what it is. listed: what `read_suspects` gives."""
    if "probability_wrong" in listed and listed["probability_wrong"].notna().any():
        return 1 - listed["probability_wrong"], "1 - probability_wrong, the calibrated probability of a wrong label"
    among = len(listed)
    quality = (listed["rank"].astype(float) - 1) / (among - 1) if among > 1 else pd.Series(0.5, listed.index)
    return quality, f"the rank by {score!r}, 0 for the most suspicious and 1 for the last of {among:,}; no probability"


def label_issues(listed: pd.DataFrame) -> tuple[pd.Series, str]:
    """Whether each label counts as wrong, and by what. listed: what `read_suspects` gives."""
    if _is_undecided(listed):
        return pd.Series(False, listed.index), "none, since networks deserve no trust; label-errors.parquet says why"
    if FLAG in listed and listed[FLAG].notna().any():
        return listed[FLAG].eq(True).fillna(False).astype(bool), "within the cut that the list of suspects recommends"
    says = "more than half of the networks' predictions are one other label; no cut is known"
    return listed["suggested_share"].gt(_MAJORITY), says


def suggested_names(text: str | None, names: Sequence[str], has_sets: bool) -> list[str] | None:
    """The classes that a suggestion consists of; None if there is none.

    A set that cannot be told apart, since names have a plus sign, stays one text.
    """
    if pd.isna(text):
        return None
    if not has_sets:
        return [text]
    if text == NO_CLASS:
        return []
    parts = text.split("+")
    return parts if set(parts) <= set(names) else [text]


def all_class_names(scored: pd.DataFrame, examples: pd.DataFrame) -> list[str]:
    """A name of its own for each class, by its number; a class without examples is named by its number."""
    known = dict(zip(examples["label"], examples["class_name"], strict=True))
    known |= dict(zip(scored["label"], scored["class_name"], strict=True))
    taken = set(known.values())
    others = {label: str(label) if str(label) not in taken else f"class {label}" for label in range(max(known))}
    return [known.get(label, others.get(label)) for label in range(max(known) + 1)]
