"""Scores of runs and of examples: the two kinds of score tables, and how the one becomes the other.

A family of scores (dynamics, variance of gradients, prediction depth, ...) writes one RUN_SCORES table
per experiment, one row per example and run. What becomes of a column over the runs follows from its
Column alone, so a new family needs no change here. A family that knows no runs (statistics of the
image itself) writes an EXAMPLE_SCORES table, whose columns are taken over as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.errors import UserError
from difficulty.scores.run_grid import RunGrid, defined_mean, seed_means
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import Column, Schema

ROWS_READ_TOGETHER = 1 << 17  # of a table of scores: examples that are collected at a time
_EXAMPLE_ID = Column(pa.int64(), "as in the examples")

RUN_SCORES = Schema(
    "run_scores",
    {
        "example_id": _EXAMPLE_ID,
        "run": Column(pa.string(), "seed-0, or seed-0-fold-3"),
        "role": Column(pa.string(), "train, validation (held out by a fold) or test, in this run"),
    },
    key=("example_id", "run"),
    open=True,
)

EXAMPLE_SCORES = Schema("example_scores", {"example_id": _EXAMPLE_ID}, key=("example_id",), open=True)

SCORES = Schema(
    "scores",
    {
        "example_id": _EXAMPLE_ID,
        "split": Column(pa.string(), "train or test"),
        "class_name": Column(pa.string(), "name of the class that the given label says"),
        "label": Column(pa.int64(), "the given label: training sees it and scores refer to it"),
        "clean_label": Column(pa.int64(), "the label that the data set gives"),
        "is_corrupt": Column(pa.bool_(), "the label was changed by planted noise"),
        **{
            f"runs_{role}": Column(pa.int16(), f"number of runs in which the example had the role {role}")
            for role in ROLE_SUFFIXES
        },
    },
    key=("example_id",),
    open=True,
)


def aggregate_runs(run_scores: pd.DataFrame, columns: Mapping[str, Column]) -> tuple[pd.DataFrame, dict[str, Column]]:
    """Scores of examples from the scores of one family in every run.

    run_scores: columns of RUN_SCORES and of the family. columns: the family's columns; bool columns
        are flags, numeric ones scores. Training-role and held-out values never share a column: the
        results of a role r other than train end in `_r`.
    The folds of a seed share initial weights, so they are averaged first and count as one network: all means and
    deviations are over seeds.
    Returns a frame indexed by example_id, and its columns: of a score s its mean over the seeds where
    it is defined `s`, the standard deviation over them `s_std` (ddof 1; NaN below two), and, if s can
    be undefined, in how many runs it is, `s_runs_null`, and the mean that counts those runs as
    `null_ranks_as`, `s_ranked`, which serves ranking only; of a flag its share of runs. All are NaN
    where the example has the role in no run.
    """
    parts, described = [], {}
    for role, suffix in ROLE_SUFFIXES.items():
        rows = run_scores[run_scores["role"] == role]
        if rows.empty:
            continue
        grid = RunGrid.of(rows)
        made: dict[str, np.ndarray] = {}
        for name, column in columns.items():
            aggregated = _flag if pa.types.is_boolean(column.type) else _score
            for ending, (value, described_as) in aggregated(grid, rows[name], column, role).items():
                made[f"{name}{suffix}{ending}"] = value
                described[f"{name}{suffix}{ending}"] = described_as
        parts.append(pd.DataFrame(made, index=pd.Index(grid.example_id, name="example_id")))
    if not parts:
        raise UserError(f"scores: no row with a role among {', '.join(ROLE_SUFFIXES)}")
    frame = pd.concat(parts, axis=1).sort_index()
    for name in (name for name in frame if name.endswith("_runs_null")):
        frame[name] = frame[name].astype("Int16")
    return frame, described


def _flag(grid: RunGrid, values: pd.Series, column: Column, role: str) -> dict[str, tuple[np.ndarray, Column]]:
    share = _mean_over_seeds(grid, values)
    return {"": (share, Column(pa.float32(), f"share of runs ({role}): {column.description}", nullable=True))}


def _score(grid: RunGrid, values: pd.Series, column: Column, role: str) -> dict[str, tuple[np.ndarray, Column]]:
    _, of_seeds = seed_means(grid, values)
    defined, mean = ~np.isnan(of_seeds), defined_mean(of_seeds)
    count = defined.sum(axis=0)
    squares = np.where(defined, np.square(of_seeds - mean), 0.0).sum(axis=0)
    std = np.sqrt(np.divide(squares, count - 1, where=count > 1, out=np.full(len(mean), np.nan)))
    described = Column(pa.float32(), f"{column.description}; mean over seeds ({role})", True, column.direction)
    made = {
        "": (mean, described),
        "_std": (std, Column(pa.float32(), f"standard deviation over seeds ({role}): {column.description}", True)),
    }
    if column.nullable:
        undefined = np.bincount(grid.column[values.isna()], minlength=len(mean))
        description = f"number of runs ({role}) in which it is undefined: {column.description}"
        made["_runs_null"] = (undefined, Column(pa.int16(), description, True))
    if column.null_ranks_as is not None:
        filled = values.fillna(column.null_ranks_as)
        description = f"{described.description}, undefined runs counted as {column.null_ranks_as:g}: for ranking only"
        made["_ranked"] = (_mean_over_seeds(grid, filled), replace(described, description=description))
    return made


def _mean_over_seeds(grid: RunGrid, values: pd.Series) -> np.ndarray:
    _, of_seeds = seed_means(grid, values)
    return defined_mean(of_seeds)


def aggregated_columns(columns: Mapping[str, Column], roles: Iterable[str]) -> dict[str, Column]:
    """The columns that `aggregate_runs` makes of those of a family that has rows of these roles."""
    nothing = dict.fromkeys(columns, np.nan)
    rows = [{"example_id": 0, "run": "seed-0", "role": role, **nothing} for role in roles]
    return aggregate_runs(pd.DataFrame(rows, columns=["example_id", "run", "role", *columns]), columns)[1]


def collect_scores(
    labels: pd.DataFrame,
    class_names: Mapping[int, str],
    run_families: Sequence[tuple[pd.DataFrame, Mapping[str, Column]]],
    example_families: Sequence[tuple[pd.DataFrame, Mapping[str, Column]]] = (),
) -> tuple[pd.DataFrame, dict[str, Column]]:
    """All scores of an experiment, one row per example, in the order of `labels`.

    labels: columns of a labels table. class_names: name of each class index.
    run_families: RUN_SCORES tables with their families' columns, of which those without rows are left out.
        example_families: EXAMPLE_SCORES tables with theirs.
    Returns the frame and its columns beyond those of SCORES.
    Raises UserError if a family knows examples that the labels do not, or two share a column.
    """
    frame = labels[["example_id", "split"]].copy()
    names = {label: class_names.get(label, str(label)) for label in labels["label"].unique()}
    frame["class_name"] = labels["label"].map(names)
    for name in ("label", "clean_label", "is_corrupt"):
        frame[name] = labels[name]
    frame = frame.set_index("example_id")
    had = pd.concat([rows[["example_id", "run", "role"]] for rows, _ in run_families]).drop_duplicates()
    for role in ROLE_SUFFIXES:
        runs = had.loc[had["role"] == role, "example_id"].value_counts()
        frame[f"runs_{role}"] = runs.reindex(frame.index, fill_value=0).astype(np.int16)
    described: dict[str, Column] = {}
    tables = [aggregate_runs(rows, columns) for rows, columns in run_families if len(rows)]
    tables += [(rows.set_index("example_id")[list(columns)], dict(columns)) for rows, columns in example_families]
    for table, columns in tables:
        if repeated := sorted(columns.keys() & (described.keys() | SCORES.columns.keys())):
            raise UserError(f"scores: two families have a column {', '.join(repeated)}; rename one")
        if len(unknown := table.index.difference(frame.index)):
            raise UserError(f"scores: example {unknown[0]} has scores but no label; delete the scores and run again")
        described |= {name: replace(column, nullable=True) for name, column in columns.items()}
        frame = frame.join(table)
    return frame.reset_index(), described


def ranking_column(columns: Mapping[str, Column], score: str, role: str) -> str | None:
    """The column that ranks examples by `score` in `role`: the one that ranks undefined runs, too, if any.

    columns: of a SCORES table. None if the table has no such score for that role.
    """
    name = f"{score}{ROLE_SUFFIXES[role]}"
    return next((found for found in (f"{name}_ranked", name) if found in columns), None)


def ranking_columns(columns: Mapping[str, Column], role: str) -> dict[str, str]:
    """Every score of a SCORES table that has a direction and the role, with the column that ranks by it."""
    found = {}
    for name, column in columns.items():
        if column.direction is None or name.endswith("_ranked"):
            continue
        own = next((r for r, suffix in ROLE_SUFFIXES.items() if suffix and name.endswith(suffix)), "train")
        if own == role:
            score = name.removesuffix(ROLE_SUFFIXES[role])
            found[score] = ranking_column(columns, score, role)
    return found
