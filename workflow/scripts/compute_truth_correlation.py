"""Correlates the scores of an experiment with the numeric truth columns of its data set."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.truth_correlation import TRUTH_CORRELATION, numeric_columns, truth_correlation
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    columns = read_schema(args.scores).columns
    facts = ["example_id", "class_name", *(f"runs_{role}" for role in ROLE_SUFFIXES)]
    scores = read_table(args.scores, SCORES, facts).set_index("example_id")
    names = [name for name in read_schema(args.examples).columns if name not in EXAMPLES.columns]
    examples = read_table(args.examples, EXAMPLES, ["example_id", *names]).set_index("example_id").loc[scores.index]
    truth = numeric_columns(examples, names)
    if left_out := sorted(set(names) - set(truth)):
        logger.info("left out, as they are not numbers: %s", ", ".join(left_out))
    parts = []
    for role in ROLE_SUFFIXES:
        rows = scores[f"runs_{role}"] > 0
        if not rows.any():
            continue
        hardness = {}
        for score, column in ranking_columns(columns, role).items():  # all of them at once take twice the memory
            values = read_table(args.scores, SCORES, [column])[column].to_numpy()[rows]
            hardness[score] = values * columns[column].direction
        hardness = pd.DataFrame(hardness, index=scores.index[rows], copy=False).dropna(axis=1, how="all")
        found = truth_correlation(hardness, truth[rows], scores["class_name"][rows], args.settings["bootstrap"])
        parts += [found.assign(role=role)] if len(found) else []
        logger.info("%s: %d scores, %d truth columns, %d examples", role, hardness.shape[1], truth.shape[1], rows.sum())
    table = pd.concat(parts) if parts else pd.DataFrame(columns=list(TRUTH_CORRELATION.columns))
    write_table(table, args.output, TRUTH_CORRELATION, provenance(args))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
