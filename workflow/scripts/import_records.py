"""Turns the records that another training run left into a run's records and history."""

import logging
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.record_runs import read_run
from difficulty.stage import WITH_TORCH, arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.imported import history_rows, record_parts
from difficulty.training.outcomes import OutcomeTable, example_outcomes
from difficulty.training.record_files import examples_per_group, write_records
from difficulty.training.run_tables import HISTORY

logger = logging.getLogger("difficulty")

HELD_OUT = {"train": "validation"}  # no network has seen the training examples


def main(args):
    own = read_run(args.own, args.first, args.examples, args.settings)
    ids = own.examples["example_id"].to_numpy()
    own = replace(own, examples=own.examples[["example_id"]].copy())  # the rest takes more than all that follows
    pa.default_memory_pool().release_unused()
    labels = read_table(args.labels, LABELS, ["example_id", "split", "label"])
    row_of = np.full(len(ids), -1)
    row_of[np.searchsorted(ids, labels["example_id"])] = np.arange(len(labels))
    given = torch.tensor(labels["label"].to_numpy())
    renamed = HELD_OUT if args.settings.get("held_out") else {}
    history = []

    def records():
        for epoch, parts in groupby(own.logits(), itemgetter(0)):
            table = OutcomeTable(given)
            for _, positions, logits in parts:
                rows = torch.from_numpy(row_of[positions])
                known = rows >= 0
                no_features = torch.full((int(known.sum()), 1), torch.nan)
                outcomes = example_outcomes(torch.from_numpy(logits)[known], no_features, given[rows[known]])
                table.put(rows[known], outcomes)
            outcomes = table.arrays()
            history.extend(history_rows(outcomes, labels, epoch))
            for part in record_parts(outcomes, labels, epoch, examples_per_group(own.epochs)):
                yield part.assign(role=part["role"].replace(renamed))

    facts = provenance(args, WITH_TORCH, output_scale=1.0, output_bias=True, source="own")
    write_records(records(), args.records, own.epochs, facts)
    history = pd.DataFrame(history)
    write_table(history.assign(group=history["group"].replace(renamed)), args.history, HISTORY, facts)
    logger.info("%d examples, %d epochs, %d classes", len(labels), own.epochs, own.classes)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "own", help="table of this run")
    required_paths(parser, "first", help="table of the first run, for messages")
    required_paths(parser, "labels", "examples", "records", "history")
    run_stage(main, parser)
