"""Measures a machine in a few seconds: starts of stages, work on tables, products, passes of the configured networks.

Images are random ones of the right shape: what they show changes no speed. Figures of starts and tables are relative
to those of the machine on which the formulas were fitted.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from difficulty.costs.job import pass_size
from difficulty.costs.networks import NetworkFacts
from difficulty.costs.sizes import Sizes
from difficulty.costs.speeds import Speeds
from difficulty.costs.work import Network
from difficulty.devices import choose_device
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.models.inference import inference_copy
from difficulty.models.probing import Probes, probe_points, repeated
from difficulty.scores.vog.variance import gradients_and_predictions

# What a process imports -> (CPU seconds, MiB) on the machine on which formulas were fitted.
_IMPORTS = {
    "import difficulty.tables": (0.36, 109.0),
    "import difficulty.tables, torch, difficulty.datasets.loading, difficulty.models.building": (1.87, 585.0),
}
_TABLE_SECONDS = 0.065  # that `_table_work` took there
_PRODUCT = 768  # side
_LEAST_SECONDS, _MOST_ROUNDS = 0.4, 20  # of each kind of pass
_FEW = 8  # images, as many as pass at least
_USED = "{}; from difficulty import resource_use as use; print(use.cpu_seconds(), use.peak_memory())"


def measured_machine() -> Speeds:
    """Figures of this machine, without networks."""
    speeds = Speeds()
    torch.set_num_threads(1)
    light, heavy = (_beyond(what, *reference) for what, reference in _IMPORTS.items())
    further = {"tables": light, "figures": light, "network": heavy, "training": heavy}
    starts = {
        kind: (max(seconds + further[kind][0], 0.05), max(memory + further[kind][1], 50.0))
        for kind, (seconds, memory) in speeds.starts.items()
    }
    matrix = torch.rand(_PRODUCT, _PRODUCT)
    products = _PRODUCT**3 / _seconds(lambda: matrix @ matrix, torch.device("cpu"))
    tables = _seconds(_table_work, torch.device("cpu")) / _TABLE_SECONDS
    return Speeds(starts, tables, products, device=choose_device({}).type, is_measured=True)


def measured_network(network: Network) -> NetworkFacts | None:
    """Sizes of a network, and how long passes take; None if it cannot be built for such images, as a check will say."""
    torch.set_num_threads(1)
    height, width, channels = network.shape
    settings = {name: getattr(network, name) for name in ("architecture", "width", "depth", "stem")}
    settings = {name: value for name, value in settings.items() if value is not None}
    try:
        model = build_model(settings, channels, (height, width), network.classes, seed=0)
    except UserError:
        return None
    device = choose_device({})
    model.to(device, memory_format=torch.channels_last)
    few = _images(_FEW, network, device)
    sizes, activations, layers = _sizes(model.eval(), few[:2])
    with torch.inference_mode():
        fast = int(_LEAST_SECONDS * _FEW / _seconds(lambda: model(few), device))
    count = max(min(fast, pass_size(Sizes(0, 0, 0, height, width, channels))), _FEW)
    images, batch = _images(count, network, device), _images(min(count, network.batch), network, device)
    return NetworkFacts(
        **sizes,
        activations=activations,
        layers=layers,
        probes=_probes(network.architecture, model, few[:2]),
        **_passes(model, images, batch, network.classes, device),
    )


def _images(count: int, network: Network, device: torch.device) -> torch.Tensor:
    height, width, channels = network.shape
    return torch.randn(count, channels, height, width, device=device).contiguous(memory_format=torch.channels_last)


def _passes(
    model: nn.Module, images: torch.Tensor, batch: torch.Tensor, classes: int, device: torch.device
) -> dict[str, float]:
    """Seconds for each image of a forward pass, one with gradients of the images, and a step of training."""
    copy, labels = inference_copy(model).eval(), torch.randint(classes, (len(batch),), device=device)
    first = torch.zeros(len(images), dtype=torch.int64, device=device)

    def forward():
        with torch.inference_mode():
            copy(images)

    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(batch), labels).backward()
        optimizer.step()

    found = {"forward": _seconds(forward, device) / len(images)}
    found["gradient"] = _seconds(lambda: gradients_and_predictions(copy, images, first), device) / len(images)
    model.train()
    return {**found, "step": _seconds(step, device) / len(batch)}


def _sizes(model: nn.Module, images: torch.Tensor) -> tuple[dict[str, int], float, tuple]:
    """(numbers of parameters and of the state, numbers that layers give for an image, shapes of layers)."""
    given, layers = [], []

    def keep(module: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        given.append(output.numel() / len(images))
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight, bias = module.weight, module.bias is not None
            places = output.numel() / len(images) / weight.shape[0]
            layers.append((weight[0].numel() + bias, weight.shape[0], places))

    leaves = [module for module in model.modules() if not any(module.children())]
    handles = [module.register_forward_hook(keep) for module in leaves]
    with torch.inference_mode():
        model(images)
    for handle in handles:
        handle.remove()
    parameters = sum(each.numel() for each in model.parameters() if each.requires_grad)
    state = sum(each.numel() for each in model.state_dict().values())
    return {"parameters": parameters, "state": state}, sum(given), tuple(layers)


def _probes(architecture: str, model: nn.Module, images: torch.Tensor) -> tuple[float, ...]:
    """Numbers at each probe that differs from the earlier ones; none where it is not known where to probe."""
    try:
        found, _ = Probes(model, probe_points(architecture, model))(images)
    except UserError:
        return ()
    same = repeated(found)
    return tuple(float(values.shape[1]) for name, values in found.items() if name not in same)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    """Median of several times, after one that does not count."""
    times: list[float] = []
    for _ in range(_MOST_ROUNDS + 1):
        began = _clock(device)
        work()
        times.append(_clock(device) - began)
        if sum(times[1:]) > _LEAST_SECONDS and len(times) > 2:
            break
    return float(np.median(times[1:]))


def _clock(device: torch.device) -> float:
    """CPU seconds, which other work on the machine does not lengthen, or seconds once a device is done."""
    if device.type == "cpu":
        return time.process_time()
    getattr(torch, device.type).synchronize()
    return time.perf_counter()


def _table_work() -> None:
    """What stages on tables do: sorting, grouping, joining, ranking."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"key": random.integers(0, 20_000, 200_000), "value": random.random(200_000)})
    means = frame.groupby("key")["value"].mean().rename("mean").reset_index()
    frame.merge(means, on="key").sort_values("value")["mean"].rank()


def _beyond(what: str, seconds: float, memory: float) -> tuple[float, float]:
    """(CPU seconds, MiB) that a new process takes to import something, beyond those of the other machine."""
    folder = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", _USED.format(what)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    own_seconds, own_memory = map(float, done.stdout.split())
    return own_seconds - seconds, own_memory - memory
