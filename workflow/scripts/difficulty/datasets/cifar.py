"""CIFAR-10 and CIFAR-100 as torchvision reads them: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny
Images", University of Toronto.

The published batches are pickles. Nothing here unpickles them: torchvision does, and only after their MD5 sums were
found to be those of the publication.
"""

import contextlib
import fcntl
import io
import logging
import sys
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.source import Source
from difficulty.errors import UserError

logger = logging.getLogger(__name__)


def read_cifar(kind: type, settings: dict) -> Source:
    """All images in the original order, 32x32 RGB, of which original_index is the position within the split.

    kind: torchvision.datasets.CIFAR10 or CIFAR100; settings: root (folder that holds kind.base_folder), download.
    Raises UserError if the files are missing or damaged and may not or cannot be downloaded.
    """
    root = Path(settings["root"])
    try:
        splits = _splits(kind, root)
    except RuntimeError as error:  # torchvision's word for files that are missing or have another MD5 sum
        missing = f"{root / kind.base_folder}: the files of {kind.__name__} are missing or damaged"
        if not settings["download"]:
            raise UserError(f"{missing}; set download: true, or unpack {kind.url} in {root}") from error
        splits = _downloaded(kind, root, missing)
    parts = [
        pd.DataFrame(
            {
                "split": split,
                "key": [f"{position:05d}" for position in range(len(data.targets))],
                "original_index": np.arange(len(data.targets)),
                "label": np.array(data.targets, dtype=np.int64),
                "class_name": np.array(data.classes, dtype=object)[data.targets],
            }
        )
        for split, data in splits.items()
    ]
    images = np.concatenate([data.data for data in splits.values()])
    return Source(pd.concat(parts, ignore_index=True), lambda row: images[row])


def _splits(kind: type, root: Path) -> dict:
    return {split: kind(root, train=split == "train") for split in SPLITS}


def _downloaded(kind: type, root: Path, missing: str) -> dict:
    logger.info("downloading %s to %s", kind.url, root)
    print(f"downloading {kind.__name__} to {root}", file=sys.stderr)
    try:
        with _alone(root), contextlib.redirect_stderr(io.StringIO()):  # no progress bar
            kind(root, download=True)
            return _splits(kind, root)
    except (OSError, HTTPException, EOFError, RuntimeError) as error:
        raise UserError(
            f"{missing} and cannot be downloaded ({error}); download {kind.url} elsewhere and unpack it in {root}"
        ) from error


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keeps two data sets of one configuration from downloading the same files at the same time."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".download.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
