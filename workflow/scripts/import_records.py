"""Turns the records that another training run left into a run's records and history."""

import logging

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.record_runs import read_run
from difficulty.stage import WITH_TORCH, arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.imported import imported_epoch
from difficulty.training.outcomes import example_outcomes
from difficulty.training.record_files import write_records
from difficulty.training.run_tables import HISTORY

logger = logging.getLogger("difficulty")

HELD_OUT = {"train": "validation"}  # no network has seen the training examples


def main(args):
    own = read_run(args.own, args.first, args.examples, args.settings)
    labels = read_table(args.labels, LABELS)
    rows = np.searchsorted(own.examples["example_id"], labels["example_id"])
    given = torch.tensor(labels["label"].to_numpy())
    renamed = HELD_OUT if args.settings.get("held_out") else {}
    no_features, history = torch.full((len(rows), 1), torch.nan), []

    def records():
        for epoch, logits in enumerate(own.logits, start=1):
            outcomes = example_outcomes(torch.from_numpy(logits[rows]), no_features, given)
            arrays = {name: values.numpy() for name, values in outcomes.items()}
            arrays["predicted"] = arrays["predicted"].astype(np.int32)
            rows_of_epoch, summaries = imported_epoch(arrays, labels, epoch)
            history.extend(summaries)
            yield rows_of_epoch.assign(role=rows_of_epoch["role"].replace(renamed))

    facts = provenance(args, WITH_TORCH, output_scale=1.0, output_bias=True, source="own")
    write_records(records(), args.records, len(own.predictions), facts)
    history = pd.DataFrame(history)
    write_table(history.assign(group=history["group"].replace(renamed)), args.history, HISTORY, facts)
    logger.info("%d examples, %d epochs, %d classes", len(labels), *own.predictions.shape[::2])


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "own", help="table of this run")
    required_paths(parser, "first", help="table of the first run, for messages")
    required_paths(parser, "labels", "examples", "records", "history")
    run_stage(main, parser)
