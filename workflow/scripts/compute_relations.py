"""Correlates what is known of the images, whatever is trained on them, with the learning scores of an experiment."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.known_numbers import known_numbers
from difficulty.analysis.relations import BRIGHTNESS, RELATIONS, relations_table
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES, SCORES, ranking_columns
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    columns = read_schema(args.scores).columns
    scores = read_table(args.scores, SCORES).set_index("example_id")
    statistics = [read_table(path, EXAMPLE_SCORES) for path in args.statistics]
    known = known_numbers(read_table(args.examples, EXAMPLES), statistics).loc[scores.index]
    if BRIGHTNESS not in known:
        warn("brightness is not known: no partial correlations; add it to analyses.images.statistics")
    wanted, parts, had = args.settings.get("scores"), [], set()
    for role in ROLE_SUFFIXES:
        rows = scores[f"runs_{role}"] > 0
        ranking = {
            name: column for name, column in ranking_columns(columns, role).items() if name in (wanted or [name])
        }
        hardness = pd.DataFrame({name: scores[column] * columns[column].direction for name, column in ranking.items()})
        hardness = hardness.reindex(scores.index)[rows].astype(float).dropna(axis=1, how="all")
        if hardness.empty:
            continue
        had.update(hardness)
        found = relations_table(hardness, known[rows], scores.loc[rows, "label"].to_numpy())
        parts.append(found.assign(role=role))
        significant = (found["p_holm"] < 0.05).sum()
        logger.info(
            "%s: %d scores, %d statistics, %d examples; %d of %d correlations have p_holm < 0.05",
            *(role, hardness.shape[1], known.shape[1], rows.sum(), significant, len(found)),
        )
    if missing := [score for score in wanted or [] if score not in had]:
        if missing == wanted:
            raise UserError(f"analyses.relations.scores: no score {', '.join(missing)} in {args.scores}")
        logger.info("left out, as this experiment does not have them: %s", ", ".join(missing))
    table = pd.concat(parts) if parts else pd.DataFrame(columns=list(RELATIONS.columns))
    write_table(table, args.output, RELATIONS, provenance(args))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--statistics", nargs="*", type=Path, default=[], help="of the images, where they are computed")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
