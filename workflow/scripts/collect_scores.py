"""Joins all families of scores of an experiment into one table with one row per example."""

import logging
from pathlib import Path

from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES, SCORES, collect_scores
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    families = {RUN_SCORES.name: [], EXAMPLE_SCORES.name: []}
    for path in args.families:
        schema = read_schema(path)
        kind = EXAMPLE_SCORES if schema.name == EXAMPLE_SCORES.name else RUN_SCORES
        columns = {name: column for name, column in schema.columns.items() if name not in kind.columns}
        families[kind.name].append((read_table(path, kind), columns))
    labels = read_table(args.labels, LABELS)
    names = class_names(read_table(args.examples, EXAMPLES, columns=["label", "class_name"]))
    scores, columns = collect_scores(labels, dict(enumerate(names)), *families.values())
    write_table(scores, args.output, SCORES.extended(columns), provenance(args))
    logger.info("%d examples, %d columns of scores", len(scores), len(columns))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="one table of scores per family")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
