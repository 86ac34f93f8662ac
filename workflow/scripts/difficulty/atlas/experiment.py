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
from difficulty.tables import Column, read_schema, read_table

_SUSPECT_COLUMNS = ["example_id", "given_label", "suggested_label", "suggested_share", "probability_wrong"]
_SUSPECT_COLUMNS += ["verdict", "evidence"]
_HIDDEN = ("_std", "_runs_null", "_ranked")  # endings of columns that go with a score


def describe_experiment(
    name: str, results: Results, examples: pd.DataFrame, classes: list[str], arrays: Arrays
) -> dict:
    """An experiment's part of the page.

    examples: of its data set; arrays are in their order. classes: names of its classes.
    """
    path = results.path(paths.SCORES, experiment=name)
    scores = read_table(path, SCORES).set_index("example_id").loc[examples["example_id"]]
    suspects = read_table(results.path(paths.SUSPECTS_TABLE, experiment=name), SUSPECTS, _SUSPECT_COLUMNS)
    return {
        "name": name,
        "given": arrays.codes(scores["label"]),
        "corrupt": arrays.numbers(scores["is_corrupt"].to_numpy(), "u1") if scores["is_corrupt"].any() else None,
        "columns": list(_columns(scores, read_schema(path).columns, arrays)),
        "suspects": _suspects(suspects, examples, classes, arrays),
        "errors": as_record(read_table(results.path(paths.LABEL_ERRORS, experiment=name), LABEL_ERRORS)),
        "evidence": _evidence(results.path(paths.EVIDENCE, experiment=name), examples, arrays),
        "confusion": as_records(read_table(results.path(paths.LABEL_CONFUSION, experiment=name), LABEL_CONFUSION)),
    }


def _columns(scores: pd.DataFrame, described: Mapping[str, Column], arrays: Arrays) -> Iterator[dict]:
    """Every score, and every number that goes with the images, such as their statistics.

    A score has a role, and a direction: 1 if a higher value means harder. What ranks by it, where undefined runs count,
    takes its place.
    """
    ranking = {column: role for role in ROLE_SUFFIXES for column in ranking_columns(described, role).values()}
    for name, column in described.items():
        ranks = f"{name}_ranked" if f"{name}_ranked" in described else name
        if name in SCORES.columns or name.endswith(_HIDDEN) or not pd.api.types.is_numeric_dtype(scores[name]):
            continue
        values = scores[ranks].to_numpy(np.float64, na_value=np.nan)
        if np.isnan(values).all():
            continue
        yield {
            "name": name,
            "about": column.description,
            "direction": column.direction or 0,
            "role": ranking.get(ranks),
            "values": arrays.quantised(values),
        }


def _suspects(suspects: pd.DataFrame, examples: pd.DataFrame, classes: list[str], arrays: Arrays) -> dict:
    """The list in its order: positions among the examples, and what it says of each.

    Labels are numbers of classes and, where images have several, from there on of `sets` of these.
    """
    positions = pd.Series(np.arange(len(examples)), index=examples["example_id"])
    verdicts = list(dict.fromkeys(suspects["verdict"]))
    labels = pd.concat([suspects["given_label"], suspects["suggested_label"].dropna()]).unique()
    sets = [name for name in labels if name not in set(classes)]
    numbers = {name: number for number, name in enumerate([*classes, *sets])}
    return {
        "positions": arrays.numbers(positions.loc[suspects["example_id"]].to_numpy(), "i4"),
        "sets": sets,
        "given": arrays.codes([numbers[name] for name in suspects["given_label"]]) if sets else None,
        "suggested": arrays.codes([numbers.get(name) for name in suspects["suggested_label"]]),
        "share": arrays.quantised(suspects["suggested_share"].to_numpy(np.float64)),
        "probability": arrays.quantised(suspects["probability_wrong"].to_numpy(np.float64)),
        "verdicts": verdicts,
        "verdict": arrays.numbers(suspects["verdict"].map(verdicts.index).to_numpy(), "u1"),
        "evidence": arrays.blocks(list(suspects["evidence"])),
        "block": BLOCK,
    }


def _evidence(path: Path, examples: pd.DataFrame, arrays: Arrays) -> dict:
    """What speaks for and against the first suspects, in their order: numbers row by row, one for each epoch."""
    table = read_table(path, EVIDENCE)
    positions = pd.Series(np.arange(len(examples)), index=examples["example_id"])
    epochs = max(table["epochs"], key=len, default=[])
    nearest = max(map(len, table["neighbors"]), default=0)
    return {
        "count": len(table),
        "epochs": [int(epoch) for epoch in epochs],
        "agreeing": arrays.quantised(_rectangle(table["agreeing"], len(epochs), np.nan)),
        "predicted": arrays.codes(_rectangle(table["predicted"], len(epochs), -1).astype(int)),
        "held_out": arrays.quantised(table["held_out"].to_numpy(np.float64)),
        "neighbors": arrays.numbers(
            _rectangle([positions.reindex(each).to_numpy() for each in table["neighbors"]], nearest, -1), "i4"
        ),
        "nearest": nearest,
    }


def _rectangle(rows: Iterable[Sequence[float]], width: int, missing: float) -> np.ndarray:
    """Rows of a width one after another, (rows x width,); `missing` stands where a row is shorter."""
    filled = [[*row, *[missing] * (width - len(row))] for row in rows]
    return np.array(filled, np.float64).ravel()
