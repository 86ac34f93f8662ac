"""Images of another data set against test images of one's own, by scores that need no label.

Hendrycks, Gimpel, "A baseline for detecting misclassified and out-of-distribution examples in neural networks", ICLR
2017, arXiv 1610.02136 (the confidence); Agarwal, D'souza, Hooker 2022, arXiv 2008.11600 (VoG).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from difficulty.analysis.detection import ALL_RUNS, detection_curve, detection_report
from difficulty.errors import UserError


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
    report: rows of `detection_report` for the mean over runs and for each run; curves: of `detection_curve`, and score.
    Raises UserError if there are no images of one kind.
    """
    if any(frame.empty for scores in (own, other) for frame in scores.values()):
        raise UserError("out_of_distribution: both data sets need images in their test split; leave this one out")
    columns = next(iter(own.values())).columns
    directions = {score: -1 if score == "confidence" else 1 for score in columns}
    reports = []
    mean = [pd.concat(scores.values()).groupby(level=0).mean() for scores in (own, other)]
    for run, pair in {ALL_RUNS: mean, **{run: [own[run], other[run]] for run in own}}.items():
        truth = np.repeat([False, True], [len(part) for part in pair])
        rows = pd.concat(pair)[columns].astype(np.float64)
        repeats = bootstrap if run == ALL_RUNS else 0
        reports.append(detection_report(rows, truth, directions, bootstrap=repeats).assign(run=run))
        if run == ALL_RUNS:
            curves = [
                detection_curve(rows[name], truth, direction).assign(score=name)
                for name, direction in directions.items()
            ]
    return pd.concat(reports), pd.concat(curves)
