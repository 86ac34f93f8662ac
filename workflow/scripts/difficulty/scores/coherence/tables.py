"""Coherence of gradients as a table, and the groups of examples that it is of."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.random_streams import derived_seed
from difficulty.tables import Column, Schema

ALL = "all"  # layer that stands for all parameters together

COHERENCE = Schema(
    "coherence",
    {
        "epoch": Column(pa.int32(), "checkpoint"),
        "group": Column(pa.string(), "examples: train (any), pristine, corrupt (planted wrong label), easy or hard"),
        "layer": Column(pa.string(), "module whose parameters the gradients are by; all: of the whole network"),
        "examples": Column(pa.int64(), "number of examples, the same in every group"),
        "alpha": Column(
            pa.float64(), "squared norm of the mean gradient over the mean squared norm; null if all are 0", True
        ),
    },
    key=("epoch", "group", "layer"),
)


def sampled_groups(
    corrupt: np.ndarray, hardness: np.ndarray, examples: int, fraction: float, seed: int
) -> dict[str, np.ndarray]:
    """Group -> positions of its examples, ascending, equally many in each, at most `examples`.

    corrupt: bool (N,), of training examples; hardness: float (N,), higher is harder, NaN where undefined. train is
    drawn from all, pristine and corrupt from those with a right and a planted label, if there is any planted one, easy
    and hard from this fraction of those with a defined hardness. A group without any example is left out.
    """
    order = np.flatnonzero(~np.isnan(hardness))
    order = order[np.argsort(hardness[order], kind="stable")]
    count = int(fraction * len(order))
    pools = {"train": np.arange(len(corrupt))}
    if corrupt.any():
        pools |= {"pristine": np.flatnonzero(~corrupt), "corrupt": np.flatnonzero(corrupt)}
    pools |= {"easy": order[:count], "hard": order[len(order) - count :]}
    pools = {name: pool for name, pool in pools.items() if len(pool)}
    size = min(examples, *map(len, pools.values()))
    return {
        name: np.sort(np.random.default_rng(derived_seed(seed, "coherence", name)).choice(pool, size, replace=False))
        for name, pool in pools.items()
    }


def coherence_rows(epoch: int, group: str, examples: int, alphas: dict[str, float]) -> pd.DataFrame:
    """Rows of COHERENCE of one group at one checkpoint."""
    rows = pd.DataFrame({"layer": list(alphas), "alpha": list(alphas.values())})
    return rows.assign(epoch=epoch, group=group, examples=examples)
