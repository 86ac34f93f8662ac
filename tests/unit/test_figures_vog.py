"""Figures of variance of gradients show the numbers of their tables, and nothing breaks where VoG is undefined."""

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.vog_correlation import OVERALL, VOG_CORRELATION, WITHIN_CLASS
from difficulty.analysis.vog_errors import vog_errors
from difficulty.analysis.vog_label_noise import VOG_LABEL_NOISE
from difficulty.figures.vog.correlation import vog_correlation_figure
from difficulty.figures.vog.errors import vog_errors_figure
from difficulty.figures.vog.stages import compared_stages, vog_stages_figure
from tests.support.figure_reading import by_gid, said, texts_of

STAGES = {"early": [1, 4, 8], "late": [10, 11, 15], "complete": [1, 4, 8, 11, 15]}
ONE_STAGE = {"late": [8, 11]}
NO_CORRELATION = pd.DataFrame(columns=list(VOG_CORRELATION.columns))
NO_NOISE = pd.DataFrame(columns=list(VOG_LABEL_NOISE.columns))


def says_nan(figure):
    return any("nan" in text.lower() for text in texts_of(figure))


# Errors


def make_errors(runs=2, stages=STAGES, examples=43, role="test", undefined=()):
    draws = np.random.default_rng(0)
    ids = np.arange(examples)
    scores, rows = [], {}
    for run in range(runs):
        vog = {f"vog_{stage}": np.where(np.isin(ids, undefined), np.nan, draws.random(examples)) for stage in stages}
        scores.append(pd.DataFrame({"example_id": ids, "run": f"seed-{run}", "role": role, **vog}))
        made = {"example_id": ids, "magnitude": draws.random(examples), "predicted": draws.integers(0, 2, examples)}
        rows[f"seed-{run}"] = pd.concat([pd.DataFrame(made).assign(stage=stage) for stage in stages])
    return vog_errors(pd.concat(scores), rows, pd.Series(0, ids), list(stages))


@pytest.mark.parametrize("runs", [1, 2])
def test_error_rates_are_those_of_the_table(runs):
    table = make_errors(runs)
    figure = vog_errors_figure(table, STAGES, "t")
    for ranked_by in ("vog", "magnitude"):
        lines = by_gid(figure, ranked_by)
        for stage, line in zip(STAGES, lines, strict=True):
            rows = table[(table["stage"] == stage) & (table["ranked_by"] == ranked_by)]
            rows = rows.query("run == 'all' and part == 'bin'")
            np.testing.assert_allclose(line.get_ydata(), rows["error_rate"])
            np.testing.assert_allclose(line.get_xdata(), np.arange(1, 11))
    rows = table.query("stage == 'early' and ranked_by == 'vog' and run == 'all' and part == 'highest'")
    (early, *_) = by_gid(figure, "highest")
    np.testing.assert_allclose(early.get_ydata(), 1 - rows["error_rate"])
    assert len(by_gid(figure, "runs")) == (3 if runs > 1 else 0)
    assert {"early\ncheckpoints 1, 4, 8", "complete\ncheckpoints 1, 4, 8, 11, 15"} <= set(texts_of(figure))
    assert "43 test examples, 4 or 5 in each tenth" in said(figure)


def test_intervals_are_those_of_the_table():
    table = make_errors()
    mean = table.query("stage == 'late' and ranked_by == 'vog' and run == 'all' and part == 'bin'")
    bars = by_gid(vog_errors_figure(table, STAGES, "t"), "intervals")[1].get_segments()
    np.testing.assert_allclose([bar[:, 1] for bar in bars], mean[["low", "high"]])


def test_errors_without_test_split_of_one_run_and_one_stage():
    figure = vog_errors_figure(make_errors(1, ONE_STAGE, role="train"), ONE_STAGE, "t")
    assert "43 train examples" in said(figure)
    assert "mean over 1 run." in said(figure)
    assert len(figure.axes) == 2


def test_undefined_vog_is_left_out_and_said():
    text = said(vog_errors_figure(make_errors(undefined=[3]), STAGES, "t"))
    assert "42 test examples" in text
    assert "undefined within their class: 1 example." in text
    everywhere = make_errors(undefined=np.arange(43))
    assert not says_nan(vog_errors_figure(everywhere[everywhere["ranked_by"] == "vog"], STAGES, "t"))


def test_errors_of_fewer_examples_than_bins_and_of_many_stages():
    assert not says_nan(vog_errors_figure(make_errors(examples=4), STAGES, "t"))
    many = {f"s{number}": [number, number + 1] for number in range(5)}
    assert len(vog_errors_figure(make_errors(1, many), many, "t").axes) == 10


def test_each_ranking_of_few_examples_is_drawn_at_its_own_parts():
    """Four of six examples have VoG, all have a magnitude: quarters and sixths, the middle of each on one axis."""
    figure = vog_errors_figure(make_errors(examples=6, undefined=[0, 1], stages=ONE_STAGE), ONE_STAGE, "t")
    (vog,), (magnitude,) = by_gid(figure, "vog"), by_gid(figure, "magnitude")
    np.testing.assert_allclose(vog.get_xdata(), 0.5 + 10 * np.array([1, 3, 5, 7]) / 8)
    np.testing.assert_allclose(magnitude.get_xdata(), 0.5 + 10 * np.array([1, 3, 5, 7, 9, 11]) / 12)
    assert "4 test examples, 1 in each part" in said(figure)


def test_errors_where_only_the_magnitude_is_defined():
    assert "no example has a defined VoG" in said(vog_errors_figure(make_errors(undefined=np.arange(43)), STAGES, "t"))


# Correlation


