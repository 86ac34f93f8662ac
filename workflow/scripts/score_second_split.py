"""Second-split forgetting of every training example in every run of an experiment."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.runs import experiment_of, run_of
from difficulty.scores.second_split import second_split_columns, second_split_forgetting
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_table, write_table
from difficulty.training.second_split_table import SECOND_SPLIT

logger = logging.getLogger("difficulty")

_FITTED = 0.95  # share of the examples below which forgetting says little more than what was learned


def main(args):
    parts, fitted = [], []
    for path in args.halves:
        table = read_table(path, SECOND_SPLIT)
        correct = table["correct"].to_numpy().reshape(args.settings["epochs"] + 1, -1)
        scores = second_split_forgetting(correct)
        columns = {"example_id": table["example_id"][: len(scores)], "run": run_of(path), "role": "train"}
        parts.append(pd.DataFrame({**columns, "second_split_forgetting": scores.astype(np.float32)}))
        fitted.append(correct[0].mean())
        text = "%s: %.1f %% of %d examples are fitted, %.1f %% are forgotten after that"
        logger.info(text, path, 100 * fitted[-1], len(scores), 100 * np.mean(scores > 0))
    if min(fitted) < _FITTED:
        text = (
            f"{experiment_of(args.halves[0])}: networks fit only {min(fitted):.0%} of a half of the training examples"
        )
        warn(f"{text}; the others count as forgotten from the start: train for more epochs")
    table = pd.concat(parts).sort_values(["run", "example_id"], kind="stable")
    schema = RUN_SCORES.extended(second_split_columns(args.settings["epochs"]))
    write_table(table, args.output, schema, provenance(args))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--halves", type=Path, nargs="+", required=True, help="second-split-{half}.parquet of all runs")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
