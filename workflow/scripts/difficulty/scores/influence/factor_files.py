"""Factors of influence scores, and the sums that they are made of, as safetensors files."""

import json
from dataclasses import asdict, fields

import torch

from difficulty.errors import UserError
from difficulty.scores.influence.example_gradients import Bases
from difficulty.scores.influence.factors import Factors, Sums
from difficulty.scores.influence.tracked_layers import TrackedLayer
from difficulty.tensor_files import load_tensors, save_tensors

_BASES = [each.name for each in fields(Bases)]


def save_factors(path, factors: Factors) -> str:
    """Writes factors atomically; the file records strategy, Fisher matrix, seed, number of examples and the layers.

    Returns the SHA-256 of the file.
    """
    tensors = {f"{name}/squares": values for name, values in factors.squares.items()}
    for name, bases in factors.bases.items():
        tensors |= {f"{name}/{side}": getattr(bases, side) for side in _BASES}
    return _save(path, "factors", tensors, factors.layers, strategy=factors.strategy, **_facts(factors))


def load_factors(path, sha256: str | None = None) -> Factors:
    """Reads what `save_factors` wrote, on the CPU; UserError naming the file if it is damaged or something else."""
    tensors, layers, about = _load(path, sha256, "factors")
    bases, squares = {}, {}
    for layer in layers:
        if about["strategy"] in ("kfac", "ekfac"):
            bases[layer.name] = Bases(**{side: tensors[f"{layer.name}/{side}"] for side in _BASES})
        if about["strategy"] in ("diagonal", "ekfac"):
            squares[layer.name] = tensors[f"{layer.name}/squares"]
    return Factors(layers=layers, bases=bases, squares=squares, **about)


def save_sums(path, sums: Sums) -> str:
    """Writes the sums over some examples atomically; returns the SHA-256 of the file."""
    return _save(path, "sums", sums.tensors, sums.layers, positions=sums.positions, **_facts(sums))


def load_sums(path, sha256: str | None = None) -> Sums:
    """Reads what `save_sums` wrote, on the CPU; errors as in `load_factors`."""
    tensors, layers, about = _load(path, sha256, "sums")
    return Sums(layers=layers, tensors=tensors, **about)


def _facts(of: Factors | Sums) -> dict:
    return {"fisher": of.fisher, "seed": of.seed, "examples": of.examples}


def _save(path, content: str, tensors: dict[str, torch.Tensor], layers: tuple[TrackedLayer, ...], **about) -> str:
    facts = {"content": content, "layers": [asdict(layer) for layer in layers], **about}
    return save_tensors(path, tensors, json.dumps(facts, sort_keys=True))


def _load(path, sha256: str | None, content: str) -> tuple[dict[str, torch.Tensor], tuple[TrackedLayer, ...], dict]:
    """(tensors, layers, further facts) of a file with this content."""
    tensors, about = load_tensors(path, sha256)
    if about.pop("content", None) != content:
        raise UserError(f"{path}: does not hold {content} of influence scores")
    layers = tuple(TrackedLayer(**{key: _frozen(value) for key, value in each.items()}) for each in about.pop("layers"))
    return tensors, layers, about


def _frozen(value):
    return tuple(value) if isinstance(value, list) else value
