"""Prediction depth as tables: neighbours and votes at every probe of a run, and the scores that follow."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores.depth.votes import prediction_depth
from difficulty.tables import Column, Schema

_EXAMPLE_ID = Column(pa.int64(), "as in the examples")
_PROBE = Column(pa.int16(), "number of the probe, from 0, the input; their names are in the provenance")
_PREDICTED = Column(pa.int32(), "class that the network predicts at this checkpoint")


def neighbors_schema(k: int) -> Schema:
    """Of k neighbours of each example at each probe."""
    return Schema(
        "neighbors",
        {
            "example_id": _EXAMPLE_ID,
            "probe": _PROBE,
            "predicted": _PREDICTED,
            "neighbors": Column(
                pa.list_(pa.int64(), k),
                "example_id of the nearest training examples of the run, itself left out, nearest first",
            ),
            "distances": Column(pa.list_(pa.float32(), k), "their Euclidean distances in the activations"),
        },
    )


VOTES = Schema(
    "votes",
    {
        "example_id": _EXAMPLE_ID,
        "probe": _PROBE,
        "predicted": _PREDICTED,
        "vote": Column(pa.int32(), "class that most of the nearest training examples have"),
        "tied": Column(pa.bool_(), "several classes had as many votes"),
    },
    key=("example_id", "probe"),
)

CONSENSUS: Mapping[str, Column] = {
    "consensus_class": Column(
        pa.int64(),
        "class that most runs predict which held the example out, those of a seed sharing one vote; null below three "
        "seeds",
        nullable=True,
    ),
    "consensus_consistency": Column(pa.float32(), "share of these votes for it", nullable=True),
    "consensus_seeds": Column(
        pa.int16(), "number of seeds with a run that held the example out; folds of a seed are not independent"
    ),
}
_FEWEST_SEEDS = 3
_DIGITS = 9  # of a sum of votes, that are no rounding errors


def depth_columns(probes: int) -> dict[str, Column]:
    """The columns of an experiment's scores. probes: how many, input and softmax included."""
    source = "(Baldock et al. 2021)"
    return {
        "prediction_depth": Column(
            pa.float32(),
            f"first of {probes} probes, from 0, from which on nearest neighbours vote the predicted class {source}",
            nullable=True,
            direction=+1,
            null_ranks_as=probes,
        ),
        "prediction_depth_undefined": Column(
            pa.bool_(), f"the neighbours at the softmax vote another class than the network {source}"
        ),
        "probe_ties": Column(pa.float32(), "share of the probes at which several classes had as many votes"),
    }


def neighbor_rows(
    probe: int, example_ids: np.ndarray, predicted: np.ndarray, neighbors: np.ndarray, distances: np.ndarray
) -> dict[str, np.ndarray | pa.Array]:
    """Columns of rows of `neighbors_schema` at one probe.

    example_ids, predicted: (N,). neighbors: example_id of each one's nearest (N, k); distances: float32 (N, k).
    """
    k = neighbors.shape[1]
    return {
        "example_id": example_ids,
        "probe": np.full(len(example_ids), probe, np.int16),
        "predicted": predicted.astype(np.int32),
        "neighbors": pa.FixedSizeListArray.from_arrays(pa.array(neighbors.ravel()), k),
        "distances": pa.FixedSizeListArray.from_arrays(pa.array(distances.ravel()), k),
    }


def vote_matrix(votes: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(example_ids (N,), ascending, votes (N, L), tied (N, L), predicted (N,)) of the rows of VOTES."""
    votes = votes.sort_values(["example_id", "probe"])
    probes = int(votes["probe"].max()) + 1
    return (
        votes["example_id"].to_numpy()[::probes],
        votes["vote"].to_numpy().reshape(-1, probes),
        votes["tied"].to_numpy().reshape(-1, probes),
        votes["predicted"].to_numpy()[::probes],
    )


def depth_scores(votes: pd.DataFrame) -> pd.DataFrame:
    """example_id and the columns of `depth_columns` of one run, from its rows of VOTES."""
    example_ids, voted, tied, predicted = vote_matrix(votes)
    depth, undefined = prediction_depth(voted, predicted)
    return pd.DataFrame(
        {
            "example_id": example_ids,
            "prediction_depth": depth,
            "prediction_depth_undefined": undefined,
            "probe_ties": tied.mean(axis=1),
        }
    )


def consensus(example_ids: Sequence[int], predictions: pd.DataFrame) -> pd.DataFrame:
    """example_id and the columns of CONSENSUS of all examples.

    predictions: example_id, seed and predicted, one row for each run that held an example out. A seed has one vote: the
    networks of its folds start from the same weights, so each has its share of it. Of classes with as many votes the
    lowest counts.
    """
    of_seed = predictions.groupby(["example_id", "seed"])["predicted"]
    votes = predictions.assign(votes=1 / of_seed.transform("size"))
    counts = votes.groupby(["example_id", "predicted"], as_index=False)["votes"].sum().round({"votes": _DIGITS})
    counts = counts.sort_values(["example_id", "votes", "predicted"], ascending=[True, False, True])
    best = counts.drop_duplicates("example_id").set_index("example_id").reindex(example_ids)
    seeds = predictions.groupby("example_id")["seed"].nunique().reindex(example_ids, fill_value=0)
    enough = seeds >= _FEWEST_SEEDS
    return pd.DataFrame(
        {
            "example_id": np.asarray(example_ids),
            "consensus_class": best["predicted"].where(enough).astype("Int64"),
            "consensus_consistency": (best["votes"] / seeds).where(enough),
            "consensus_seeds": seeds.astype(np.int16),
        }
    ).reset_index(drop=True)
