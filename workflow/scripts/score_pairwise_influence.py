"""Influence of each of a run's training examples on the predictions of some test examples, at one checkpoint."""

import logging
from math import ceil

import numpy as np
import pandas as pd

from difficulty.saved_runs.influence import damping_of, labelled_network, refuse_not_finite, write_timing
from difficulty.saved_runs.options import influence_arguments
from difficulty.scores.influence.factor_files import load_factors
from difficulty.scores.influence.pairwise_tables import PAIRWISE_EXAMPLES, QUERIES, pairwise_writer
from difficulty.scores.influence.scoring import pairwise_blocks, queries_at_once
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.checkpoints import listed

logger = logging.getLogger("difficulty")


def main(args):
    network, settings, facts = labelled_network(args), args.settings, provenance(args, WITH_TORCH)
    run, rank, memory = network.run, settings.get("rank"), args.memory << 20
    trained = np.flatnonzero(run.roles == "train")
    query_ids = read_table(args.queries, QUERIES)["example_id"].to_numpy()
    asked = pd.Index(run.example_ids).get_indexer(query_ids)
    factors, damping = load_factors(*listed(args.factors, args.epoch)), damping_of(settings)
    size = queries_at_once(network.model, factors, rank, memory)
    passes = ceil(len(asked) / size)
    if passes > 1:
        logger.info("%d passes for %d queries each; more memory, or a rank, takes fewer", passes, size)
    batches = network.batches(trained, args.queries.stem, passes)
    queries = network.batches(asked, f"{args.queries.stem}, queries")
    blocks = pairwise_blocks(network.model, factors, batches, queries, damping, rank, settings["measurement"], memory)
    with network.stopwatch.phase("pairwise influence", len(trained)):
        most_lost = write_blocks(args, blocks, query_ids, len(trained), facts)
    examples = pd.DataFrame({"example_id": run.example_ids[trained]})
    write_table(examples, args.examples, PAIRWISE_EXAMPLES, facts)
    write_timing(args, network.stopwatch, run.device, facts)
    if rank:
        logger.info("rank %d loses at most %.1f %% of the norm of a query's gradient", rank, 100 * most_lost)
    seconds = network.stopwatch.rows[0][1]
    logger.info("%d queries, %d training examples: %.2f s", len(query_ids), len(trained), seconds)


def write_blocks(args, blocks, query_ids: np.ndarray, trained: int, facts: dict) -> float:
    """Writes the influence on some queries after the others; returns the most that the rank loses of a gradient."""
    done, most_lost = 0, 0.0
    with pairwise_writer(args.output, trained, facts) as write:
        for products, lost in blocks:
            refuse_not_finite(products, args.checkpoints, args.epoch)
            write(query_ids[done : done + len(lost)], lost.cpu().numpy(), products.cpu().numpy())
            done, most_lost = done + len(lost), max(most_lost, lost.max().item())
    return most_lost


if __name__ == "__main__":
    parser = influence_arguments(__doc__, "ekfac-epoch-5.parquet")
    required_paths(parser, "factors", help="folder of the factors")
    required_paths(parser, "queries", help="the test examples that are asked about")
    required_paths(parser, "examples", help="output: the training examples, in order")
    run_stage(main, parser)
