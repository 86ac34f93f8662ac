"""Rank correlation between the scores of an experiment, and of each score with itself under other seeds."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.correlation import CORRELATION, SEED_CORRELATION, STABILITY, correlation_table
from difficulty.analysis.seed_stability import over_seeds
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES, SCORES, ranking_column
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    settings, wanted, facts = args.settings, args.settings["scores"], provenance(args)
    directions = {name: column.direction for name, column in read_schema(args.scores).columns.items()}
    table, matrices = read_table(args.scores, SCORES), []
    for role, found in compared_columns(args.scores, args.families, wanted).items():
        rows = table.loc[table[f"runs_{role}"] > 0, list(found.values())].set_axis(list(found), axis=1)
        # One that nothing is known of here would leave no example of which all are known.
        rows = rows.dropna(axis=1, how="all")
        if rows.empty:
            continue
        matrix = correlation_table(rows, settings["bootstrap"]).assign(role=role)
        for end in ("a", "b"):
            own = [directions[found[score]] for score in matrix[f"score_{end}"]]
            matrix[f"direction_{end}"] = pd.array(own, dtype="Int8")
        matrices.append(matrix)
        logger.info("%s: %d scores compared on %d examples", role, rows.shape[1], matrix["examples"].iloc[0])
    if not matrices:
        raise UserError(f"analyses.correlation.scores: no value of {', '.join(wanted)} in {args.scores}; name others")
    write_table(pd.concat(matrices), args.output, CORRELATION, facts)
    stability, pairs = over_seeds(args.families, wanted)
    write_table(stability, args.stability, STABILITY, facts)
    write_table(pairs, args.seeds, SEED_CORRELATION, facts)


def compared_columns(scores: Path, families: list[Path], wanted: list[str]) -> dict[str, dict[str, str]]:
    """Role -> score -> its column; UserError if no role has any of the wanted scores."""
    columns = read_schema(scores).columns
    of_images = {name for path in families for name in columns_of_images(path)}
    chosen = {
        role: {score: score if score in of_images else ranking_column(columns, score, role) for score in wanted}
        for role in ROLE_SUFFIXES
    }
    if missing := [score for score in wanted if not any(found[score] for found in chosen.values())]:
        if missing == wanted:
            raise UserError(f"analyses.correlation.scores: no score {', '.join(missing)} in {scores}")
        logger.info("left out, as this experiment does not have them: %s", ", ".join(missing))
    return {role: {score: column for score, column in found.items() if column} for role, found in chosen.items()}


def columns_of_images(path: Path) -> set[str]:
    """The columns of a family of scores that are the same in every role, as they know no runs; none of another one."""
    schema = read_schema(path)
    return set(schema.columns) - set(EXAMPLE_SCORES.columns) if schema.name == EXAMPLE_SCORES.name else set()


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "output")
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    required_paths(parser, "stability", help="output: means over disjoint halves of the seeds")
    required_paths(parser, "seeds", help="output: every pair of seeds")
    run_stage(main, parser)
