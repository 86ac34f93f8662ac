"""VoG as tables: of one run as it comes from the gradients, and of an experiment as scores."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores.vog.variance import StreamingVariance, class_normalized
from difficulty.tables import Column, Schema

VOG_RUN = Schema(
    "vog_run",
    {
        "example_id": Column(pa.int64(), "as in the examples"),
        "stage": Column(pa.string(), "name of a set of checkpoints"),
        "vog": Column(pa.float32(), "variance of gradients over the checkpoints of the stage, not normalised"),
        "magnitude": Column(pa.float32(), "mean absolute gradient at the last checkpoint of the stage"),
        "predicted": Column(pa.int32(), "class with the largest logit at the last checkpoint of the stage"),
        "confidence": Column(pa.float32(), "softmax probability of that class there"),
    },
    key=("stage", "example_id"),
)

_UNDEFINED = "the class has one member, or all its members' VoG is the same"


def vog_columns(stages: Iterable[str]) -> dict[str, Column]:
    """The columns of an experiment's scores: per stage VoG within the class, raw, and a flag; and the baseline."""
    columns = {}
    for stage in stages:
        of = f"variance of gradients, stage {stage}"
        source = "(Agarwal et al. 2022)"
        columns |= {
            f"vog_{stage}": Column(pa.float32(), f"{of}, as z-score within the given label {source}", True, +1),
            f"vog_{stage}_raw": Column(pa.float32(), f"{of}, not normalised {source}", direction=+1),
            f"vog_{stage}_undefined": Column(pa.bool_(), f"{of}: {_UNDEFINED}"),
        }
    description = "mean absolute input gradient at the last checkpoint of all: what VoG is to be compared with"
    columns["gradient_magnitude"] = Column(pa.float32(), description, direction=+1)
    return columns


def stage_rows(
    stages: Mapping[str, Sequence[int]], example_ids: np.ndarray, checkpoints: Iterable[tuple]
) -> pd.DataFrame:
    """Rows of VOG_RUN for some examples.

    stages: stage -> epochs, in order. checkpoints: (epoch, maps (B, H, W), predicted (B,), confidence (B,)) in the
    order of epochs, NumPy arrays or tensors; of none is kept more than sums.
    """
    streams = {stage: StreamingVariance() for stage in stages}
    last = {}
    for epoch, maps, predicted, confidence in checkpoints:
        for stage, epochs in stages.items():
            if epoch in epochs:
                streams[stage].update(maps)
            if epoch == epochs[-1]:
                last[stage] = abs(maps).mean((1, 2)), predicted, confidence
    rows = [
        pd.DataFrame(
            {
                "example_id": example_ids,
                "stage": stage,
                "vog": _numpy(stream.finish()),
                "magnitude": _numpy(last[stage][0]),
                "predicted": _numpy(last[stage][1]).astype(np.int32),
                "confidence": _numpy(last[stage][2]),
            }
        )
        for stage, stream in streams.items()
    ]
    return pd.concat(rows)


def run_scores(
    rows: pd.DataFrame, stages: Mapping[str, Sequence[int]], labels: pd.Series, roles: pd.Series
) -> pd.DataFrame:
    """The columns of `vog_columns` and role, index example_id, of one run; normalised within role and given label.

    rows: of VOG_RUN. labels, roles: given label and role of each example, by example_id.
    """
    by_stage = dict(tuple(rows.groupby("stage", sort=False)))
    latest = max(stages, key=lambda stage: stages[stage][-1])
    scores = by_stage[latest].set_index("example_id")[["magnitude"]]
    scores = scores.rename(columns={"magnitude": "gradient_magnitude"})
    scores["role"] = roles.reindex(scores.index)
    given = labels.reindex(scores.index).to_numpy()
    for stage in stages:
        raw = by_stage[stage].set_index("example_id")["vog"].reindex(scores.index).to_numpy()
        values, undefined = np.full(len(raw), np.nan), np.ones(len(raw), bool)
        for role in scores["role"].unique():
            members = (scores["role"] == role).to_numpy()
            values[members], undefined[members] = class_normalized(raw[members], given[members])
        scores[f"vog_{stage}"], scores[f"vog_{stage}_raw"], scores[f"vog_{stage}_undefined"] = values, raw, undefined
    return scores


def _numpy(values) -> np.ndarray:
    return values.cpu().numpy() if hasattr(values, "cpu") else values
