"""Turns the records that another training run left into a run's records and history."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.records import check_same_examples, check_same_shape, read_own_records
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_provenance, read_table, write_table
from difficulty.training.outcomes import example_outcomes, group_summary, records_frame
from difficulty.training.run_tables import HISTORY, RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    own = read_own_records(args.own, args.settings)
    labels, examples = read_table(args.labels, LABELS), read_table(args.examples, EXAMPLES)
    if args.own != args.first:
        check_same_shape(own.counts(), read_provenance(args.examples), args.own, args.first)
        check_same_examples(own.examples, examples, args.own, args.first)
    rows = np.searchsorted(own.examples["example_id"], labels["example_id"])
    given, roles = labels["label"].to_numpy(), labels["split"].to_numpy()
    records, history = [], []
    for epoch, logits in enumerate(own.logits, start=1):
        outcomes = example_outcomes(
            torch.from_numpy(logits[rows]), torch.full((len(rows), 1), torch.nan), torch.tensor(given)
        )
        arrays = {name: values.numpy() for name, values in outcomes.items()}
        arrays["predicted"] = arrays["predicted"].astype(np.int32)
        records.append(records_frame(arrays, labels["example_id"], given, roles, epoch))
        for group in ("train", "test"):
            if (roles == group).any():
                summary = group_summary(arrays, roles == group)
                history.append({"epoch": epoch, "group": group, **summary, "learning_rate": np.nan})
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"), output_scale=1.0, output_bias=True, source="own")
    write_table(pd.concat(records), args.records, RECORDS, facts, rows_per_group=len(labels))
    write_table(pd.DataFrame(history), args.history, HISTORY, facts)
    logger.info("%d examples, %d epochs, %d classes", len(labels), *own.logits.shape[::2])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--own", type=Path, required=True, help="table of this run")
    parser.add_argument("--first", type=Path, required=True, help="table of the first run, for messages")
    for name in ("labels", "examples", "records", "history"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    run_stage(main, parser)
