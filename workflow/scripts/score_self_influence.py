"""Influence of each of a run's examples on its own loss, at one checkpoint, with factors that were fitted before."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.scores.factor_files import load_factors
from difficulty.scores.influence import Damping, self_influence
from difficulty.scores.influence_tables import INFLUENCE_TIMING, SELF_INFLUENCE
from difficulty.stage import provenance, run_stage
from difficulty.tables import write_table
from difficulty.training.checkpoints import checkpoint_name, listed
from difficulty.training.influence_command import influence_arguments, labelled_network, refuse_not_finite

logger = logging.getLogger("difficulty")


def main(args):
    network = labelled_network(args)
    rows = np.flatnonzero(network.examples["split"].isin(args.settings["splits"]))
    factors = load_factors(*listed(args.factors, args.epoch))
    run = args.checkpoints.parent
    batches = network.batches(rows, f"{run.parent.name}/{run.name} self-influence")
    damping = Damping(**args.settings.get("damping", {"relative": 0.1}))  # without curvature it changes nothing
    with network.stopwatch.phase("self-influence", len(rows)):
        scores = self_influence(network.model, factors, batches, damping, args.memory << 20).cpu().numpy()
    refuse_not_finite(torch.from_numpy(scores), args.checkpoints / checkpoint_name(args.epoch))
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"))
    example_ids = network.examples["example_id"].to_numpy()[rows]
    table = pd.DataFrame({"example_id": example_ids, "self_influence": scores})
    write_table(table, args.output, SELF_INFLUENCE, facts)
    write_table(network.stopwatch.table(network.device.type, args.threads), args.timing, INFLUENCE_TIMING, facts)
    logger.info("%d examples: %.2f s", len(rows), network.stopwatch.rows[0][1])


if __name__ == "__main__":
    parser = influence_arguments(__doc__, "ekfac-epoch-5.parquet")
    parser.add_argument("--factors", type=Path, required=True, help="folder of the factors")
    run_stage(main, parser)
