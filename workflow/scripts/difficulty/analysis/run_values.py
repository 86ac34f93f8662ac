"""The scores of an experiment as they rank, seed by seed, from the tables of the families that know runs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from difficulty.memory_budget import budgeted
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.run_grid import defined_mean, ranking_values
from difficulty.scores.runs import seed_of
from difficulty.table_parts import RowGroups, read_parts, row_count
from difficulty.tables import Column, Schema, read_schema, read_table

_ROWS = 1 << 18  # of a family's table that are read at a time
_VALUES = 1 << 24  # of scores in all runs that are held at a time


def of_examples(example_id: np.ndarray | None) -> list[tuple] | None:
    """The filter with which a table is read to have the rows of some examples only; None: of all.

    By the smallest and the largest of them, row groups are passed over without reading them.
    """
    if example_id is None:
        return None
    first, last = np.min(example_id, initial=2**62), np.max(example_id, initial=-(2**62))
    bounds = ("example_id", ">=", int(first)), ("example_id", "<=", int(last))
    return [*bounds, ("example_id", "in", pa.array(example_id))]


def rows_of_examples(path: Path, schema: Schema, columns: Sequence[str], example_id: np.ndarray | None) -> pd.DataFrame:
    """Some columns, with example_id, of the rows of some examples, in their order; None: of all.

    One row group is in memory at a time, where filters of `read_table` would hold many.
    """
    if example_id is None:
        return read_table(path, schema, columns)
    groups, asked = RowGroups(path, schema), pa.array(example_id)
    parts = [groups.read_arrow([], columns)]
    for group in range(len(groups.rows)):
        part = groups.read_arrow([group], columns)
        parts.append(part.filter(pc.is_in(part["example_id"], asked)))
    return pa.concat_tables(parts).to_pandas()


def by_seed(
    families: Sequence[Path], wanted: Sequence[str], role: str, example_id: np.ndarray
) -> Iterator[tuple[str, pd.DataFrame]]:
    """(score, its mean over the runs of each seed) for each of the wanted scores that runs have in a role.

    The mean is float64, a row for each seed, a column for each of `example_id`; undefined scores are as they count for
    ranking, and NaN if they do not, or if an example has the role in no run of the seed. A few scores are in memory at
    a time.
    """
    for path in families:
        schema = read_schema(path)
        columns = {score: schema.columns[score] for score in wanted if score in schema.columns}
        if schema.name != RUN_SCORES.name or not columns:
            continue
        together = max(budgeted(_VALUES) // max(row_count(path), 1), 1)
        for first in range(0, len(columns), together):
            part = dict(list(columns.items())[first : first + together])
            seeds: dict[str, list[np.ndarray]] = {}
            for run, values in sorted(_of_runs(path, part, role, example_id).items()):
                seeds.setdefault(seed_of(run), []).append(values)
            for place, score in enumerate(part if seeds else ()):
                means = [defined_mean(np.stack([values[place] for values in runs])) for runs in seeds.values()]
                yield score, pd.DataFrame(np.stack(means), list(seeds), example_id)


def examples_of_roles(path: Path) -> dict[str, np.ndarray]:
    """Role -> ids (N,), sorted, of the examples that have it in a run. path: of a table RUN_SCORES."""
    found: dict[str, np.ndarray] = {}
    for part in read_parts(path, RUN_SCORES, budgeted(_ROWS), ["example_id", "role"]):
        for role in pc.unique(part["role"]).to_pylist():
            ids = part.filter(pc.equal(part["role"], role))["example_id"].to_numpy()
            found[role] = np.union1d(found.get(role, ids), ids)
    return found


def _of_runs(path: Path, columns: Mapping[str, Column], role: str, example_id: np.ndarray) -> dict[str, np.ndarray]:
    """Run -> its scores of the examples, float64 (S, N), of the runs in which one of them has the role."""
    order = np.argsort(example_id, kind="stable")
    ids, found = example_id[order], {}
    for part in read_parts(path, RUN_SCORES, budgeted(_ROWS), [*RUN_SCORES.columns, *columns]):
        rows = part.filter(pc.equal(part["role"], role)).to_pandas()
        places = np.searchsorted(ids, rows["example_id"])
        places[places == len(ids)] = 0
        is_asked = ids[places] == rows["example_id"].to_numpy()
        rows, places = rows[is_asked], order[places[is_asked]]
        values = ranking_values(rows, columns).to_numpy().T
        codes, runs = pd.factorize(rows["run"])
        for code, run in enumerate(runs):
            if run not in found:
                found[run] = np.full((len(columns), len(ids)), np.nan)
            of_run = codes == code
            found[run][:, places[of_run]] = values[:, of_run]
    return found
