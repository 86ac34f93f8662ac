"""Steps of RM3 against those of SGD with momentum.

Compared, on one thread of one process and in turns, on the parameters of ResNet-18 in the layout of training: a step
of RM3, of M3 (the mean of three steps, of which one moves) and of RA3, and one of torch.optim.SGD with momentum 0.9;
all without weight decay, then with it. And a whole training step, forward and backward pass included, on a batch of
32x32 images. Goals: at most 3 times SGD's CPU time for a step of RM3, at most 1.05 times for a whole training step.

The limit is what the passes through memory take if each number is touched once: RM3 reads gradient, parameter and two
kept gradients and writes parameter and one kept gradient. It is measured as three copies of all parameters.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from measuring import in_turns, show, time_function
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.models.building import build_model
from difficulty.training.optimizers import M3, RA3, RM3

RATE, MOMENTUM, WEIGHT_DECAY = 1e-4, 0.9, 5e-4
STEPS = 3  # per measurement, so that M3 moves once in each


def network() -> torch.nn.Module:
    """ResNet-18 for small images, freshly initialised, in the layout of training."""
    model = build_model({"architecture": "resnet18", "stem": "cifar", "width": 64}, 3, (32, 32), 10, 0)
    return model.to(memory_format=torch.channels_last).train()


def optimizers(weight_decay: float) -> dict[str, Callable]:
    return {
        "SGD": lambda parameters: torch.optim.SGD(
            parameters, RATE, momentum=MOMENTUM, weight_decay=weight_decay, foreach=True
        ),
        "RM3": lambda parameters: RM3(parameters, RATE, weight_decay),
        "M3": lambda parameters: M3(parameters, RATE, weight_decay),
        "RA3": lambda parameters: RA3(parameters, RATE, weight_decay),
    }


def steps(make: Callable) -> Callable[[], None]:
    """Three steps with random gradients, the buffers of the optimizer filled."""
    parameters = list(network().parameters())
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    optimizer = make(parameters)
    for _ in range(3):
        optimizer.step()

    def run():
        for _ in range(STEPS):
            optimizer.step()

    return run


def copies() -> Callable[[], None]:
    """For each of the three steps, three copies of all parameters: as many passes through memory as RM3 needs."""
    source = [parameter.detach().clone() for parameter in network().parameters()]
    targets = [[torch.zeros_like(tensor) for tensor in source] for _ in range(3)]

    def run():
        for _ in range(STEPS):
            for target in targets:
                torch._foreach_copy_(target, source)

    return run


def training_step(make: Callable, batch: int) -> Callable[[], None]:
    """Forward pass, backward pass and step on random images."""
    model = network()
    optimizer = make(model.parameters())
    draws = torch.Generator().manual_seed(0)
    images = torch.randn(batch, 3, 32, 32, generator=draws).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(10, (batch,), generator=draws)

    def run():
        loss = functional.cross_entropy(model(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return run


def compare(what: str, functions: dict[str, Callable[[], None]], repeats: int) -> None:
    measurements = {name: lambda function=function: time_function(function) for name, function in functions.items()}
    print(f"\n{what}, repeats: {repeats}")
    show(in_turns(measurements, repeats), "SGD")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--training-repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=128)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for weight_decay in (0.0, WEIGHT_DECAY):
        functions = {name: steps(make) for name, make in optimizers(weight_decay).items()}
        functions["limit"] = copies()
        compare(f"{STEPS} steps, weight decay {weight_decay}", functions, args.repeats)
    makers = optimizers(WEIGHT_DECAY)
    functions = {name: training_step(makers[name], args.batch) for name in ("SGD", "RM3")}
    compare(f"a whole training step, batches of {args.batch}", functions, args.training_repeats)


if __name__ == "__main__":
    main()
