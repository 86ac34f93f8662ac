"""Images of another data set against test images of one's own, by scores that need no label.

Hendrycks, Gimpel, "A baseline for detecting misclassified and out-of-distribution examples in neural networks", ICLR
2017, arXiv 1610.02136 (the confidence); Agarwal, D'souza, Hooker 2022, arXiv 2008.11600 (VoG).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from difficulty.analysis.detection import ALL_RUNS, detection_curves, detection_report
from difficulty.errors import UserError
from difficulty.scores.runs import seed_of


def strangeness(rows: pd.DataFrame, latest: str) -> pd.DataFrame:
    """Scores of each image of one run, by example_id: vog_{stage}, gradient_magnitude, confidence.

    rows: of VOG_RUN, for the predicted class. latest: the stage at whose last checkpoint the latter two are taken.
    """
    stages = rows["stage"].unique()
    scores = rows.pivot_table("vog", "example_id", "stage")[list(stages)].add_prefix("vog_")
    last = rows[rows["stage"] == latest].set_index("example_id")
    return scores.assign(gradient_magnitude=last["magnitude"], confidence=last["confidence"])


def compare_distributions(
    own: Mapping[str, pd.DataFrame], other: Mapping[str, pd.DataFrame], bootstrap: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(report, curves) of how well each score ranks the other images as stranger.

    own, other: run -> scores by example_id, as of `strangeness`. Higher is stranger, of the confidence lower.
    report: rows of `detection_report` for the mean over runs and for that of each seed; curves: of `detection_curve`,
    and score.
    Raises UserError if there are no images of one kind.
    """
    if any(frame.empty for scores in (own, other) for frame in scores.values()):
        raise UserError("out_of_distribution: both data sets need images in their test split; leave this one out")
    columns = next(iter(own.values())).columns
    directions = {score: -1 if score == "confidence" else 1 for score in columns}
    pairs = {run: [own[run], other[run]] for run in own}
    mean, truth = (
        _mean_over(list(pairs.values())),
        np.repeat([False, True], [len(part) for part in next(iter(pairs.values()))]),
    )
    by_seed = {}
    for run, pair in pairs.items():
        by_seed.setdefault(seed_of(run), []).append(pair)
    seeds = [_mean_over(runs) for runs in by_seed.values()]
    values = {score: np.stack([rows[score].to_numpy() for rows in seeds]) for score in columns}
    reports = [
        detection_report(mean, truth, directions, by_seed=values.items(), bootstrap=bootstrap).assign(run=ALL_RUNS)
    ]
    for seed, rows in zip(by_seed, seeds, strict=True):
        reports.append(detection_report(rows, truth, directions, bootstrap=0).assign(run=seed))
    return pd.concat(reports), detection_curves(mean, truth, directions)


def _mean_over(runs: Sequence[Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Mean over runs of the scores of own and of other images, the own ones first."""
    return pd.concat([pd.concat(part).groupby(level=0).mean() for part in zip(*runs, strict=True)]).astype(np.float64)
