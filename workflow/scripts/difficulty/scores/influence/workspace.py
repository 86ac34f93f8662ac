"""Reused memory: on a CPU, fresh pages cost as much as the computation in them."""

import torch


class Workspace:
    """One piece of memory, out of which tensors are taken one after the other, until all are given back."""

    def __init__(self) -> None:
        self._memory: torch.Tensor | None = None
        self._taken = 0

    def reserve(self, numbers: int, like: torch.Tensor) -> None:
        """Gives back all that was taken, and makes room for so many numbers of the type and on the device of `like`."""
        self._taken = 0
        kept = self._memory
        if kept is None or len(kept) < numbers or kept.dtype != like.dtype or kept.device != like.device:
            self._memory = kept = None  # before more is asked for
            self._memory = like.new_empty(numbers)

    def take(self, like: torch.Tensor, *shape: int) -> torch.Tensor:
        """Uninitialised memory of this shape; fresh where no room was reserved."""
        size = torch.Size(shape).numel()
        start, self._taken = self._taken, self._taken + size
        if self._memory is None or self._taken > len(self._memory):
            return like.new_empty(shape)
        return self._memory[start : self._taken].view(shape)
