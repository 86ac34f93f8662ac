"""Factors of a run's curvature, and the sums that they are made of: options, files and timing."""

import argparse
import logging

import torch

from difficulty.saved_runs.influence import write_timing
from difficulty.scores.influence.factor_files import load_factors, save_factors, save_sums
from difficulty.scores.influence.factors import Factors, Sums
from difficulty.scores.influence.tables import Stopwatch
from difficulty.stage import WITH_TORCH, provenance
from difficulty.training.checkpoints import checkpoint_name, listed, write_manifest

logger = logging.getLogger("difficulty")


def fisher_options(args: argparse.Namespace) -> dict:
    """Options of all sums over examples. args: of `influence_arguments`; settings: fisher, seed and modules."""
    own = {key: args.settings[key] for key in ("fisher", "seed", "modules") if key in args.settings}
    return {**own, "memory": args.memory << 20}


def saved_bases(args: argparse.Namespace) -> dict | None:
    """The eigenbases of factors of the checkpoint; None where there are none. args: bases, a folder, and epoch."""
    return load_factors(*listed(args.bases, args.epoch)).bases if args.bases else None


def write_curvature(args: argparse.Namespace, curvature: Factors | Sums, watch: Stopwatch, device: torch.device):
    """Writes factors or sums of a checkpoint with a manifest, and the time of each phase.

    args: output, a folder; timing; epoch; threads.
    """
    facts = provenance(args, WITH_TORCH)
    args.output.mkdir(parents=True, exist_ok=True)
    save = save_sums if isinstance(curvature, Sums) else save_factors
    checksum = save(args.output / checkpoint_name(args.epoch), curvature)
    write_manifest(args.output, {args.epoch: checksum}, facts)
    write_timing(args, watch, device, facts)
    for phase, seconds, _ in watch.rows:
        logger.info("%s: %.2f s", phase, seconds)
