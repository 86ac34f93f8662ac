"""Memory that is used again and again: on a processor, fresh pages cost as much as what is computed in them."""

import torch


class Workspace:
    """Tensors by name; what was taken by a name before is overwritten by what is taken next."""

    def __init__(self) -> None:
        self._kept: dict[str, torch.Tensor] = {}

    def take(self, name: str, like: torch.Tensor, *shape: int) -> torch.Tensor:
        """Uninitialised memory of this shape, with the type and device of `like`."""
        size = torch.Size(shape).numel()
        kept = self._kept.get(name)
        if kept is None or len(kept) < size or kept.dtype != like.dtype or kept.device != like.device:
            self._kept[name] = kept = like.new_empty(size)
        return kept[:size].view(shape)
