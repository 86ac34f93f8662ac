"""Influence of each of a run's examples on its own loss, at one checkpoint, with factors that were fitted before."""

import logging

import numpy as np
import pandas as pd
import torch

from difficulty.saved_runs.influence import damping_of, labelled_network, refuse_not_finite, write_timing
from difficulty.saved_runs.options import influence_arguments
from difficulty.saved_runs.runs import SavedRun
from difficulty.saved_runs.unfinished import unfinished
from difficulty.scores.influence.factor_files import load_factors
from difficulty.scores.influence.scoring import self_influence_of_batches
from difficulty.scores.influence.tables import SELF_INFLUENCE
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import write_table
from difficulty.training.checkpoints import listed

logger = logging.getLogger("difficulty")


def main(args):
    network, facts = labelled_network(args, check=False), provenance(args, WITH_TORCH)
    run, watch = network.run, network.stopwatch
    rows = np.flatnonzero(run.labels["split"].isin(args.settings["splits"]))
    run.check_files(rows)
    path, checksum = listed(args.factors, args.epoch)
    factors, damping = load_factors(path, checksum), damping_of(args.settings)
    with unfinished(args, run, [args.epoch], len(rows), facts, factors=checksum) as parts:
        batches = network.batches(rows, "self-influence", done=parts.done)
        with watch.phase("self-influence", len(rows) - parts.done):
            for scores in self_influence_of_batches(network.model, factors, batches, damping, args.memory << 20):
                parts.add({"self_influence": scores.cpu().numpy()})
        write(args, run, rows, parts.columns()["self_influence"], facts)
    write_timing(args, watch, run.device, facts)
    logger.info("%d examples: %.2f s", len(rows), watch.rows[0][1])


def write(args, run: SavedRun, rows: np.ndarray, scores: np.ndarray, facts: dict) -> None:
    refuse_not_finite(torch.from_numpy(scores), args.checkpoints, args.epoch)
    table = pd.DataFrame({"example_id": run.example_ids[rows], "self_influence": scores})
    write_table(table, args.output, SELF_INFLUENCE, facts)


if __name__ == "__main__":
    parser = influence_arguments(__doc__, "ekfac-epoch-5.parquet")
    required_paths(parser, "factors", help="folder of the factors")
    run_stage(main, parser)
