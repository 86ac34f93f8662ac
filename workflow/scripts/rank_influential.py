"""The most helpful and the most harmful training examples of each query, over runs and checkpoints, and overall."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.influence.influential import OverallSums, RunSummary, duplicates_of, influential_rows
from difficulty.scores.influence.pairwise_blocks import common_examples, common_queries, rows_at_once, summed_blocks
from difficulty.scores.influence.pairwise_tables import INFLUENTIAL, OVERALL_INFLUENCE, QUERIES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import TableError, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    top = args.settings["top"]
    query_ids = read_table(args.queries, QUERIES)["example_id"].to_numpy()
    examples = read_table(args.examples, EXAMPLES, ["example_id", "split", "sha256"])
    duplicates = duplicates_of(query_ids, examples)
    if not np.array_equal(common_queries(args.pairwise), query_ids):
        raise TableError(args.pairwise[0], f"is of other queries than {args.queries}")
    runs: dict[Path, list[Path]] = {}
    for path in args.pairwise:
        runs.setdefault(path.parent.parent.parent, []).append(path)
    trained = [common_examples(paths) for paths in runs.values()]
    example_ids = np.unique(np.concatenate(trained))
    places = [np.searchsorted(example_ids, each) for each in trained]
    overall, parts = OverallSums.empty(len(example_ids)), [pd.DataFrame(columns=list(INFLUENTIAL.columns))]
    rows = rows_at_once(len(runs), len(example_ids))
    for blocks in zip(*(summed_blocks(paths, rows) for paths in runs.values()), strict=True):
        block = query_ids[overall.queries : overall.queries + len(blocks[0])]
        summary = RunSummary.of([run.name for run in runs], blocks, places, len(example_ids))
        overall.add(summary.mean)
        parts.append(influential_rows(block, example_ids, summary, duplicates, top))
    influential = pd.concat(parts).astype({"helpful": bool, "is_duplicate": bool})
    facts = provenance(args, runs=len(runs))
    write_table(influential, args.output, INFLUENTIAL, facts)
    write_table(overall.table(example_ids, influential, top), args.overall, OVERALL_INFLUENCE, facts)
    logger.info("%d queries, %d training examples, %d runs", len(query_ids), len(example_ids), len(runs))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--pairwise", type=Path, nargs="+", required=True, help="tables of all runs and checkpoints")
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True, help="of the data set")
    parser.add_argument("--output", type=Path, required=True, help="the most influential of each query")
    parser.add_argument("--overall", type=Path, required=True, help="output: influence over all queries")
    run_stage(main, parser)
