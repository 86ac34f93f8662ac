"""Images of another data set against one's own: scores that tell them apart, that do not, and the wrong way."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from difficulty.analysis.distributions import compare_distributions, strangeness
from difficulty.errors import UserError


def run_rows(values, example_ids=range(3)):
    parts = [
        pd.DataFrame({"example_id": example_ids, "stage": stage, "vog": values, "magnitude": scale, "confidence": 0.5})
        for stage, scale in (("early", 1.0), ("late", 2.0))
    ]
    return pd.concat(parts)


def test_scores_of_a_run_are_those_of_its_stages_and_of_the_latest_checkpoint():
    scores = strangeness(run_rows([3.0, 1.0, 2.0], [7, 5, 6]), latest="early")
    assert scores.columns.tolist() == ["vog_early", "vog_late", "gradient_magnitude", "confidence"]
    assert scores.loc[5, "vog_late"] == 1.0 and scores["gradient_magnitude"].eq(1.0).all()


def test_auroc_is_scikit_learns_with_the_published_directions():
    draws = np.random.default_rng(0)
    own, other = (pd.DataFrame(draws.normal(shift, 1, (50, 2)), columns=["vog_late", "confidence"]) for shift in (0, 1))
    report, curves = compare_distributions({"seed-0": own}, {"seed-0": other}, bootstrap=20)
    overall = report[report["run"] == "all"].set_index("score")
    truth = np.repeat([0, 1], 50)
    expected = roc_auc_score(truth, np.concatenate([own["vog_late"], other["vog_late"]]))
    assert overall.loc["vog_late", "auroc"] == pytest.approx(expected)
    wrong_way = roc_auc_score(truth, -np.concatenate([own["confidence"], other["confidence"]]))
    assert overall.loc["confidence", "auroc"] == pytest.approx(wrong_way) and wrong_way < 0.5
    assert overall.loc["vog_late", "auroc_low"] < expected < overall.loc["vog_late", "auroc_high"]
    assert set(report["run"]) == {"all", "seed-0"} and set(curves["score"]) == {"vog_late", "confidence"}


def test_the_mean_over_runs_is_ranked():
    own = {run: pd.DataFrame({"vog_late": values}) for run, values in (("a", [0.0, 3.0]), ("b", [0.0, 0.0]))}
    other = {run: pd.DataFrame({"vog_late": values}) for run, values in (("a", [2.0]), ("b", [2.0]))}
    report, _ = compare_distributions(own, other, bootstrap=10)
    assert report.set_index("run")["auroc"].to_dict() == {"all": 1.0, "a": 0.5, "b": 1.0}


def test_the_folds_of_a_seed_are_one_row():
    """Their networks start from the same weights: single values beside the mean are those of seeds."""
    values = {"seed-0-fold-0": [0.0, 3.0], "seed-0-fold-1": [0.0, 0.0], "seed-1-fold-0": [0.0, 0.0]}
    own = {run: pd.DataFrame({"vog_late": column}) for run, column in values.items()}
    report, _ = compare_distributions(own, {run: pd.DataFrame({"vog_late": [2.0]}) for run in values}, bootstrap=0)
    assert report.set_index("run")["auroc"].to_dict() == {"all": 1.0, "seed-0": 1.0, "seed-1": 1.0}


def test_a_data_set_without_test_images_is_refused():
    frame = pd.DataFrame({"vog_late": [1.0]})
    with pytest.raises(UserError, match="need images in their test split"):
        compare_distributions({"a": frame}, {"a": frame[:0]}, bootstrap=10)
