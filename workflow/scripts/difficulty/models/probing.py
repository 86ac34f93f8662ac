"""Probe points of a network, and its activations there.

The probe points of an architecture stand in the module of `models/probes/` with the architecture's name, in one
function `points(model: torch.nn.Module) -> list[ProbePoint]`, in the order of the forward pass. Every network is
probed at its input and its softmax as well.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import torch
from torch import nn

from difficulty.errors import UserError
from difficulty.models.building import module_name

INPUT, SOFTMAX = "input", "softmax"


@dataclass(frozen=True)
class ProbePoint:
    """The input or the output of a module, which has the dotted name `module` in the network.

    name: what figures call it. A module that is called several times in a forward pass counts at its last call.
    """

    name: str
    module: str
    side: Literal["input", "output"] = "output"


def probe_points(architecture: str, model: nn.Module, modules: Sequence[str] | None = None) -> list[ProbePoint]:
    """The probe points of an architecture between input and softmax.

    modules: dotted names of modules whose outputs are probed instead of the architecture's own points. Raises
    UserError if the network has no such module, or if nobody has said where such a network is probed.
    """
    if modules is None:
        try:
            found = importlib.import_module(f"difficulty.models.probes.{module_name(architecture)}").points(model)
        except ModuleNotFoundError:
            found = []
        if not found:
            raise UserError(
                f"{architecture}: where to probe it is not known; name modules under "
                f"analyses.prediction_depth.probes, e.g. {', '.join(_example(model))}"
            )
        return found
    known = dict(model.named_modules())
    for name in modules:
        if name not in known or not name:
            near = get_close_matches(name, known, 1) or _example(model)
            raise UserError(f"analyses.prediction_depth.probes: {architecture} has no module {name!r}; try {near[0]}")
    return [ProbePoint(name, name) for name in modules]


def _example(model: nn.Module) -> list[str]:
    return [name for name, _ in model.named_children()][:3]


class Probes:
    """Activations of a network at its probes.

    names: input, the points, softmax. model: in evaluation mode, its weights are not changed.
    """

    def __init__(self, model: nn.Module, points: Sequence[ProbePoint]):
        self.model = model.eval()
        self.points = {point.name: point for point in points}
        self.names = [INPUT, *self.points, SOFTMAX]
        if len(set(self.names)) < len(points) + 2:
            raise ValueError(f"probes of the same name among {self.names}")

    @torch.inference_mode()
    def __call__(
        self, images: torch.Tensor, wanted: Sequence[str] | None = None
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """(name -> float32 activations (B, d), flattened, of the probes that are wanted; predicted classes (B,)).

        images: float32 (B, C, H, W), normalised. wanted: names; None: all.
        """
        wanted = self.names if wanted is None else wanted
        found = {INPUT: _flat(images)} if INPUT in wanted else {}
        handles = [self._tap(self.points[name], found) for name in wanted if name in self.points]
        try:
            logits = self.model(images)
        finally:
            for handle in handles:
                handle.remove()
        if SOFTMAX in wanted:
            found[SOFTMAX] = logits.float().softmax(1)
        if absent := [name for name in wanted if name not in found]:
            raise UserError(f"{type(self.model).__name__} does not run its module {absent[0]!r} in a forward pass")
        return {name: found[name] for name in wanted}, logits.argmax(1)

    def _tap(self, point: ProbePoint, found: dict[str, torch.Tensor]):
        """A hook that keeps a copy: the layer after may work in place."""
        module = self.model.get_submodule(point.module)

        def keep(value) -> None:
            value = value[0] if isinstance(value, tuple) else value
            if not isinstance(value, torch.Tensor):
                raise UserError(f"module {point.module!r} gives a {type(value).__name__}, not a tensor; probe another")
            found[point.name] = _flat(value)

        if point.side == "input":
            return module.register_forward_pre_hook(lambda module, inputs: keep(inputs))
        return module.register_forward_hook(lambda module, inputs, output: keep(output))


def repeated(activations: Mapping[str, torch.Tensor]) -> dict[str, str]:
    """Probe -> an earlier probe with the same activations, of probes at which a batch is the same: (B, d) by name.

    So it is with pooling of 1 x 1 pixels, or dropout, which does nothing in evaluation mode.
    """
    found: dict[str, str] = {}
    names = list(activations)
    for index, name in enumerate(names):
        for earlier in names[:index]:
            if earlier not in found and torch.equal(activations[name], activations[earlier]):
                found[name] = earlier
                break
    return found


def _flat(values: torch.Tensor) -> torch.Tensor:
    """A float32 copy (B, d)."""
    flat = values.detach().reshape(len(values), -1).float()
    return flat.clone() if flat.data_ptr() == values.data_ptr() else flat
