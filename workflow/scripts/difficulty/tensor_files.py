"""Tensors and a description of them as safetensors files, and whether they are as they were written."""

import hashlib
import json
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load, save_file

from difficulty.atomic_files import atomic_path
from difficulty.errors import UserError
from difficulty.file_digests import sha256_of


def save_tensors(path, tensors: dict[str, torch.Tensor], metadata: str = "{}") -> str:
    """Writes tensors atomically and in order of their names; returns the SHA-256 of the file."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
    with atomic_path(path) as temporary:
        save_file(ready, temporary, {"json": metadata})  # one entry only: several are written in random order
    return sha256_of(path)


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
