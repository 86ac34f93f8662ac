"""Merges the sums of all shards of a run's training examples into the factors of a checkpoint."""

from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch

from difficulty.devices import choose_device
from difficulty.saved_runs.curvature import saved_bases, write_curvature
from difficulty.scores.influence.factor_files import load_sums
from difficulty.scores.influence.factors import Sums, assemble, eigenbases, merge
from difficulty.scores.influence.tables import Stopwatch
from difficulty.stage import arguments, run_stage
from difficulty.training.checkpoints import listed


def main(args):
    device, strategy = choose_device(args.settings), args.settings["strategy"]
    torch.set_num_threads(args.threads)
    watch, started = Stopwatch(), perf_counter()
    sums = merged(args.sums, args.epoch, device)
    watch.rows.append(("merging", perf_counter() - started, sums.examples))
    bases = saved_bases(args)
    if strategy == "kfac":
        with watch.phase("eigendecomposition", sums.examples):
            bases = eigenbases(sums)
    write_curvature(args, assemble(strategy, sums, bases), watch, device)


def merged(folders: list[Path], epoch: int, device: torch.device) -> Sums:
    """The sums of all folders, which are read one after the other."""
    whole = merge(load_sums(*listed(folder, epoch)) for folder in folders)
    return replace(whole, tensors={name: tensor.to(device) for name, tensor in whole.tensors.items()})


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epoch", type=int, required=True, help="at whose checkpoint the sums were made")
    parser.add_argument("--sums", type=Path, nargs="+", required=True, help="folder of each shard")
    parser.add_argument("--bases", type=Path, nargs="?", help="folder of the kfac factors, for ekfac")
    parser.add_argument("--timing", type=Path, required=True, help="table of the time of each phase")
    parser.add_argument("--output", type=Path, required=True, help="folder of the factors")
    run_stage(main, parser)