def make_correlation(roles=("train", "test")):
    rows = []
    for role in roles:
        for compared in (OVERALL, WITHIN_CLASS):
            for number, vog in enumerate(f"vog_{stage}{end}" for stage in STAGES for end in ("", "_raw")):
                for place, score in enumerate(("loss", "aum", "gradient_magnitude", "vog_late")):
                    value = 0.1 * number + 0.05 * place + 0.2 * (compared == OVERALL)
                    rows.append((role, compared, vog, score, value, value - 0.1, value + 0.1, 90))
    return pd.DataFrame(rows, columns=list(VOG_CORRELATION.columns))


def test_correlations_are_those_of_the_table_with_the_baseline_first():
    table = make_correlation()
    figure = vog_correlation_figure(table, list(STAGES), "t")
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["gradient_magnitude", "aum", "loss"]
    assert "vog_late" not in texts_of(figure)
    for role, compared, vog in (("train", OVERALL, "vog_early_raw"), ("test", WITHIN_CLASS, "vog_complete")):
        (dots,) = by_gid(figure, f"{role} {compared} {vog}")
        rows = table.query("role == @role and compared == @compared and vog == @vog").set_index("score")
        np.testing.assert_allclose(dots.get_xdata(), rows.loc[["gradient_magnitude", "aum", "loss"], "spearman"])
    assert {"train: 90 examples", "test: 90 examples"} <= set(texts_of(figure))


def test_correlations_that_are_undefined_or_missing():
    constant = make_correlation(["train"])
    constant.loc[constant["score"] == "loss", ["spearman", "low", "high"]] = np.nan
    assert not says_nan(vog_correlation_figure(constant, list(STAGES), "t"))
    nothing = constant.assign(spearman=np.nan, low=np.nan, high=np.nan)
    assert not says_nan(vog_correlation_figure(nothing, list(STAGES), "t"))
    assert "fewer than ten" in said(vog_correlation_figure(NO_CORRELATION, list(STAGES), "t"))


# Stages


def test_the_stages_that_are_compared():
    assert compared_stages(STAGES) == ("early", "late")
    assert compared_stages({"early": [1], "middle": [2], "late": [3], "complete": [1, 2, 3]}) == ("early", "late")
    assert compared_stages(ONE_STAGE) is None
    assert compared_stages({"a": [1, 2], "b": [1, 2, 3]}) is None
    assert compared_stages({"a": [1, 2], "b": [1, 2]}) is None
    assert compared_stages({"early": [1, 4, 8], "late": [8, 11, 15]}) is None
    assert compared_stages({"late": [7, 8], "middle": [5, 6], "early": [1, 2]}) == ("early", "late")


def make_scores(examples=80, corrupt=8):
    draws = np.random.default_rng(0)
    table = pd.DataFrame({f"vog_{stage}": draws.normal(size=examples) for stage in STAGES})
    table.loc[0, :] = np.nan
    return table.assign(is_corrupt=np.arange(examples) >= examples - corrupt)


def make_noise():
    rows = [(f"vog_{stage}", 8, 71, 1.0, 0.0, 10.0, 0.123, 2e-5) for stage in STAGES]
    return pd.DataFrame(rows, columns=list(VOG_LABEL_NOISE.columns))


def test_scatter_and_distributions_with_planted_noise():
    tables = {"train": make_scores(), "test": make_scores(30, 0)}
    row = pd.DataFrame(
        [("train", OVERALL, "vog_early", "vog_late", 0.61, 0.5, 0.7, 79)], columns=NO_CORRELATION.columns
    )
    figure = vog_stages_figure(tables, row, make_noise(), STAGES, "t")
    texts = set(texts_of(figure))
    assert {"train: Spearman .61 (.50, .70)", "test: Spearman not defined"} <= texts
    assert {f"{stage}\nAUROC 0.123, p = 2e-05" for stage in STAGES} <= texts
    (corrupt,) = by_gid(figure, "corrupt")[:1]
    train = tables["train"]
    np.testing.assert_allclose(corrupt.get_offsets(), train.loc[train["is_corrupt"], ["vog_early", "vog_late"]])
    (others,) = by_gid(figure, "examples train")
    assert np.isfinite(np.ma.filled(others.get_offsets(), np.nan)).all(axis=1).sum() == 71
    assert "planted wrong label (8)" in texts
    assert "undefined within their class: 1 example." in said(figure)
    assert not says_nan(figure)


def test_distributions_alone_where_there_is_one_stage_and_no_noise():
    figure = vog_stages_figure({"test": make_scores(corrupt=0)}, NO_CORRELATION, NO_NOISE, ONE_STAGE, "t")
    assert len(figure.axes) == 1
    assert not by_gid(figure, "corrupt")
    assert "AUROC" not in said(figure)


def test_many_examples_are_counted_in_hexagons():
    figure = vog_stages_figure({"train": make_scores(6000)}, NO_CORRELATION, make_noise(), STAGES, "t")
    assert not by_gid(figure, "examples train")
    assert "Grey: number of examples" in said(figure)


def test_vog_that_is_undefined_in_one_stage_or_everywhere():
    table = make_scores()
    partly = vog_stages_figure({"train": table.assign(vog_late=np.nan)}, NO_CORRELATION, NO_NOISE, STAGES, "t")
    assert "not defined" in texts_of(partly)
    assert not says_nan(partly)
    nowhere = {"train": table.assign(**dict.fromkeys((f"vog_{stage}" for stage in STAGES), np.nan))}
    assert "no example" in said(vog_stages_figure(nowhere, NO_CORRELATION, NO_NOISE, STAGES, "t"))
    assert "no example" in said(vog_errors_figure(make_errors()[:0], STAGES, "t"))
