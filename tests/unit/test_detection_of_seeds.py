"""Detection by single seeds, score by score, against the report on all scores of a seed at once."""

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.detection import detection_report
from difficulty.analysis.detection_of_seeds import reports_of_seeds

DIRECTIONS = {"aum": -1, "loss": 1, "el2n": 1}


@pytest.fixture
def scores() -> tuple[dict[str, pd.DataFrame], np.ndarray]:
    """Of 300 examples under two seeds: some have no loss under the second, which does not have el2n."""
    random = np.random.default_rng(1)
    truth = random.random(300) < 0.2
    values = {name: random.normal(size=(2, 300)).round(1) + truth for name in DIRECTIONS}
    values["loss"][1, ::7] = np.nan
    frames = {name: pd.DataFrame(each, ["seed-0", "seed-1"]) for name, each in values.items()}
    return frames | {"el2n": frames["el2n"].loc[["seed-0"]]}, truth


def test_each_seed_is_reported_as_its_scores_alone_would_be(scores):
    frames, truth = scores
    reports = list(reports_of_seeds(lambda: iter(frames.items()), truth, DIRECTIONS, "noise"))
    assert len(reports) == 2
    for report, (seed, names) in zip(
        reports, {"seed-0": list(DIRECTIONS), "seed-1": ["aum", "loss"]}.items(), strict=True
    ):
        own = pd.DataFrame({name: frames[name].loc[seed] for name in names})
        expected = detection_report(own, truth, DIRECTIONS, bootstrap=0).assign(run=seed)
        pd.testing.assert_frame_equal(report, expected)
