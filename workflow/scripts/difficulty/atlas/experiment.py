"""What the page holds of an experiment: labels, scores, the list of suspects, and tables about scores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.label_errors.tables import LABEL_CONFUSION, LABEL_ERRORS
from difficulty.analysis.suspect_evidence import EVIDENCE
from difficulty.analysis.suspects import SUSPECTS
from difficulty.atlas.arrays import BLOCK, Arrays
from difficulty.atlas.json_values import as_record, as_records
from difficulty.atlas.results import Results
from difficulty.plan import paths
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.table_parts import RowGroups
from difficulty.tables import TableError, read_schema, read_table

_SUSPECT_COLUMNS = ["example_id", "given_label", "suggested_label", "suggested_share", "probability_wrong", "verdict"]
_HIDDEN = ("_std", "_runs_null", "_ranked")  # endings of columns that go with a score


def describe_experiment(name: str, results: Results, example_ids: pd.Index, classes: list[str], arrays: Arrays) -> dict:
    """An experiment's part of the page.

    example_ids: of its data set; arrays are in their order. classes: names of its classes.
    """
    scores = _Scores(results.path(paths.SCORES, experiment=name), example_ids)
    is_corrupt = scores.column("is_corrupt")
    return {
        "name": name,
        "given": arrays.codes(scores.column("label")),
        "corrupt": arrays.numbers(is_corrupt.to_numpy(), "u1") if is_corrupt.any() else None,
        "columns": list(_columns(scores, arrays)),
        "suspects": _suspects(results.path(paths.SUSPECTS_TABLE, experiment=name), example_ids, classes, arrays),
        "errors": as_record(read_table(results.path(paths.LABEL_ERRORS, experiment=name), LABEL_ERRORS)),
        "evidence": _evidence(results.path(paths.EVIDENCE, experiment=name), example_ids, arrays),
        "confusion": as_records(read_table(results.path(paths.LABEL_CONFUSION, experiment=name), LABEL_CONFUSION)),
    }


class _Scores:
    """A table of scores, of which one column is in memory at a time, in the order of example_ids."""

    def __init__(self, path: Path, example_ids: pd.Index):
        self.described, self._table = read_schema(path).columns, RowGroups(path, SCORES)
        self._rows = _positions(self._read("example_id"), example_ids, path)

    def column(self, name: str) -> pd.Series:
        return self._read(name).iloc[self._rows]

    def _read(self, name: str) -> pd.Series:
        return self._table.read_arrow(range(len(self._table.rows)), [name])[name].to_pandas()


def _positions(known: pd.Index | pd.Series, example_ids, path: Path) -> np.ndarray:
    """Where examples are among those that are known, int (N,); TableError if one is not."""
    rows = pd.Index(known).get_indexer(example_ids)
    if (rows < 0).any():
        raise TableError(path, f"example {np.asarray(example_ids)[rows < 0][0]} is missing, here or in the data set")
    return rows


def _columns(scores: _Scores, arrays: Arrays) -> Iterator[dict]:
    """Every score, and every number that goes with the images, such as their statistics.

    A score has a role, and a direction: 1 if a higher value means harder. What ranks by it, where undefined runs count,
    takes its place.
    """
    described = scores.described
    ranking = {column: role for role in ROLE_SUFFIXES for column in ranking_columns(described, role).values()}
    for name, column in described.items():
        ranks = f"{name}_ranked" if f"{name}_ranked" in described else name
        if name in SCORES.columns or name.endswith(_HIDDEN):
            continue
        found = scores.column(ranks)
        if not pd.api.types.is_numeric_dtype(found):
            continue
        values = found.to_numpy(np.float64, na_value=np.nan)
        if np.isnan(values).all():
            continue
        yield {
            "name": name,
            "about": column.description,
            "direction": column.direction or 0,
            "role": ranking.get(ranks),
            "values": arrays.quantised(values),
        }


def _suspects(path: Path, example_ids: pd.Index, classes: list[str], arrays: Arrays) -> dict:
    """The list in its order: positions among the examples, and what it says of each.

    Labels are numbers of classes and, where images have several, from there on of `sets` of these.
    """
    table = RowGroups(path, SUSPECTS)
    groups = range(len(table.rows))
    suspects = table.read(groups, _SUSPECT_COLUMNS)
    verdicts, given, suggested = (suspects[name] for name in ("verdict", "given_label", "suggested_label"))
    known = set(classes)
    labels = dict.fromkeys([*given.unique(), *suggested.dropna().unique()])
    sets = [name for name in labels if name not in known]
    numbers = {name: number for number, name in enumerate([*classes, *sets])}
    words = list(verdicts.unique())
    return {
        "positions": arrays.numbers(_positions(example_ids, suspects["example_id"], path), "i4"),
        "sets": sets,
        "given": arrays.codes(_mapped(given, numbers)) if sets else None,
        "suggested": arrays.codes(_mapped(suggested, numbers)),
        "share": arrays.quantised(suspects["suggested_share"].to_numpy(np.float64)),
        "probability": arrays.quantised(suspects["probability_wrong"].to_numpy(np.float64)),
        "verdicts": words,
        "verdict": arrays.numbers(_mapped(verdicts, {word: number for number, word in enumerate(words)}), "u1"),
        "evidence": arrays.blocks(table.read_arrow(groups, ["evidence"])["evidence"].to_pandas()),
        "block": BLOCK,
    }


def _mapped(texts: pd.Series, numbers: Mapping[str, int]) -> np.ndarray:
    """The number of each text, int (N,), of a column of categories; -1 where there is none."""
    return np.array([*(numbers[text] for text in texts.cat.categories), -1])[texts.cat.codes]


def _evidence(path: Path, example_ids: pd.Index, arrays: Arrays) -> dict:
    """What speaks for and against the first suspects, in their order: numbers row by row, one for each epoch."""
    table = read_table(path, EVIDENCE)
    epochs = max(table["epochs"], key=len, default=[])
    nearest = max(map(len, table["neighbors"]), default=0)
    return {
        "count": len(table),
        "epochs": [int(epoch) for epoch in epochs],
        "agreeing": arrays.quantised(_rectangle(table["agreeing"], len(epochs), np.nan)),
        "predicted": arrays.codes(_rectangle(table["predicted"], len(epochs), -1).astype(int)),
        "held_out": arrays.quantised(table["held_out"].to_numpy(np.float64)),
        "neighbors": arrays.numbers(
            _rectangle([example_ids.get_indexer(each) for each in table["neighbors"]], nearest, -1), "i4"
        ),
        "nearest": nearest,
    }


def _rectangle(rows: Iterable[Sequence[float]], width: int, missing: float) -> np.ndarray:
    """Rows of a width one after another, (rows x width,); `missing` stands where a row is shorter."""
    filled = [[*row, *[missing] * (width - len(row))] for row in rows]
    return np.array(filled, np.float64).ravel()
