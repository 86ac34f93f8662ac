"""Rank correlation between the scores of an experiment, and of each score with itself under other seeds."""

import logging
from itertools import product
from pathlib import Path

import pandas as pd

from difficulty.analysis.correlation import (
    CORRELATION,
    SEED_CORRELATION,
    STABILITY,
    correlation_table,
    seed_correlations,
    stability_table,
)
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES, SCORES, ranking_column
from difficulty.scores.run_grid import RunGrid, ranking_values, seed_means
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    wanted = args.settings["scores"]
    columns = read_schema(args.scores).columns
    of_images = {name for path in args.families for name in columns_of_images(path)}
    chosen = {role: {} for role in ROLE_SUFFIXES}
    for role, score in product(ROLE_SUFFIXES, wanted):
        chosen[role][score] = score if score in of_images else ranking_column(columns, score, role)
    if missing := [score for score in wanted if not any(found[score] for found in chosen.values())]:
        if missing == wanted:
            raise UserError(f"analyses.correlation.scores: no score {', '.join(missing)} in {args.scores}")
        logger.info("left out, as this experiment does not have them: %s", ", ".join(missing))
    table, matrices = read_table(args.scores, SCORES), []
    for role, found in chosen.items():
        found = {score: column for score, column in found.items() if column}
        rows = table.loc[table[f"runs_{role}"] > 0, list(found.values())]
        # One that nothing is known of here would leave no example of which all are known.
        rows = rows.dropna(axis=1, how="all")
        found = {score: column for score, column in found.items() if column in rows}
        if rows.empty:
            continue
        matrix = correlation_table(rows.set_axis(list(found), axis=1), args.settings["bootstrap"]).assign(role=role)
        for end in ("a", "b"):
            directions = [columns[found[score]].direction for score in matrix[f"score_{end}"]]
            matrix[f"direction_{end}"] = pd.array(directions, dtype="Int8")
        matrices.append(matrix)
        logger.info("%s: %d scores compared on %d examples", role, len(found), matrix["examples"].iloc[0])
    if not matrices:
        raise UserError(f"analyses.correlation.scores: no value of {', '.join(wanted)} in {args.scores}; name others")
    facts = provenance(args)
    write_table(pd.concat(matrices), args.output, CORRELATION, facts)
    stability, pairs = over_seeds(args.families, wanted)
    write_table(stability, args.stability, STABILITY, facts)
    write_table(pairs, args.seeds, SEED_CORRELATION, facts)


def columns_of_images(path: Path) -> set[str]:
    """The columns of a family of scores that are the same in every role, as they know no runs; none of another one."""
    schema = read_schema(path)
    return set(schema.columns) - set(EXAMPLE_SCORES.columns) if schema.name == EXAMPLE_SCORES.name else set()


def over_seeds(families: list[Path], wanted: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of STABILITY and SEED_CORRELATION of the wanted scores, for every role."""
    stability, pairs = (
        [pd.DataFrame(columns=list(STABILITY.columns))],
        [pd.DataFrame(columns=list(SEED_CORRELATION.columns))],
    )
    for path in families:
        schema = read_schema(path)
        columns = {score: schema.columns[score] for score in wanted if score in schema.columns}
        if schema.name != RUN_SCORES.name or not columns:
            continue
        table = read_table(path, RUN_SCORES)
        for role, rows in table.groupby("role", sort=False):
            grid, values = RunGrid.of(rows), ranking_values(rows, columns)
            for score in columns:
                seeds, means = seed_means(grid, values[score].to_numpy())
                stability.append(stability_table(means).assign(role=role, score=score))
                pairs.append(seed_correlations(means, seeds).assign(role=role, score=score))
    return pd.concat(stability), pd.concat(pairs)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--stability", type=Path, required=True, help="output: means over disjoint halves of the seeds")
    parser.add_argument("--seeds", type=Path, required=True, help="output: every pair of seeds")
    run_stage(main, parser)
