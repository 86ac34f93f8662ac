"""Sums over a shard of a run's training examples at one checkpoint, of which the factors of a strategy are merged.

Covariances for kfac; second moments for diagonal, and for ekfac in the bases of the kfac factors.
"""

from pathlib import Path

import numpy as np

from difficulty.scores.factor_files import load_factors
from difficulty.scores.influence import covariance_sums, second_moment_sums
from difficulty.scores.shards import shard_of, shard_rows
from difficulty.stage import run_stage
from difficulty.training.checkpoints import listed
from difficulty.training.curvature_command import fisher_options, write_curvature
from difficulty.training.influence_command import influence_arguments, labelled_network


def main(args):
    network, settings, options = labelled_network(args), args.settings, fisher_options(args)
    role = network.examples["role"].to_numpy()
    rows = shard_rows(role, ["train"], shard_of(args.output), settings["shards"])
    options["first"] = int(np.count_nonzero(role[: rows[0]] == "train"))
    run, watch = args.checkpoints.parent, network.stopwatch
    batches = network.batches(rows, f"{run.parent.name}/{run.name} {args.output.name}")
    if settings["strategy"] == "kfac":
        with watch.phase("covariances", len(rows)):
            sums = covariance_sums(network.model, batches, **options)
    else:
        bases = load_factors(*listed(args.bases, args.epoch)).bases if args.bases else None
        with watch.phase("second moments", len(rows)):
            sums = second_moment_sums(network.model, bases, batches, **options)
    write_curvature(args, sums, watch, network.device)


if __name__ == "__main__":
    parser = influence_arguments(__doc__, "folder of the sums, e.g. ekfac-epoch-5-shard-1")
    parser.add_argument("--bases", type=Path, nargs="?", help="folder of the kfac factors, for ekfac")
    run_stage(main, parser)
