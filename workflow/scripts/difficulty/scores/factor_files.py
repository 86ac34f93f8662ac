"""Factors of influence scores, and the sums that they are made of, as safetensors files."""

import json
from dataclasses import asdict, fields
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load, save_file

from difficulty.errors import UserError
from difficulty.scores.example_gradients import Bases
from difficulty.scores.influence_factors import Factors, Sums
from difficulty.scores.tracked_layers import TrackedLayer
from difficulty.tables import atomic_path

_BASES = [each.name for each in fields(Bases)]


def save_factors(path, factors: Factors) -> None:
    """Writes factors atomically; the file tells strategy, Fisher matrix, seed, number of examples and the layers."""
    tensors = {f"{name}/squares": values for name, values in factors.squares.items()}
    for name, bases in factors.bases.items():
        tensors |= {f"{name}/{side}": getattr(bases, side) for side in _BASES}
    _save(path, "factors", tensors, factors.layers, strategy=factors.strategy, **_facts(factors))


def load_factors(path) -> Factors:
    """What `save_factors` wrote, on the CPU; UserError naming the file if it is something else, or damaged."""
    tensors, layers, about = _load(path, "factors")
    bases, squares = {}, {}
    for layer in layers:
        if about["strategy"] in ("kfac", "ekfac"):
            bases[layer.name] = Bases(**{side: tensors[f"{layer.name}/{side}"] for side in _BASES})
        if about["strategy"] in ("diagonal", "ekfac"):
            squares[layer.name] = tensors[f"{layer.name}/squares"]
    return Factors(layers=layers, bases=bases, squares=squares, **about)


def save_sums(path, sums: Sums) -> None:
    """Writes the sums over some examples atomically."""
    _save(path, "sums", sums.tensors, sums.layers, positions=sums.positions, **_facts(sums))


def load_sums(path) -> Sums:
    """What `save_sums` wrote, on the CPU; UserError as `load_factors`."""
    tensors, layers, about = _load(path, "sums")
    return Sums(layers=layers, tensors=tensors, **about)


def _facts(of: Factors | Sums) -> dict:
    return {"fisher": of.fisher, "seed": of.seed, "examples": of.examples}


def _save(path, content: str, tensors: dict[str, torch.Tensor], layers: tuple[TrackedLayer, ...], **about) -> None:
    facts = {"content": content, "layers": [asdict(layer) for layer in layers], **about}
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
    with atomic_path(path) as temporary:
        # One entry only: several are written in random order.
        save_file(ready, temporary, {"json": json.dumps(facts, sort_keys=True)})


def _load(path, content: str) -> tuple[dict[str, torch.Tensor], tuple[TrackedLayer, ...], dict]:
    """(tensors, layers, further facts) of a file with this content."""
    try:
        written = Path(path).read_bytes()
        header = int.from_bytes(written[:8], "little")
        about = json.loads(json.loads(written[8 : 8 + header])["__metadata__"]["json"])
        tensors = load(written)
    except FileNotFoundError as error:
        raise UserError(f"{path}: is missing; run the stage that makes it again") from error
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise UserError(f"{path}: is damaged; delete it and run the stage that makes it again") from error
    if about.pop("content", None) != content:
        raise UserError(f"{path}: does not hold {content} of influence scores")
    layers = tuple(TrackedLayer(**{key: _frozen(value) for key, value in each.items()}) for each in about.pop("layers"))
    return tensors, layers, about


def _frozen(value):
    return tuple(value) if isinstance(value, list) else value
