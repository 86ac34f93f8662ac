"""Influence as tables: of one run and strategy, of an experiment as scores, and the time that it takes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter

import pandas as pd
import pyarrow as pa

from difficulty.tables import Column, Schema

_EXAMPLE_ID = Column(pa.int64(), "as in the examples")

SELF_INFLUENCE = Schema(
    "self_influence",
    {
        "example_id": _EXAMPLE_ID,
        "self_influence": Column(pa.float32(), "influence of the example on its own loss, at one checkpoint"),
    },
    key=("example_id",),
)

INFLUENCE_TIMING = Schema(
    "influence_timing",
    {
        "phase": Column(pa.string(), "covariances, eigendecomposition, second moments, merging, or which influence"),
        "seconds": Column(pa.float64(), "wall time"),
        "examples": Column(pa.int64(), "number of examples in the phase"),
        "device": Column(pa.string(), "cpu or cuda"),
        "threads": Column(pa.int32(), "threads of the processor"),
    },
    key=("phase",),
)

_STRATEGIES = {
    "identity": "without curvature",
    "diagonal": "diagonal curvature",
    "kfac": "Kronecker-factored curvature (K-FAC)",
    "ekfac": "eigenvalue-corrected Kronecker-factored curvature (EK-FAC)",
}


def influence_columns(variants: Iterable[str], checkpoints: int) -> dict[str, Column]:
    """The columns of an experiment's scores. variants: strategies, and such as ekfac_bfloat16.

    checkpoints: over how many they are summed.
    """
    over = f", summed over {checkpoints} checkpoints" if checkpoints > 1 else ""
    return {
        f"self_influence_{variant}": Column(
            pa.float32(),
            f"influence of the example on its own loss, {described(variant)}{over} (Koh & Liang 2017)",
            False,
            +1,
        )
        for variant in variants
    }


def described(variant: str) -> str:
    """The full name of a variant: a strategy, or a strategy in a precision such as ekfac_bfloat16."""
    strategy, _, precision = variant.partition("_")
    return _STRATEGIES[strategy] + (f", in {precision}" if precision else "")


class Stopwatch:
    """Wall time of the phases of a job. synchronize: called where a phase begins or ends."""

    def __init__(self, synchronize=lambda: None):
        self.synchronize = synchronize
        self.rows: list[tuple[str, float, int]] = []

    @contextmanager
    def phase(self, name: str, examples: int) -> Iterator[None]:
        """Times what is done within."""
        self.synchronize()
        started = perf_counter()
        yield
        self.synchronize()
        self.rows.append((name, perf_counter() - started, examples))

    def table(self, device: str, threads: int) -> pd.DataFrame:
        """Rows of INFLUENCE_TIMING."""
        rows = pd.DataFrame(self.rows, columns=["phase", "seconds", "examples"])
        return rows.assign(device=device, threads=threads)
