"""Influence of each of a run's training examples on the predictions of some test examples, at one checkpoint."""

import logging
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.factor_files import load_factors
from difficulty.scores.influence import Damping, pairwise_blocks, queries_at_once
from difficulty.scores.influence_tables import INFLUENCE_TIMING
from difficulty.scores.pairwise_tables import PAIRWISE_EXAMPLES, QUERIES, pairwise_writer
from difficulty.stage import provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.checkpoints import checkpoint_name, listed
from difficulty.training.influence_command import influence_arguments, labelled_network, refuse_not_finite

logger = logging.getLogger("difficulty")


def main(args):
    network, settings = labelled_network(args), args.settings
    example_ids = network.examples["example_id"].to_numpy()
    trained = np.flatnonzero(network.examples["role"] == "train")
    query_ids = read_table(args.queries, QUERIES)["example_id"].to_numpy()
    asked = pd.Index(example_ids).get_indexer(query_ids)
    factors = load_factors(*listed(args.factors, args.epoch))
    run = args.checkpoints.parent
    what = f"{run.parent.name}/{run.name} {args.queries.stem}"
    size = queries_at_once(network.model, factors, settings.get("rank"), args.memory << 20)
    damping = Damping(**settings.get("damping", {"relative": 0.1}))  # without curvature it changes nothing
    passes = ceil(len(asked) / size)
    if passes > 1:
        logger.info("%d passes for %d queries each; more memory, or a rank, takes fewer", passes, size)
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"))
    blocks = pairwise_blocks(
        network.model,
        factors,
        network.batches(trained, what, passes=passes),
        network.batches(asked, f"{what}, queries"),
        damping,
        settings.get("rank"),
        settings["measurement"],
        args.memory << 20,
    )
    with (
        network.stopwatch.phase("pairwise influence", len(trained)),
        pairwise_writer(args.output, len(trained), facts) as write,
    ):
        done, most_lost = 0, 0.0
        for products, lost in blocks:
            refuse_not_finite(products, args.checkpoints / checkpoint_name(args.epoch))
            write(query_ids[done : done + len(lost)], lost.cpu().numpy(), products.cpu().numpy())
            done, most_lost = done + len(lost), max(most_lost, lost.max().item())
    examples = pd.DataFrame({"example_id": example_ids[trained]})
    write_table(examples, args.examples, PAIRWISE_EXAMPLES, facts)
    write_table(network.stopwatch.table(network.device.type, args.threads), args.timing, INFLUENCE_TIMING, facts)
    if rank := settings.get("rank"):
        logger.info("rank %d loses at most %.1f %% of the norm of a query's gradient", rank, 100 * most_lost)
    logger.info("%d queries, %d training examples: %.2f s", done, len(trained), network.stopwatch.rows[0][1])


if __name__ == "__main__":
    parser = influence_arguments(__doc__, "ekfac-epoch-5.parquet")
    parser.add_argument("--factors", type=Path, required=True, help="folder of the factors")
    parser.add_argument("--queries", type=Path, required=True, help="the test examples that are asked about")
    parser.add_argument("--examples", type=Path, required=True, help="output: the training examples, in order")
    run_stage(main, parser)
