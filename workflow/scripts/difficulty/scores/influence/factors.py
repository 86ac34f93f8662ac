"""The curvature of a network's loss for influence scores: sums over examples, eigenbases, and what comes of them.

Per tracked layer: A and S, the covariances of patches and output gradients; their eigenvectors Qa and Qs; and L, the
mean over examples of the squared gradient, entry by entry, as it is or in that basis. Sums of parts of the data are
merged by adding. Martens & Grosse, arXiv 1503.05671; Grosse & Martens, arXiv 1602.01407; George et al., arXiv
1806.03884.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import torch
from torch import nn

from difficulty.scores.influence.covariances import PatchCovariance, gram, mirrored, zeros
from difficulty.scores.influence.example_gradients import Bases, positions
from difficulty.scores.influence.layer_passes import Batches, Fisher, FoldedNetwork, passes, refuse_training_mode
from difficulty.scores.influence.tracked_layers import TrackedLayer, at_positions, tracked_layers, weight_of
from difficulty.scores.influence.workspace import Workspace

Strategy = Literal["identity", "diagonal", "kfac", "ekfac"]
MEMORY = 1 << 28  # bytes for what is computed of one batch, beside its pass through the network


@dataclass(frozen=True)
class Sums:
    """Sums over some examples. tensors: those of each layer, by names such as `conv1/squares`.

    positions: of each layer, where covariances are summed.
    """

    layers: tuple[TrackedLayer, ...]
    fisher: Fisher
    seed: int
    examples: int
    tensors: dict[str, torch.Tensor]
    positions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Factors:
    """Factors that precondition gradients. examples: how many they were fitted on.

    bases: by layer, for kfac and ekfac. squares: L (groups, outputs, inputs) by layer, for diagonal and ekfac.
    """

    strategy: Strategy
    fisher: Fisher
    seed: int
    examples: int
    layers: tuple[TrackedLayer, ...]
    bases: dict[str, Bases] = field(default_factory=dict)
    squares: dict[str, torch.Tensor] = field(default_factory=dict)

    def curvature(self, name: str) -> torch.Tensor | None:
        """Eigenvalues (groups, outputs, inputs) of a layer in its basis, none negative; None if all are 1."""
        if self.strategy == "identity":
            return None
        if self.strategy != "kfac":
            return self.squares[name]
        bases = self.bases[name]
        # Rounding makes eigenvalues of 0 negative.
        return bases.output_values.clamp(min=0)[:, :, None] * bases.input_values.clamp(min=0)[:, None]

    def like(self, model: nn.Module) -> "Factors":
        """The same factors on the device of the network, with bases of the type of its parameters."""
        weight = weight_of(model, self.layers)
        bases = {name: each.like(weight) for name, each in self.bases.items()}
        squares = {name: each.to(weight.device) for name, each in self.squares.items()}
        return replace(self, bases=bases, squares=squares)

    def check(self, model: nn.Module) -> None:
        """Raises ValueError if the network does not have these layers."""
        names = [layer.name for layer in self.layers]
        try:
            own = {layer.name: layer for layer in tracked_layers(model, names)}
        except ValueError as error:
            raise ValueError(f"the factors are those of another network: {error}") from error
        for layer in self.layers:
            if own[layer.name] != layer:
                raise ValueError(
                    f"the factors are those of another network: {layer.name} is {own[layer.name]}, and {layer} there"
                )


def fit_factors(
    model: nn.Module,
    batches: Batches,
    strategy: Strategy = "ekfac",
    fisher: Fisher = "empirical",
    seed: int = 0,
    modules: Sequence[str] | None = None,
    memory: int = MEMORY,
) -> Factors:
    """The factors of a network, in evaluation mode, on the given examples.

    batches: images (B, C, H, W) and labels int (B,) on the network's device, that can be gone through several times.
    fisher: `empirical`, of the given labels, or `sampled`, of labels that are drawn from the softmax with `seed`.
    modules: names of the linear layers and convolutions that are tracked; None: all. memory: bytes beside what a pass
    through the network takes. Raises TypeError for an iterator, which is empty after one pass, and ValueError for a
    network in training mode, an unknown strategy, or layers that cannot be tracked.
    """
    if strategy not in get_args(Strategy):
        raise ValueError(f"strategy is {strategy!r}, not one of {', '.join(get_args(Strategy))}")
    if fisher not in get_args(Fisher):
        raise ValueError(f"fisher is {fisher!r}, not one of {', '.join(get_args(Fisher))}")
    refuse_iterator(batches, "batches")
    refuse_training_mode(model)
    options = {"fisher": fisher, "seed": seed, "modules": modules, "memory": memory}
    covariances = squares = bases = None
    if strategy in ("kfac", "ekfac"):
        covariances = covariance_sums(model, batches, **options)
        bases = eigenbases(covariances)
    if strategy in ("diagonal", "ekfac"):
        squares = second_moment_sums(model, bases, batches, **options)
    if strategy == "identity":
        return Factors(strategy, fisher, seed, 0, tuple(tracked_layers(model, modules)))
    return assemble(strategy, squares or covariances, bases)


def refuse_iterator(batches: Batches, name: str) -> None:
    """Raises TypeError for what can be gone through only once."""
    if iter(batches) is batches:
        raise TypeError(
            f"{name}: a {type(batches).__name__} is empty after one pass, and several are needed; "
            "give a list or a DataLoader"
        )


def assemble(strategy: Strategy, sums: Sums, bases: Mapping[str, Bases] | None = None) -> Factors:
    """Factors of merged sums: second moments, or covariances where the strategy is kfac."""
    squares = {}
    if strategy != "kfac":
        squares = {layer.name: sums.tensors[f"{layer.name}/squares"] / sums.examples for layer in sums.layers}
    return Factors(strategy, sums.fisher, sums.seed, sums.examples, sums.layers, dict(bases or {}), squares)


@torch.no_grad()
def covariance_sums(
    model: nn.Module,
    batches: Batches,
    fisher: Fisher = "empirical",
    seed: int = 0,
    modules: Sequence[str] | None = None,
    first: int = 0,
    memory: int = MEMORY,
) -> Sums:
    """Sums over examples and positions of a a^T and g g^T. first: position of the first example among all."""
    layers = tracked_layers(model, modules)
    network, workspace = FoldedNetwork.of(model, layers), Workspace()
    inputs = {layer.name: PatchCovariance(layer, memory, workspace) for layer in layers}
    outputs: dict[str, torch.Tensor] = {}
    examples = 0
    for count, calls in passes(network, batches, fisher, seed, first):
        examples += count
        for layer in layers:
            for call in calls.pop(layer.name):
                inputs[layer.name].add(call.inputs)
                gradients = at_positions(layer, call.gradients).flatten(1, 2)
                empty = zeros(gradients, layer.groups, layer.outputs, layer.outputs)
                gram(gradients, outputs.setdefault(layer.name, empty))
    _refuse_nothing(examples)
    tensors = {f"{name}/inputs": each.total() for name, each in inputs.items()}
    tensors |= {f"{name}/outputs": mirrored(each) for name, each in outputs.items()}
    for name, scale in network.scales.items():
        tensors[f"{name}/outputs"] *= scale[:, :, None] * scale[:, None]
    positions = {name: each.positions for name, each in inputs.items()}
    return Sums(tuple(layers), fisher, seed, examples, tensors, positions)


@torch.no_grad()
def second_moment_sums(
    model: nn.Module,
    bases: Mapping[str, Bases] | None,
    batches: Batches,
    fisher: Fisher = "empirical",
    seed: int = 0,
    modules: Sequence[str] | None = None,
    first: int = 0,
    memory: int = MEMORY,
) -> Sums:
    """Sums over examples of the squared gradient, in the bases of the layers, or as it is where these are None."""
    layers = tracked_layers(model, modules if bases is None else list(bases))
    network = FoldedNetwork.of(model, layers)
    own = {name: each.like(weight_of(model, layers)) for name, each in (bases or {}).items()}
    workspace, tensors, examples = Workspace(), {}, 0
    for count, calls in passes(network, batches, fisher, seed, first):
        examples += count
        for layer in layers:
            basis = None if bases is None else own[layer.name]
            scale = network.scales.get(layer.name)
            for _, seen in positions(layer, calls.pop(layer.name), memory, workspace, scale):
                name, squares = f"{layer.name}/squares", seen.squares(basis)
                if name not in tensors:
                    tensors[name] = zeros(squares, *squares.shape)
                tensors[name] += squares
    _refuse_nothing(examples)
    return Sums(tuple(layers), fisher, seed, examples, tensors)


def _refuse_nothing(examples: int) -> None:
    if not examples:
        raise ValueError("batches: there is no example")


def merge(parts: Iterable[Sums]) -> Sums:
    """The sums over the examples of all parts, which are taken one after the other.

    Raises ValueError if they are sums of different things.
    """
    parts = iter(parts)
    first = next(parts)
    tensors, positions = {name: each.clone() for name, each in first.tensors.items()}, dict(first.positions)
    facts, examples = (first.layers, first.fisher, first.seed), first.examples
    del first
    for part in parts:
        if (part.layers, part.fisher, part.seed) != facts or part.tensors.keys() != tensors.keys():
            raise ValueError("sums of different layers, Fisher matrices or seeds cannot be merged")
        examples += part.examples
        for name in tensors:
            tensors[name] += part.tensors[name]
        for name in positions:
            positions[name] += part.positions[name]
    return Sums(*facts, examples, tensors, positions)


def eigenbases(sums: Sums) -> dict[str, Bases]:
    """Layer -> eigenvectors and eigenvalues of its covariances, means over examples and positions, found in float64."""
    bases = {}
    for layer in sums.layers:
        found = {}
        for side in ("inputs", "outputs"):
            total = sums.tensors[f"{layer.name}/{side}"]
            values, vectors = torch.linalg.eigh(total.double() / sums.positions[layer.name])
            found[side] = vectors.to(total.dtype).contiguous(), values.to(total.dtype)
        (qa, la), (qs, ls) = found["inputs"], found["outputs"]
        bases[layer.name] = Bases(qa, qs, la, ls)
    return bases
