"""What is known of the images that all runs of a group of experiments classify correctly, epoch by epoch."""

import logging
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.agreed_statistics import AGREED_STATISTICS, agreed_statistics
from difficulty.analysis.agreement_groups import compared_runs, epochs_of_group, left_out, shared_labels
from difficulty.analysis.known_numbers import known_numbers
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    shared = shared_labels({path.resolve().parent.name: read_table(path, LABELS) for path in args.labels})
    statistics = [read_table(path, EXAMPLE_SCORES) for path in args.statistics]
    known = known_numbers(read_table(args.examples, EXAMPLES), statistics)
    parts = {role: [] for role in ROLE_SUFFIXES}
    for epoch, records in epochs_of_group(args.records, shared.recorded):
        for role in ROLE_SUFFIXES:
            compared = compared_runs(records, shared, role)
            if compared is not None:
                described = agreed_statistics(compared.correct, known.loc[compared.example_id])
                parts[role].append(described.assign(epoch=np.int32(epoch), role=role, judged_by=shared.judged_by))
    for role in (role for role, found in parts.items() if found):
        last = parts[role][-1].iloc[-1]
        logger.info("%s: in the end all right on %d of %d examples", role, *last[["agreed", "examples"]])
    for line in left_out(records, [role for role, found in parts.items() if not found]):
        warn(f"{args.output.stem}: {line}")
    members = sorted("/".join(member) for member in records)
    facts = provenance(args, members=members, judged_by=shared.judged_by)
    empty = pd.DataFrame(columns=list(AGREED_STATISTICS.columns))
    write_table(pd.concat([empty, *chain.from_iterable(parts.values())]), args.output, AGREED_STATISTICS, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="labels.parquet of every experiment")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--statistics", nargs="*", type=Path, default=[], help="of the images, where they are computed")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
