"""Scores from the variance of gradients of every run: raw, and normalised within each class."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.runs import run_of
from difficulty.scores.vog.tables import VOG_RUN, run_scores, vog_columns
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_table, write_table
from difficulty.training.runs import roles_of

logger = logging.getLogger("difficulty")


def main(args):
    stages = args.settings["stages"]
    if pairs := [stage for stage, epochs in stages.items() if len(epochs) == 2]:
        scores = ", ".join(f"vog_{stage}" for stage in pairs)
        warn(f"{args.labels.parent.name}: {scores}: of two checkpoints, so half of a single difference; three say more")
    given = read_table(args.labels, LABELS).set_index("example_id")
    by_run: dict[str, list[pd.DataFrame]] = {}
    for path in args.runs:
        by_run.setdefault(run_of(path), []).append(read_table(path, VOG_RUN))
    tables = []
    for run, parts in by_run.items():
        role = roles_of(given, run, args.settings.get("folds"))
        scores = run_scores(pd.concat(parts), stages, given["label"], role)
        undefined = ", ".join(f"{stage} {int(scores[f'vog_{stage}_undefined'].sum())}" for stage in stages)
        logger.info("%s: %d examples; undefined within their class: %s", run, len(scores), undefined)
        tables.append(scores.assign(run=run).reset_index())
    schema = RUN_SCORES.extended(vog_columns(stages))
    write_table(pd.concat(tables), args.output, schema, provenance(args))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="vog.parquet of every run, and shard")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
