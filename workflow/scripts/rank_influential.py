"""The most helpful and the most harmful training examples of each query, over runs and checkpoints, and overall."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.influential import OverallSums, RunSummary, duplicates_of, influential_rows
from difficulty.scores.pairwise_tables import INFLUENTIAL, OVERALL_INFLUENCE, QUERIES, PairwiseTable
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")
_BLOCK = 1 << 27  # bytes of the influences of one run that are read at once


def main(args):
    top = args.settings["top"]
    query_ids = read_table(args.queries, QUERIES)["example_id"].to_numpy()
    examples = read_table(args.examples, EXAMPLES, ["example_id", "split", "sha256"])
    duplicates = duplicates_of(query_ids, examples)
    runs: dict[Path, list[PairwiseTable]] = {}
    for path in args.pairwise:
        runs.setdefault(path.parent.parent.parent, []).append(PairwiseTable.open(path))
    example_ids = np.unique(np.concatenate([each.example_ids for tables in runs.values() for each in tables]))
    overall, parts = OverallSums.empty(len(example_ids)), [pd.DataFrame(columns=list(INFLUENTIAL.columns))]
    step = max(1, _BLOCK // (4 * len(example_ids)))
    for start in range(0, len(query_ids), step):
        block = query_ids[start : start + step]
        summary = RunSummary.of([sum_over_checkpoints(tables, block, example_ids) for tables in runs.values()])
        overall.add(summary.mean)
        parts.append(influential_rows(block, example_ids, summary, duplicates, top))
    influential = pd.concat(parts).astype({"helpful": bool, "is_duplicate": bool})
    facts = provenance(args, runs=len(runs))
    write_table(influential, args.output, INFLUENTIAL, facts)
    write_table(overall.table(example_ids, influential, top), args.overall, OVERALL_INFLUENCE, facts)
    logger.info("%d queries, %d training examples, %d runs", len(query_ids), len(example_ids), len(runs))


def sum_over_checkpoints(tables: list[PairwiseTable], query_ids: np.ndarray, example_ids: np.ndarray) -> np.ndarray:
    """float32 (Q, N) of one run, NaN for examples that it was not trained on."""
    summed = np.full((len(query_ids), len(example_ids)), np.nan, np.float32)
    places = np.searchsorted(example_ids, tables[0].example_ids)
    summed[:, places] = sum(each.rows(query_ids) for each in tables)
    return summed


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--pairwise", type=Path, nargs="+", required=True, help="tables of all runs and checkpoints")
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True, help="of the data set")
    parser.add_argument("--output", type=Path, required=True, help="the most influential of each query")
    parser.add_argument("--overall", type=Path, required=True, help="output: influence over all queries")
    run_stage(main, parser)
