"""Finished runs, opened: labels, images, roles, and the networks of their checkpoints."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.images import ImageFiles, take
from difficulty.datasets.loading import ready_images
from difficulty.devices import choose_device
from difficulty.progress import Progress
from difficulty.saved_runs.networks import SavedNetwork, saved_network
from difficulty.tables import read_schema, read_table
from difficulty.training.passes import LabelledImages
from difficulty.training.runs import Run, roles


@dataclass(frozen=True)
class SavedRun:
    """A finished run and the examples that its networks are used on.

    checkpoints: folder. labels: N rows of LABELS, or of EXAMPLES of another data set. images: uint8 (N, H, W, C), or
    in files, in the order of the labels. source: their table of pixels. files: their table of files. settings: of the
    stage.
    """

    checkpoints: Path
    labels: pd.DataFrame
    images: torch.Tensor | ImageFiles
    source: Path
    files: Path
    settings: Mapping
    device: torch.device
    workers: int

    @property
    def run(self) -> Run:
        """Seed and fold."""
        return Run.from_name(self.checkpoints.parent.name)

    @property
    def name(self) -> str:
        """For messages, e.g. `plain/seed-0`."""
        return f"{self.checkpoints.parent.parent.name}/{self.checkpoints.parent.name}"

    @property
    def example_ids(self) -> np.ndarray:
        """int64 (N,)."""
        return self.labels["example_id"].to_numpy()

    @property
    def roles(self) -> np.ndarray:
        """Role of each example (N,): train, validation or test. settings: folds, where the experiment has them."""
        return roles(self.labels, self.run, self.settings.get("folds"))

    def network(self, epoch: int) -> SavedNetwork:
        """The network of a checkpoint, on the device; UserError if it takes images of another size."""
        network = saved_network(self.checkpoints, epoch, self.device)
        network.check_images(self.images, self.source)
        return network

    def check_files(self, rows: np.ndarray) -> None:
        """Checks the files of the images at these positions; UserError if one is missing or has changed."""
        check_files(self.files, rows)

    def images_on_device(self) -> torch.Tensor | ImageFiles:
        """The images, on the device where they are in memory."""
        return self.images.to(self.device) if isinstance(self.images, torch.Tensor) else self.images

    def labelled(self, network: SavedNetwork, targets: torch.Tensor, rows: np.ndarray | None = None) -> LabelledImages:
        """Images as a network takes them and their `targets`, on the device. rows: positions (n,); None: all."""
        images = self.images if rows is None else take(self.images, rows)
        return LabelledImages(images, targets, network.normalization, self.workers).to(self.device)

    def progress(self, what: str, total: int, unit: str = "examples", done: int = 0) -> Progress:
        """Progress lines that name the run, and what is done with it. done: before, by another attempt."""
        return Progress(f"{self.name} {what}", total, unit, done)


def open_run(args: argparse.Namespace, columns: Sequence[str] | None = None, check: bool = True) -> SavedRun:
    """The run that a stage's arguments name, see `run_arguments`. columns: of the labels, if not all are needed.

    check: False for a stage that checks the files that it uses itself, by `check_files`.
    """
    (run,) = open_runs(args, [args.checkpoints], columns, check)
    return run


def open_runs(
    args: argparse.Namespace, checkpoints: Sequence[Path], columns: Sequence[str] | None = None, check: bool = True
) -> list[SavedRun]:
    """Several runs on the same examples, which are read once.

    args: settings, labels, pixels, files, threads and workers. Raises UserError if a file is missing or damaged.
    """
    device = choose_device(args.settings)
    of_data_set = read_schema(args.labels).name == EXAMPLES.name
    labels = read_table(args.labels, EXAMPLES if of_data_set else LABELS, columns)
    images = ready_images(args.pixels, args.files, args.threads, args.workers, check)
    common = labels, images, args.pixels, args.files, args.settings, device, args.workers
    return [SavedRun(folder, *common) for folder in checkpoints]
