"""Steps along what three mini-batch gradients have in common.

Source: Zielinski, Krishnan, Chatterjee 2020, "Weak and Strong Gradient Directions" (arXiv 2003.07422).
"""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator

import torch

Tensors = list[torch.Tensor]
# The gradients before the newest one, each in the slot that its number modulo two says.
_SLOTS = ("gradient_0", "gradient_1")
# Numbers that a processor's second-level cache holds some eight times.
_BLOCK = 2**15


class ThreeGradients(torch.optim.Optimizer, ABC):
    """What optimizers that combine three gradients share.

    A gradient is that of `parameter.grad` plus weight_decay times the parameter, at the time of the step. The first
    two only fill the buffers; the third one makes a step of -lr times the three combined, with the lr of that time.
    From then on every step moves if the optimizer is `rolling`; else three new gradients are awaited.
    Parameters without a gradient are passed over, and their count of gradients stands still.

    Raises ValueError for a negative lr or weight_decay and for complex parameters, RuntimeError in `step` for sparse
    gradients.
    """

    rolling = True

    def __init__(self, params: Iterable, lr: float, weight_decay: float = 0.0):
        for name, value in (("lr", lr), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name}: expected a number from 0 on, got {value}")
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @abstractmethod
    def combined(self, oldest: Tensors, older: Tensors, newest: Tensors) -> Tensors:
        """One tensor for each three; none of the arguments is changed."""

    def add_param_group(self, param_group: dict) -> None:
        super().add_param_group(param_group)
        if any(parameter.is_complex() for parameter in self.param_groups[-1]["params"]):
            self.param_groups.pop()
            raise ValueError(f"{type(self).__name__} takes no complex parameters: they have no order")

    def load_state_dict(self, state_dict: dict) -> None:
        """As ever, but with copies of the buffers, laid out in memory as the parameters are."""
        super().load_state_dict(state_dict)
        for parameter, state in self.state.items():
            state["step"] = int(state["step"])
            for slot in _SLOTS:
                state[slot] = torch.empty_like(parameter, requires_grad=False).copy_(state[slot])

    @torch.no_grad()
    def step(self, closure=None):
        """One gradient more. Returns the loss of `closure`, which computes it and the gradients, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._refuse_sparse_gradients()
        for group in self.param_groups:
            moving, waiting = [], []
            for parameter in group["params"]:
                if parameter.grad is not None:
                    moves, oldest, older = self._buffers(parameter)
                    (moving if moves else waiting).append((parameter.detach(), parameter.grad, oldest, older))
            for parameters, gradients, oldest, older in _pieces(moving):
                newest = _with_decay(gradients, parameters, group["weight_decay"])
                torch._foreach_add_(parameters, self.combined(oldest, older, newest), alpha=-group["lr"])
                if self.rolling:
                    torch._foreach_copy_(oldest, newest)
            for parameters, gradients, free, _ in _pieces(waiting):
                torch._foreach_copy_(free, _with_decay(gradients, parameters, group["weight_decay"]))
        return loss

    def _buffers(self, parameter: torch.Tensor) -> tuple[bool, torch.Tensor, torch.Tensor]:
        """Whether two gradients wait for this one, the buffer that is free after it, and the other one."""
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state.update({slot: torch.zeros_like(parameter, requires_grad=False) for slot in _SLOTS})
        turn = state["step"] if self.rolling else state["step"] % 3
        state["step"] += 1
        return turn >= 2, state[_SLOTS[turn % 2]], state[_SLOTS[1 - turn % 2]]

    def _refuse_sparse_gradients(self) -> None:
        for group in self.param_groups:
            if any(parameter.grad is not None and parameter.grad.is_sparse for parameter in group["params"]):
                raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")


def median_of_three(first: Tensors, second: Tensors, third: Tensors) -> Tensors:
    """Of each coordinate max(min(a, b), min(max(a, b), c)): one of the three, without rounding; NaN if one is NaN."""
    low = torch._foreach_minimum(first, second)
    high = torch._foreach_maximum(first, second)
    torch._foreach_minimum_(high, third)
    torch._foreach_maximum_(low, high)
    return low


def mean_of_three(first: Tensors, second: Tensors, third: Tensors) -> Tensors:
    """Of each coordinate."""
    total = torch._foreach_add(first, second)
    torch._foreach_add_(total, third)
    torch._foreach_div_(total, 3.0)
    return total


def _with_decay(gradients: Tensors, parameters: Tensors, weight_decay: float) -> Tensors:
    return torch._foreach_add(gradients, parameters, alpha=weight_decay) if weight_decay else gradients


def _pieces(rows: list[tuple[torch.Tensor, ...]]) -> Iterator[list[Tensors]]:
    """The columns of `rows`, of tensors of equal shape, piece by piece.

    The processor works through pieces that stay in its cache, for the passes through memory are what takes time;
    other devices get all that they hold at once, as what takes time there is to start each operation.
    """
    elsewhere = defaultdict(list)
    for row in rows:
        if row[0].device.type == "cpu":
            for piece in zip(*(tensor.split(_BLOCK) for tensor in _flat(row)), strict=True):
                yield [[tensor] for tensor in piece]
        else:
            elsewhere[row[0].device, row[0].dtype].append(row)
    for several in elsewhere.values():
        yield [list(column) for column in zip(*several, strict=True)]


def _flat(row: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    """Views with one axis, in the order of memory; the tensors as they are where their orders differ."""
    if all(tensor.is_contiguous() for tensor in row):
        return [tensor.view(-1) for tensor in row]
    if all(tensor.is_contiguous(memory_format=torch.channels_last) for tensor in row):
        return [tensor.permute(0, 2, 3, 1).view(-1) for tensor in row]
    return list(row)
