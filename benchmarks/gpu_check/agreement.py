"""How far a result on the device may be from that of the CPU, and why; and the sizes of what is compared and timed."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch

# Relative to the largest value: float32 sums in another order. TF32 in a single layer is several times further away.
SAME = 1e-4
# After some steps of training, each of which makes the rounding of the one before larger.
TRAINED = 1e-3
# Eigenvectors of eigenvalues that are nearly equal turn with the rounding, and what is measured along them.
TURNED = 2e-2
# bfloat16 has eight binary digits, so that each number is off by up to 0.4 %; a network adds that up over its layers.
ROUGH = 0.1
# The share of examples whose gradients may be further away than SAME where a network has ReLUs and maxima: a rounding
# chooses another side of one of them. With TF32 nearly all are further away. Smooth networks have no such examples.
FLIPPED = 0.25
# The share of predictions, ranks, neighbours and votes that may be others: nearly equal ones change places.
TIED = 0.02
# The same after some steps of training.
TIED_AFTER_TRAINING = 0.1

Arrays = dict[str, np.ndarray]


class Skipped(Exception):
    """A part cannot run here, and says why."""


@dataclass(frozen=True)
class Size:
    """How much is timed, and how often.

    training, tested: images that are trained on, and recorded beside them. width: of ResNet-9. maps: images of 32 x 32
    pixels whose gradients are taken; large: of 224 x 224. rows: of a bank of neighbours; dimensions: numbers in each.
    influential: images that factors are fitted on, at most 512 or a multiple of that; asked: queries. product: rows of
    the square matrices by which the rate of products is measured.
    """

    training: int
    tested: int
    width: int
    maps: int
    large: int
    rows: int
    dimensions: tuple[int, ...]
    influential: int
    asked: int
    product: int
    repeats: int


SIZES = {
    "gpu": Size(25_600, 5120, 64, 20_000, 1000, 50_000, (512, 4096, 16384), 6144, 100, 8192, 3),
    "cpu": Size(1024, 256, 16, 512, 8, 4000, (512,), 256, 8, 1024, 3),
    "tiny": Size(96, 32, 4, 32, 1, 200, (32,), 32, 4, 128, 2),
}


@dataclass
class Check:
    """What a part gets: the device, the size of what is timed, and where its findings go.

    send: called with one row at a time, a dictionary: `kind` is `difference` (what, value, tolerance, passed), `speed`
    (what, and the columns of the table of benchmarks) or `note` (what).
    """

    device: torch.device
    size: Size
    send: Callable[[dict], None]
    failed: bool = field(default=False, init=False)

    def both(self, compute: Callable[[torch.device], Arrays]) -> tuple[Arrays, Arrays]:
        """(what `compute` gives on the device, what it gives on the CPU)."""
        expected = compute(torch.device("cpu"))
        with self.summed_differently():
            return compute(self.device), expected

    @contextmanager
    def summed_differently(self) -> Iterator[None]:
        """Where the device is the CPU itself, convolutions are computed by another library meanwhile."""
        if self.device.type != "cpu":
            yield
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about TF32 of other devices, whenever the flags are set
            with torch.backends.mkldnn.flags(enabled=False):
                yield

    def close(self, what: str, found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
        """The largest difference, relative to the largest value. NaN only where NaN is expected."""
        self._row(what, difference(found, expected), tolerance)

    def all_close(self, found: Mapping, expected: Mapping, tolerance: float, prefix: str = "") -> None:
        """`close` of all arrays of the same name, as one row for the worst."""
        if found.keys() != expected.keys() or not expected:
            raise ValueError(f"{prefix}: {sorted(found)} are not {sorted(expected)}")
        worst = max(found, key=lambda name: _sortable(difference(found[name], expected[name])))
        self.close(f"{prefix}: {worst}, the worst of {len(found)}", found[worst], expected[worst], tolerance)

    def rarely_far(
        self, what: str, found: np.ndarray, expected: np.ndarray, share: float, tolerance: float = SAME
    ) -> None:
        """The share of examples, the first axis, that are further away than `tolerance`, relative to their norm."""
        self._row(f"{what}: share beyond {tolerance:g}", share_beyond(found, expected, tolerance), share)

    def equal(self, what: str, found: np.ndarray, expected: np.ndarray, share: float = 0.0) -> None:
        """The share of values that are not the same."""
        if np.shape(found) != np.shape(expected):
            raise ValueError(f"{what}: shapes {np.shape(found)} and {np.shape(expected)}")
        self._row(f"{what}: share that differs", float(np.mean(np.asarray(found) != np.asarray(expected))), share)

    def holds(self, what: str, condition: bool) -> None:
        """Something that must be so."""
        self._row(what, 0.0 if condition else 1.0, 0.0)

    def note(self, what: str) -> None:
        """Something to know, which neither passes nor fails."""
        self.send({"kind": "note", "what": what})

    def _row(self, what: str, value: float, tolerance: float) -> None:
        passed = bool(value <= tolerance)  # NaN does not
        self.failed |= not passed
        self.send({"kind": "difference", "what": what, "value": value, "tolerance": tolerance, "passed": passed})


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest absolute difference over the largest absolute value; infinite if NaN or infinities do not agree."""
    found, expected = (np.asarray(values, np.float64) for values in (found, expected))
    if found.shape != expected.shape or not expected.size:
        raise ValueError(f"shapes {found.shape} and {expected.shape}")
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True) or not np.isfinite(found[finite]).all():
        return float("inf")
    largest = np.abs(expected[finite]).max(initial=0)
    return float(np.abs(found[finite] - expected[finite]).max(initial=0) / (largest or 1))


def share_beyond(found: np.ndarray, expected: np.ndarray, tolerance: float) -> float:
    """The share of rows (N, ...) whose difference's norm is more than `tolerance` of the norm of the expected row.

    Rows whose norm is less than a thousandth of the median are measured by that.
    """
    found, expected = (np.asarray(values, np.float64).reshape(len(values), -1) for values in (found, expected))
    if found.shape != expected.shape or not expected.size:
        raise ValueError(f"shapes {found.shape} and {expected.shape}")
    norms = np.linalg.norm(expected, axis=1)
    norms = np.maximum(norms, 1e-3 * np.median(norms))
    return float(np.mean(~(np.linalg.norm(found - expected, axis=1) <= tolerance * norms)))


def _sortable(value: float) -> float:
    return float("inf") if np.isnan(value) else value
