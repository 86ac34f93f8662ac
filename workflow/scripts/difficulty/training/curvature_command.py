"""What the stages that sum up curvature and make factors of it have in common: their options, and what they write."""

import argparse
import logging

import torch

from difficulty.scores.factor_files import save_factors, save_sums
from difficulty.scores.influence_factors import Factors, Sums
from difficulty.scores.influence_tables import INFLUENCE_TIMING, Stopwatch
from difficulty.stage import provenance
from difficulty.tables import write_table
from difficulty.training.checkpoints import checkpoint_name, write_manifest

logger = logging.getLogger("difficulty")


def fisher_options(args: argparse.Namespace) -> dict:
    """What all sums over examples are made with. args: of `influence_arguments`; settings: fisher, seed and modules."""
    own = {key: args.settings[key] for key in ("fisher", "seed", "modules") if key in args.settings}
    return {**own, "memory": args.memory << 20}


def write_curvature(args: argparse.Namespace, curvature: Factors | Sums, watch: Stopwatch, device: torch.device):
    """Writes factors or sums of a checkpoint with a manifest, and the time of each phase.

    args: output, a folder; timing; epoch; threads.
    """
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"))
    args.output.mkdir(parents=True, exist_ok=True)
    save = save_sums if isinstance(curvature, Sums) else save_factors
    checksum = save(args.output / checkpoint_name(args.epoch), curvature)
    write_manifest(args.output, {args.epoch: checksum}, facts)
    write_table(watch.table(device.type, args.threads), args.timing, INFLUENCE_TIMING, facts)
    for phase, seconds, _ in watch.rows:
        logger.info("%s: %.2f s", phase, seconds)
