"""Memorization and consistency of every training example, from the last epoch of all runs, which have folds."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES
from difficulty.scores.memorization import MEMORIZATION, memorization_scores
from difficulty.scores.runs import ROLES_OF_TRAINING_SPLIT, run_of, seed_of
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import TableError, read_table, write_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")

_ENDS = ("correct", "probability", "loss")


def main(args):
    runs = {run_of(path): last_epoch(path, args.settings["epochs"]) for path in args.records}
    example_id = next(iter(runs.values())).index
    for path, rows in zip(args.records, runs.values(), strict=True):
        if not rows.index.equals(example_id):
            raise TableError(path, f"does not hold the training examples of {args.records[0]}")
    facts = provenance(args)
    pooled = scores_of(list(runs.values())).assign(example_id=example_id)
    write_table(pooled, args.output, EXAMPLE_SCORES.extended(MEMORIZATION), facts)
    parts = []
    for seed in dict.fromkeys(map(seed_of, runs)):
        own = scores_of([rows for run, rows in runs.items() if seed_of(run) == seed])
        parts.append(own.assign(example_id=example_id, run=seed, role="train"))
    write_table(pd.concat(parts), args.seeds, RUN_SCORES.extended(MEMORIZATION), facts)
    means = pooled[["memorization", "consistency"]].mean()
    text = "%d examples, %d runs: mean memorization %.3f, mean consistency %.3f"
    logger.info(text, len(example_id), len(runs), *means)


def last_epoch(path: Path, epoch: int) -> pd.DataFrame:
    """Role and what the run makes of the examples of the training split at its last epoch, by example_id, sorted."""
    columns = ["example_id", "role", *_ENDS]
    wanted = [("epoch", "==", epoch), ("role", "in", ROLES_OF_TRAINING_SPLIT)]
    rows = read_table(path, RECORDS, columns, wanted)
    if rows.empty:
        raise TableError(path, f"has no epoch {epoch}")
    return rows.set_index("example_id").sort_index().astype({"role": "category"})


def scores_of(runs: list[pd.DataFrame]) -> pd.DataFrame:
    """The columns of MEMORIZATION, from the last epochs of runs."""
    ends = {name: np.stack([rows[name].to_numpy() for rows in runs]) for name in _ENDS}
    return memorization_scores(ends, np.stack([rows["role"].to_numpy() == "train" for rows in runs]))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    required_paths(parser, "output")
    required_paths(parser, "seeds", help="output: the same of the runs of each seed by itself")
    run_stage(main, parser)
