"""The toy experiment of variance of gradients: configuration, scores, figures and scripts."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from difficulty.analysis.vog_toy import VARIANTS, VOG_TOY_SUMMARY, summarize
from difficulty.config.analyses.vog_toy import PUBLISHED
from difficulty.config.core.problems import ConfigurationError
from difficulty.config.resolve import resolve
from difficulty.figures.vog_toy.boundary import boundary_figure
from difficulty.figures.vog_toy.correlation import correlation_figure
from difficulty.figures.vog_toy.distance import distance_figure
from difficulty.scores.vog.toy import (
    BOUNDARY,
    VOG_TOY,
    boundary_rows,
    in_order,
    published_distance,
    published_line,
    published_spread,
    stage_scores,
    true_spread,
)
from difficulty.scores.vog.variance import variance_of_gradients
from difficulty.tables import read_table
from tests.support.figure_reading import by_gid, said
from tests.support.script_server import interpreter

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
STAGES = {"early": [0, 1], "late": [2, 3], "complete": [0, 1, 2, 3]}
POINTS, EPOCHS = 40, 4


def resolved(text):
    return resolve({"analyses": {"vog_toy": yaml.safe_load(text)}}).analyses["vog_toy"]


def lines_of(config):
    with pytest.raises(ConfigurationError) as raised:
        resolve(yaml.safe_load(config))
    return [line.removeprefix("config.yaml: ") for line in raised.value.lines]


def network(seed=0, constant=False):
    """Tables of one network with gradients by chance: scores, boundary, summary."""
    draws = np.random.default_rng(seed)
    examples = pd.DataFrame(
        {
            "example": np.arange(POINTS),
            "split": np.repeat(["train", "test"], POINTS // 2),
            "label": np.arange(POINTS) % 2,
            "blob": np.arange(POINTS) % 2,
            "x0": draws.normal(size=POINTS),
            "x1": draws.normal(size=POINTS),
            "distance": np.nan if constant else draws.random(POINTS),
        }
    )
    gradients = np.ones((EPOCHS, POINTS, 2)) if constant else draws.normal(size=(EPOCHS, POINTS, 2))
    scores = stage_scores(examples, gradients, STAGES, true_spread)
    summary = summarize(scores, STAGES, draws.random((EPOCHS, POINTS)) < 0.9, 20)
    segments = np.empty((0, 2, 2)) if constant else draws.normal(size=(5, 2, 2))
    tables = scores, boundary_rows("network", segments), summary
    return [table.assign(seed=seed) for table in tables]


def test_needs_neither_data_sets_nor_experiments():
    settings = resolved("{}")
    assert settings["reference"] is False and settings["target"] == "logit"
    assert settings["stages"]["complete"] == list(range(15))


def test_without_it_data_sets_and_experiments_are_needed():
    missing = ["datasets: expected at least one data set", "experiments: expected at least one experiment"]
    assert lines_of("{}") == missing
    assert lines_of("analyses: {vog_toy: null}") == missing
    assert lines_of("{datasets: {digits: {source: digits}}, analyses: {vog_toy: {}}}") == missing[1:]


def test_other_sections_are_checked_beside_it():
    detection = "{truths: {hard: {experiment: plain, column: size}}}"
    (line,) = lines_of(f"analyses: {{vog_toy: {{}}, detection: {detection}}}")
    assert line.startswith("analyses.detection.truths.hard.experiment: ")


def test_mistakes_in_it_are_the_only_ones_that_are_told():
    assert lines_of("analyses: {vog_toy: {hidden: 0}}") == [
        "analyses.vog_toy.hidden: expected a whole number 1..10000, got 0"
    ]
    (line,) = lines_of("analyses: {vog_toy: 3}")
    assert line == "analyses.vog_toy: expected a mapping, got 3"
    (line,) = lines_of("analyses: {vog_toy: {epochs: 4, stages: {all: [3, 4]}}}")
    assert line == "analyses.vog_toy.stages.all[1]: expected an epoch 0..3, got 4"


def test_reference_is_what_was_published():
    settings = resolved("{reference: true}")
    assert {key: settings[key] for key in PUBLISHED} == PUBLISHED
    assert resolved("{reference: true, epochs: 15}") == settings
    (line,) = lines_of("analyses: {vog_toy: {reference: true, seeds: [0, 1]}}")
    expected = "is [0] in the published experiment; leave it out, or set reference: false"
    assert line == f"analyses.vog_toy.seeds: {expected}"


def test_stages_in_the_order_in_which_they_end():
    assert list(in_order(dict(reversed(STAGES.items())))) == ["early", "late", "complete"]


def test_true_spread_is_that_of_images_of_one_row():
    gradients = np.random.default_rng(0).normal(size=(EPOCHS, POINTS, 2))
    expected = variance_of_gradients(gradients[[1, 3]].reshape(2, POINTS, 1, 2))
    np.testing.assert_array_equal(true_spread(gradients, [1, 3]), expected)
    np.testing.assert_allclose(expected, (np.abs(gradients[1] - gradients[3]) / 2).mean(1))


def test_published_spread_is_around_a_sum_over_all_epochs():
    accumulated = np.array([1.0, 2.0, 4.0, 8.0])[:, None, None] * [[1.0, 3.0]]
    expected = np.sqrt(((4 - 15 / 2) ** 2 + (8 - 15 / 2) ** 2) / 2)
    np.testing.assert_allclose(published_spread(accumulated, [2, 3]), 2 * expected)


def test_published_distance_is_zero_on_the_published_line():
    ends = published_line(np.array([-3.0, 5.0]))[0]
    np.testing.assert_allclose(published_distance(ends), 0, atol=1e-15)
    far = published_distance(ends + np.array([0.2471, 1.0]))
    np.testing.assert_allclose(far, np.hypot(0.2471, 1), rtol=1e-4)


def test_scores_are_normalised_within_split_and_class():
    scores, _, _ = network()
    assert set(scores) == set(VOG_TOY.columns)
    groups = scores.groupby(["stage", "split", "label"])["vog_normalized"]
    np.testing.assert_allclose(groups.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(groups.std(ddof=0), 1)
    np.testing.assert_array_equal(scores["vog_absolute"], scores["vog_normalized"].abs())
    assert not scores["undefined"].any()


def test_equal_gradients_and_no_boundary_are_undefined():
    scores, boundary, summary = network(constant=True)
    assert scores["undefined"].all() and scores["vog_normalized"].isna().all() and boundary.empty
    assert summary["spearman"].isna().all() and not summary["examples"].any()


def test_figures_show_every_point_stage_and_variant():
    tables = [pd.concat(parts) for parts in zip(network(0), network(1), strict=True)]
    first = [table[table["seed"] == 0] for table in tables]
    figure = boundary_figure(*first, "title")
    for split in ("train", "test"):
        for stage in STAGES:
            drawn = [by_gid(figure, f"{split} {stage} {label}")[0].get_offsets() for label in (0, 1)]
            assert sum(map(len, drawn)) == POINTS // 2
    assert "late, epochs 2–3" in said(figure)
    part = [table[table["split"] == "train"] for table in (tables[0], tables[2])]
    figure = distance_figure(*part, 0, "boundary", "title")
    (points,) = by_gid(figure, "vog_normalized late 1")
    of_network = part[0][(part[0]["seed"] == 0) & (part[0]["stage"] == "late") & (part[0]["label"] == 1)]
    np.testing.assert_allclose(points.get_offsets(), of_network[["distance", "vog_normalized"]])
    values = part[1].query("stage == 'late' and variant == 'vog'")["spearman"].to_numpy()
    own, low, high = (f"{value:.2f}".replace("-", "−") for value in (values[0], values.min(), values.max()))
    assert f"ρ = {own} ({low} to {high})" in said(figure)
    assert "each of 2 networks" in said(correlation_figure(tables[2], "title"))
    assert "bootstrap" in said(correlation_figure(first[2], "title"))


def test_figures_of_what_is_undefined():
    scores, boundary, summary = network(constant=True)
    assert boundary_figure(scores, boundary, summary, "title").axes
    train = [table[table["split"] == "train"] for table in (scores, summary)]
    assert "ρ = –" in said(distance_figure(*train, 0, "boundary", "title"))
    assert correlation_figure(summary, "title").axes


@pytest.mark.parametrize("text", ["{seeds: [3, 4], bootstrap: 10}", "{reference: true, bootstrap: 10}"])
def test_script_writes_its_tables(tmp_path, text):
    settings = resolved(text)
    paths = {name: tmp_path / f"{name}.parquet" for name in ("scores", "boundary", "summary")}
    command = [interpreter(), str(SCRIPTS / "compute_vog_toy.py"), "--settings", json.dumps(settings)]
    command += [part for name, path in paths.items() for part in (f"--{name}", str(path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    scores, networks = read_table(paths["scores"], VOG_TOY), len(settings["seeds"])
    assert len(scores) == networks * 4 * 500 and (scores["split"] == "train").mean() == 0.9
    lines = read_table(paths["boundary"], BOUNDARY).groupby("seed")["line"].unique()
    assert [set(names) for names in lines] == [{"network", "published"} if networks == 1 else {"network"}] * networks
    summary = read_table(paths["summary"], VOG_TOY_SUMMARY)
    assert len(summary) == networks * 2 * 4 * len(VARIANTS)
    published = summary.query("variant == 'vog' and stage == 'complete'")["spearman"]
    assert not settings["reference"] or (published < -0.95).all()
