"""One pass over a run's images that gives input gradients at several checkpoints."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from difficulty.saved_runs.networks import SavedNetwork
from difficulty.saved_runs.runs import SavedRun, open_run
from difficulty.scores.shards import shard_of, shard_rows
from difficulty.scores.vog.gradient_passes import gradient_batches
from difficulty.stage import WITH_TORCH, provenance


@dataclass(frozen=True)
class GradientPass:
    """networks: of the checkpoints, in order. rows: positions of the examples of the job. name: for progress."""

    run: SavedRun
    networks: Sequence[SavedNetwork]
    rows: np.ndarray
    name: str
    provenance: dict

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the maps."""
        return tuple(self.run.images.shape[1:3])

    def batches(self, done: int = 0) -> Iterator[tuple[np.ndarray, Iterator[tuple[torch.Tensor, ...]]]]:
        """(example_ids (B,), (maps, predicted, confidence) of each checkpoint in turn), with progress on the terminal.

        done: how many examples an earlier attempt has finished, in the same batches.
        """
        run, settings = self.run, self.run.settings
        batches = gradient_batches(
            [network.model for network in self.networks],
            run.images,
            self.rows[done:],
            _classes(settings["target"], run.labels["label"].to_numpy()),
            self.networks[0].normalization,
            run.device,
            settings["precision"],
            run.workers,
        )
        progress, example_ids = run.progress(self.name, len(self.rows), done=done), run.example_ids
        for part, passes in batches:
            yield example_ids[part], passes
            progress.update(len(part))


def gradient_pass(args: argparse.Namespace, epochs: Sequence[int]) -> GradientPass:
    """Maps of all examples of the job at the checkpoints of these epochs.

    args: of `run_arguments`; settings: splits, target, shards, precision, and the experiment's device.
    Raises UserError if the images do not have the size that the networks take, or a file of theirs has changed.
    """
    settings, run = args.settings, open_run(args, ["example_id", "split", "label"], check=False)
    networks = [run.network(epoch) for epoch in epochs]
    rows = shard_rows(run.labels["split"].to_numpy(), settings["splits"], shard_of(args.output), settings["shards"])
    run.check_files(rows)
    return GradientPass(run, networks, rows, args.output.stem, provenance(args, WITH_TORCH))


def _classes(target: str | int, labels: np.ndarray) -> torch.Tensor | int | None:
    """What `gradient_batches` takes as classes. target: `label`, `predicted` or a class."""
    if target == "label":
        return torch.tensor(labels)
    return None if target == "predicted" else target
