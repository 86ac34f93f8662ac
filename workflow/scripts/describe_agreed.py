"""What is known of the images that all runs of a group of experiments classify correctly, epoch by epoch."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.agreed_statistics import AGREED_STATISTICS, agreed_statistics
from difficulty.analysis.agreement_groups import compared_runs, left_out, shared_labels
from difficulty.analysis.known_numbers import known_numbers
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import ROLE_SUFFIXES, experiment_of, run_of
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_table, write_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    shared = shared_labels({path.resolve().parent.name: read_table(path, LABELS) for path in args.labels})
    columns = ["example_id", "epoch", "role", shared.recorded]
    records = {
        (experiment_of(path), run_of(path)): stored_records(read_table(path, RECORDS, columns=columns), path)
        for path in args.records
    }
    statistics = [read_table(path, EXAMPLE_SCORES) for path in args.statistics]
    known = known_numbers(read_table(args.examples, EXAMPLES), statistics)
    parts = [pd.DataFrame(columns=list(AGREED_STATISTICS.columns))]
    uncompared = []
    for role in ROLE_SUFFIXES:
        compared = compared_runs(records, shared, role)
        if compared is None:
            uncompared.append(role)
            continue
        correct, example_id = compared.correct, compared.example_id
        described = agreed_statistics(correct, known.loc[example_id])
        parts.append(described.assign(role=role, judged_by=shared.judged_by))
        agreed, examples = int(correct[:, -1].all(axis=0).sum()), len(example_id)
        logger.info("%s: %d runs, in the end all right on %d of %d examples", role, len(correct), agreed, examples)
    for line in left_out(records, uncompared):
        warn(f"{args.output.stem}: {line}")
    members = sorted("/".join(member) for member in records)
    facts = provenance(args, members=members, judged_by=shared.judged_by)
    write_table(pd.concat(parts), args.output, AGREED_STATISTICS, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="labels.parquet of every experiment")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--statistics", nargs="*", type=Path, default=[], help="of the images, where they are computed")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
