"""Columns of numbers and texts as a page holds them: typed arrays, deflated, in base64.

The page's core/arrays.js reads what is written here.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

MISSING = 65535  # of the codes and quantised numbers, which have 16 bits
_STEPS = MISSING - 1
_TYPES = {"u1": np.uint8, "u2": np.uint16, "i4": np.int32, "f4": np.float32, "f8": np.float64}
_MOST_ALIKE = 1 / 1000  # of the values that are known, unlike ones that one step may have


BLOCK = 20_000  # texts that are read together


class Arrays:
    """The arrays of a page. Each is added once and referred to by its name; equal ones are kept once.

    folder: where the arrays and pictures of a page with too many images go, as scripts and files; None: they stay in
    `packed`.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder
        self.packed: dict[str, str] = {}
        self._names: dict[tuple[str, bytes], str] = {}

    def numbers(self, values: np.ndarray, kind: str) -> dict:
        """Adds values (N,) of one of the kinds u1, u2, i4, f4 and f8. Raises ValueError if an integer does not fit."""
        stored = np.ascontiguousarray(values, _TYPES[kind])
        if kind[0] != "f" and not np.array_equal(stored, values):
            raise ValueError(f"values do not fit {kind}")
        return {"array": self._add(kind, stored.astype(stored.dtype.newbyteorder("<")).tobytes()), "kind": kind}

    def identifiers(self, values: np.ndarray) -> dict:
        """Adds integers (N,) below 2^53 in size, whose order does not matter."""
        return self.numbers(values, "i4" if np.array_equal(values, values.astype(np.int32)) else "f8")

    def quantised(self, values: np.ndarray) -> dict:
        """Adds real numbers (N,), of which NaN is missing, in 65,534 steps from the least to the greatest.

        The page shows them to a 65,534th of their range. Where a step would have more than a thousandth of them that
        are not equal, as some lie far away from the others, they are kept in single precision.
        """
        values = np.asarray(values, np.float64)
        known = ~np.isnan(values)
        low, high = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 0.0)
        if not np.isfinite(high - low):
            return self.numbers(values, "f4")
        scale = _STEPS / (high - low) if high > low else 0.0
        different = np.unique(values[known].astype(np.float32)).astype(np.float64)
        _, unlike = np.unique(np.round((different - low) * scale), return_counts=True)
        if unlike.max(initial=0) > max(1, known.sum() * _MOST_ALIKE):
            return self.numbers(values, "f4")
        codes = np.full(len(values), MISSING, np.uint16)
        codes[known] = np.round((values[known] - low) * scale).astype(np.uint16)
        return {**self.numbers(codes, "u2"), "kind": "q2", "low": low, "high": high}

    def codes(self, values: np.ndarray | pd.Series) -> dict:
        """Adds indices (N,) from 0 to 65,534; NaN or a negative number is missing."""
        values = np.asarray(values)
        return self.numbers(np.where(values >= 0, values, MISSING), "u2")

    def texts(self, values: Sequence[str | None]) -> dict:
        """Adds texts (N,); None is null."""
        text = json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
        return {"array": self._add("text", text.encode()), "kind": "text"}

    def blocks(self, values: pd.Series) -> list[dict]:
        """Adds texts (N,), 20,000 at a time."""
        return [self.texts(values.iloc[start : start + BLOCK]) for start in range(0, len(values), BLOCK)]

    def picture(self, content: bytes) -> str:
        """Adds a WebP picture as it is, and returns its name."""
        name = self._name("picture", content)
        if self.folder is None:
            self.packed[name] = base64.b64encode(content).decode()
            return name
        (self.folder / f"{name}.webp").write_bytes(content)
        return f"{self.folder.name}/{name}.webp"

    def _add(self, kind: str, content: bytes) -> str:
        known, name = len(self._names), self._name(kind, content)
        if len(self._names) > known:
            packed = base64.b64encode(zlib.compress(content, 6)).decode()
            if self.folder is None:
                self.packed[name] = packed
            else:
                (self.folder / f"{name}.js").write_text(f'deliver("{name}","{packed}");\n')
        return name

    def _name(self, kind: str, content: bytes) -> str:
        """The name of a content, a new one if it is new."""
        key = kind, hashlib.sha256(content).digest()
        return self._names.setdefault(key, f"a{len(self._names)}")
