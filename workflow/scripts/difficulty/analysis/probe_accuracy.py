"""How often the neighbours at each probe vote for the given label, and for the network's prediction."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores.depth.tables import vote_matrix
from difficulty.tables import Column, Schema

PROBE_ACCURACY = Schema(
    "probe_accuracy",
    {
        "run": Column(pa.string(), "seed-0, or seed-0-fold-3"),
        "epoch": Column(pa.int32(), "epoch of the checkpoint"),
        "role": Column(pa.string(), "role of the examples in the run: train, validation or test"),
        "probe": Column(pa.int16(), "number of the probe, from 0, the input"),
        "name": Column(pa.string(), "its name"),
        "examples": Column(pa.int64(), "number of examples with the role"),
        "accuracy": Column(pa.float64(), "share of them whose neighbours vote the given label"),
        "agreement": Column(pa.float64(), "share of them whose neighbours vote the class that the network predicts"),
        "tied": Column(pa.float64(), "share of them for which several classes had as many votes"),
        "network": Column(pa.float64(), "share of them for which the network predicts the given label"),
    },
    key=("run", "epoch", "role", "probe"),
)


def probe_accuracy(votes: pd.DataFrame, names: list[str], labels: pd.Series, roles: pd.Series) -> pd.DataFrame:
    """role ... network of PROBE_ACCURACY of one run at one checkpoint.

    votes: rows of VOTES. names: of the probes. labels, roles: given label and role of each example, by example_id.
    """
    example_ids, voted, tied, predicted = vote_matrix(votes)
    given, role = labels.loc[example_ids].to_numpy(), roles.loc[example_ids].to_numpy()
    parts = []
    for name in np.unique(role):
        rows = role == name
        parts.append(
            pd.DataFrame(
                {
                    "role": name,
                    "probe": np.arange(len(names), dtype=np.int16),
                    "name": names,
                    "examples": int(rows.sum()),
                    "accuracy": (voted[rows] == given[rows, None]).mean(axis=0),
                    "agreement": (voted[rows] == predicted[rows, None]).mean(axis=0),
                    "tied": tied[rows].mean(axis=0),
                    "network": (predicted[rows] == given[rows]).mean(),
                }
            )
        )
    return pd.concat(parts)
