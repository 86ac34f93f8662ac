"""Activations of very many numbers, in fewer: a random orthogonal projection that keeps distances.

Signs are drawn at random, an orthogonal transform (Hartley's, by the fast Fourier transform) spreads each difference of
two vectors evenly over all coordinates, and some of these, drawn at random, are kept. The square of a distance is then
right on average; with d of D coordinates its standard deviation is a share of sqrt(2 / d * (1 - d / D)) of it: Ailon
and Chazelle, "The fast Johnson-Lindenstrauss transform", SIAM Journal on Computing 39 (2009).
"""

import math
from collections.abc import Iterable, Sequence

import torch

from difficulty.models.probing import Probes
from difficulty.random_streams import derived_seed


def relative_error(kept: int, length: int) -> float:
    """Standard deviation of the distance between projections to `kept` of `length` numbers, as a share of it."""
    return math.sqrt(2 / kept * (1 - kept / length)) / 2


class Projection:
    """A projection of vectors of `length` numbers to `kept` of them; the same for the same two."""

    def __init__(self, length: int, kept: int):
        generator = torch.Generator().manual_seed(derived_seed("projection of activations", length, kept))
        self._signs = torch.randint(0, 2, (length,), generator=generator).mul(2).sub(1).float()
        places = torch.randperm(length, generator=generator)[:kept].sort().values
        # The transform of real numbers is known from the first half of their Fourier coefficients.
        mirrored = places > length // 2
        self._places = torch.where(mirrored, length - places, places)
        self._sides = torch.where(mirrored, 1.0, -1.0)
        self._scale = 1 / math.sqrt(kept)

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        """float32 (B, kept) of float32 (B, length), on the same device."""
        device = vectors.device
        found = torch.fft.rfft(vectors * self._signs.to(device))[:, self._places.to(device)]
        return (found.real + self._sides.to(device) * found.imag) * self._scale


class ReducedProbes:
    """Probes of which those with more than `most` numbers per image give projections to as many.

    lengths: name -> numbers per image of the network itself, of all that have been asked for.
    """

    def __init__(self, probes: Probes, most: int):
        self.probes, self.names, self.most = probes, probes.names, most
        self.lengths: dict[str, int] = {}
        self._projections: dict[int, Projection] = {}

    def __call__(
        self, images: torch.Tensor, wanted: Sequence[str] | None = None
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """As `Probes`."""
        found, predicted = self.probes(images, wanted)
        self.lengths |= {name: values.shape[1] for name, values in found.items()}
        return {name: self._reduced(values) for name, values in found.items()}, predicted

    def remarks(self, names: Iterable[str]) -> list[str]:
        """A line on each of these probes that gives projections."""
        longer = {name: self.lengths[name] for name in names if self.lengths[name] > self.most}
        return [
            f"{name}: {length:,} numbers per image, projected to {self.most:,}; distances are right to "
            f"{relative_error(self.most, length):.1%} or so"
            for name, length in longer.items()
        ]

    def _reduced(self, values: torch.Tensor) -> torch.Tensor:
        length = values.shape[1]
        if length <= self.most:
            return values
        if length not in self._projections:
            self._projections[length] = Projection(length, self.most)
        return self._projections[length](values)
