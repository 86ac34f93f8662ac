"""Weights after an epoch as safetensors files, with a manifest of their SHA-256 that every reader checks."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import safetensors
import torch
from safetensors.torch import load, save_file

from difficulty.errors import UserError
from difficulty.tables import atomic_path, read_table, write_table
from difficulty.training.run_tables import CHECKPOINTS

MANIFEST = "manifest.parquet"


def checkpoint_name(epoch: int) -> str:
    return f"epoch-{epoch}.safetensors"


def save_tensors(path, tensors: dict[str, torch.Tensor], metadata: str = "{}") -> str:
    """Writes tensors atomically and in order of their names; returns the SHA-256 of the file."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
    with atomic_path(path) as temporary:
        save_file(ready, temporary, {"json": metadata})  # one entry only: several are written in random order
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def load_tensors(path, sha256: str | None = None) -> tuple[dict[str, torch.Tensor], dict]:
    """(tensors, metadata) of a file by `save_tensors`; UserError naming the file if it is not as it was written."""
    try:
        content = Path(path).read_bytes()
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
            raise UserError(f"{path}: is not the file that was written; delete its folder and run the workflow again")
        header = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + header])["__metadata__"]["json"]
        return load(content), json.loads(metadata)
    except FileNotFoundError as error:
        raise UserError(f"{path}: is missing; delete its folder and run the workflow again") from error
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise UserError(f"{path}: is damaged; delete its folder and run the workflow again") from error


def write_manifest(folder: Path, checksums: dict[int, str], provenance: dict) -> None:
    """Lists the checkpoints of a folder: epoch -> SHA-256."""
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
    manifest = read_table(Path(folder) / MANIFEST, CHECKPOINTS).set_index("epoch")
    if epoch not in manifest.index:
        raise UserError(f"{folder}: no checkpoint of epoch {epoch}; saved are {', '.join(map(str, manifest.index))}")
    return load_tensors(Path(folder) / manifest.file[epoch], manifest.sha256[epoch])
