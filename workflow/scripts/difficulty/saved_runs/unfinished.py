"""What was left unfinished of a job on a run: recognised by all that its results depend on."""

import argparse
from collections.abc import Sequence

import torch

from difficulty.devices import device_name
from difficulty.file_digests import sha256_of
from difficulty.parts import Parts
from difficulty.saved_runs.runs import SavedRun
from difficulty.training.checkpoints import listed


def unfinished(
    args: argparse.Namespace, run: SavedRun, epochs: Sequence[int], total: int, facts: dict, **further
) -> Parts:
    """The finished part of a job on `total` examples of a run.

    args: of `run_arguments`. epochs: of the checkpoints that are used. facts: provenance. further: digests of other
    inputs. Threads and device count, too: sums over the same numbers in another order differ.
    """
    key = {
        **facts,
        "labels": sha256_of(args.labels),
        "pixels": sha256_of(args.pixels),
        "checkpoints": [listed(args.checkpoints, epoch)[1] for epoch in epochs],
        "threads": torch.get_num_threads(),
        "device": device_name(run.device),
        **further,
    }
    return Parts(args.output, key, total)
