"""Weights after an epoch as safetensors files, with a manifest of their SHA-256 that every reader checks."""

from pathlib import Path

import pandas as pd
import torch

from difficulty.errors import UserError
from difficulty.tables import read_table, write_table
from difficulty.tensor_files import load_tensors
from difficulty.training.run_tables import CHECKPOINTS
from difficulty.written import note_written

MANIFEST = "manifest.parquet"


def checkpoint_name(epoch: int) -> str:
    return f"epoch-{epoch}.safetensors"


def write_manifest(folder: Path, checksums: dict[int, str], provenance: dict) -> None:
    """Lists the checkpoints of a folder, which enter the job's record: epoch -> SHA-256."""
    for epoch in checksums:
        note_written(folder / checkpoint_name(epoch))
    rows = [
        (epoch, checkpoint_name(epoch), (folder / checkpoint_name(epoch)).stat().st_size, checksum)
        for epoch, checksum in sorted(checksums.items())
    ]
    write_table(pd.DataFrame(rows, columns=list(CHECKPOINTS.columns)), folder / MANIFEST, CHECKPOINTS, provenance)


def saved_epochs(folder) -> list[int]:
    """The epochs of a folder's checkpoints, in order."""
    return read_table(Path(folder) / MANIFEST, CHECKPOINTS)["epoch"].tolist()


def load_checkpoint(folder, epoch: int) -> tuple[dict[str, torch.Tensor], dict]:
    """(state dict, description of the network and its input) of an epoch, checked against the manifest."""
    return load_tensors(*listed(folder, epoch))


def listed(folder, epoch: int) -> tuple[Path, str]:
    """(file, SHA-256) of an epoch in a folder with a manifest; UserError if it has no such epoch."""
    manifest = read_table(Path(folder) / MANIFEST, CHECKPOINTS).set_index("epoch")
    if epoch not in manifest.index:
        raise UserError(f"{folder}: no checkpoint of epoch {epoch}; saved are {', '.join(map(str, manifest.index))}")
    return Path(folder) / manifest.file[epoch], manifest.sha256[epoch]
