"""Sums over one shard of a run's training examples at a checkpoint, to be merged into a strategy's factors.

Covariances for kfac; second moments for diagonal, and for ekfac in the bases of the kfac factors.
"""

from pathlib import Path

import numpy as np

from difficulty.saved_runs.curvature import fisher_options, saved_bases, write_curvature
from difficulty.saved_runs.influence import labelled_network
from difficulty.saved_runs.options import influence_arguments
from difficulty.scores.influence.scoring import covariance_sums, second_moment_sums
from difficulty.scores.shards import shard_of, shard_rows
from difficulty.stage import run_stage


def main(args):
    network, settings, options = labelled_network(args, check=False), args.settings, fisher_options(args)
    role = network.run.roles
    rows = shard_rows(role, ["train"], shard_of(args.output), settings["shards"])
    network.run.check_files(rows)
    options["first"] = int(np.count_nonzero(role[: rows[0]] == "train"))
    watch, batches = network.stopwatch, network.batches(rows, args.output.name)
    if settings["strategy"] == "kfac":
        with watch.phase("covariances", len(rows)):
            sums = covariance_sums(network.model, batches, **options)
    else:
        bases = saved_bases(args)
        with watch.phase("second moments", len(rows)):
            sums = second_moment_sums(network.model, bases, batches, **options)
    write_curvature(args, sums, watch, network.run.device)


if __name__ == "__main__":
    parser = influence_arguments(__doc__, "folder of the sums, e.g. ekfac-epoch-5-shard-1")
    parser.add_argument("--bases", type=Path, nargs="?", help="folder of the kfac factors, for ekfac")
    run_stage(main, parser)
