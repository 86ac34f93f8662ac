"""Influence of each of a run's examples on its own loss, at one checkpoint, with factors that were fitted before."""

import logging

import numpy as np
import pandas as pd

from difficulty.saved_runs.influence import damping_of, labelled_network, refuse_not_finite, write_timing
from difficulty.saved_runs.options import influence_arguments
from difficulty.scores.influence.factor_files import load_factors
from difficulty.scores.influence.scoring import self_influence
from difficulty.scores.influence.tables import SELF_INFLUENCE
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import write_table
from difficulty.training.checkpoints import listed

logger = logging.getLogger("difficulty")


def main(args):
    network, facts = labelled_network(args), provenance(args, WITH_TORCH)
    run, watch = network.run, network.stopwatch
    rows = np.flatnonzero(run.labels["split"].isin(args.settings["splits"]))
    factors = load_factors(*listed(args.factors, args.epoch))
    batches, damping = network.batches(rows, "self-influence"), damping_of(args.settings)
    with watch.phase("self-influence", len(rows)):
        scores = self_influence(network.model, factors, batches, damping, args.memory << 20).cpu()
    refuse_not_finite(scores, args.checkpoints, args.epoch)
    table = pd.DataFrame({"example_id": run.example_ids[rows], "self_influence": scores.numpy()})
    write_table(table, args.output, SELF_INFLUENCE, facts)
    write_timing(args, watch, run.device, facts)
    logger.info("%d examples: %.2f s", len(rows), watch.rows[0][1])


if __name__ == "__main__":
    parser = influence_arguments(__doc__, "ekfac-epoch-5.parquet")
    required_paths(parser, "factors", help="folder of the factors")
    run_stage(main, parser)
