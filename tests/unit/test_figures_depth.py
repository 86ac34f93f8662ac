"""Figures of prediction depth show the numbers of their tables, for any number of probes, runs, roles and epochs."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.depth_levels import UNDEFINED, depth_levels
from difficulty.analysis.probe_accuracy import PROBE_ACCURACY
from difficulty.figures.prediction_depth.histogram import depth_histogram_figure
from difficulty.figures.prediction_depth.learning import depth_learning_figure, spearman_of_runs
from difficulty.figures.prediction_depth.levels import depth_levels_figure
from difficulty.figures.prediction_depth.probe_accuracy import probe_accuracy_figure
from difficulty.figures.prediction_depth.probe_axis import undefined_place
from difficulty.figures.style.appearance import styled
from tests.support.figure_reading import by_gid, said, texts_of

NAMES = ["input", "stem", "block1", "block2", "softmax"]
MANY = ["input", *(f"conv{number}" for number in range(1, 39)), "softmax"]
LONG = [
    "input",
    *(f"features.denseblock{number}" for number in range(1, 5)),
    "backbone.encoder.layers.11.mlp",
    "softmax",
]
ROLES = {"train": 60, "test": 30}
LINE_HEIGHT = 1.16  # of DejaVu Sans, relative to its size
TITLES = ("train:", "validation:", "test:")
ALL_ROLES = {"train": 60, "validation": 20, "test": 30}


def says_nan(figure):
    return any("nan" in text.lower() for text in texts_of(figure))


def make_scores(names=NAMES, roles=ROLES, runs=2, undefined=0.1, epochs=12):
    draws = np.random.default_rng(0)
    parts, first = [], 0
    for role, examples in roles.items():
        for run in range(runs):
            depth = draws.integers(0, len(names), examples).astype(np.float32)
            columns = {
                "example_id": first + np.arange(examples),
                "run": f"seed-{run}",
                "role": role,
                "prediction_depth": np.where(draws.random(examples) < undefined, np.nan, depth),
                "probe_ties": np.float32(0.0123),
                "iteration_learned": np.clip(depth + draws.integers(1, 5, examples), 1, epochs).astype(np.float32),
            }
            parts.append(pd.DataFrame(columns))
        first += examples
    return pd.concat(parts, ignore_index=True)


def make_levels(scores, names=NAMES, without_consensus=("train",)):
    draws = np.random.default_rng(1)
    parts = []
    for role, rows in scores.groupby("role", sort=False):
        depth = rows.pivot_table(index="run", columns="example_id", values="prediction_depth", dropna=False).to_numpy(
            float
        )
        right = draws.integers(0, 2, depth.shape).astype(float)
        consistency = np.full(depth.shape[1], np.nan) if role in without_consensus else draws.random(depth.shape[1])
        parts.append(depth_levels(depth, right, consistency, list(names), 50).assign(role=role))
    return pd.concat(parts, ignore_index=True)


def make_accuracy(names=NAMES, roles=ROLES, runs=2, epochs=(15,)):
    draws = np.random.default_rng(2)
    rows = [
        (f"seed-{run}", epoch, role, probe, name, examples, *draws.random(3), 0.5 + epoch / 100 + run / 10)
        for role, examples in roles.items()
        for run in range(runs)
        for epoch in epochs
        for probe, name in enumerate(names)
    ]
    return pd.DataFrame(rows, columns=list(PROBE_ACCURACY.columns))


def overlapping(figure):
    """Whether names below a panel lie on each other or leave the figure."""
    with styled():
        figure.draw_without_rendering()
    for axes in figure.axes:
        labels = [label for label in axes.get_xticklabels() if label.get_visible() and label.get_text()]
        places = sorted(axes.transData.transform((label.get_position()[0], 0))[0] for label in labels)
        for label in labels:
            line = LINE_HEIGHT * label.get_size() * figure.dpi / 72
            if np.diff(places).min() * np.sin(np.radians(label.get_rotation())) < line:
                return True
            if label.get_window_extent().y0 < 0:
                return True
    return False


def labels_below(axes):
    return [label.get_text() for label in axes.get_xticklabels()]


def every_figure(names, roles=ROLES, runs=2, epochs=(15,), undefined=0.1):
    scores = make_scores(names, roles, runs, undefined)
    yield depth_histogram_figure(scores, names, "t")
    yield depth_levels_figure(make_levels(scores, names), "t")
    yield probe_accuracy_figure(make_accuracy(names, roles, runs, epochs), "t")
    yield depth_learning_figure(scores, names, "t")


# All of them


@pytest.mark.parametrize("roles", [{"test": 30}, ROLES, ALL_ROLES])
def test_labels_of_forty_probes_do_not_overlap(roles):
    for figure in every_figure(MANY, roles):
        assert not overlapping(figure)
        assert {"input", "softmax"} <= set(labels_below(figure.axes[-1]) + labels_below(figure.axes[0]))


def test_long_names_keep_their_ends():
    for figure in every_figure(LONG, ALL_ROLES):
        assert {"features.denseblock1", "…encoder.layers.11.mlp"} <= set(texts_of(figure))
        assert not overlapping(figure)
        assert not says_nan(figure)


def test_titles_of_panels_do_not_overlap():
    for figure in every_figure(NAMES, {"train": 1500, "validation": 1200, "test": 1100}):
        with styled():
            figure.draw_without_rendering()
        titles = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_text().startswith(TITLES))
        boxes = sorted((title.get_window_extent() for title in titles), key=lambda box: box.x0)
        assert len(boxes) == 3
        assert all(left.x1 < right.x0 for left, right in pairwise([*boxes, figure.bbox.translated(figure.bbox.x1, 0)]))


@pytest.mark.parametrize(
    ("runs", "roles", "undefined"),
    [(1, {"test": 1}, 0), (3, {"train": 5, "test": 1}, 0), (3, {"train": 5, "test": 1}, 2), (1, {"validation": 8}, 2)],
)
def test_a_single_example_or_role_or_run_and_depths_that_are_all_undefined(runs, roles, undefined):
    for figure in every_figure(NAMES, roles, runs, undefined=undefined):
        assert not says_nan(figure)


@pytest.mark.parametrize("draw", [depth_histogram_figure, depth_learning_figure])
def test_tables_without_rows(draw):
    assert "no example" in said(draw(make_scores()[:0], NAMES, "t"))
    assert "no example" in said(depth_levels_figure(make_levels(make_scores())[:0], "t"))
    assert "no network" in said(probe_accuracy_figure(make_accuracy()[:0], "t"))


# Histogram


@pytest.mark.parametrize("runs", [1, 3])
def test_bars_are_shares_of_the_examples_and_dots_single_runs(runs):
    scores = make_scores(runs=runs)
    figure = depth_histogram_figure(scores, NAMES, "t")
    for axes, (role, examples) in zip(figure.axes, ROLES.items(), strict=True):
        rows = scores[scores["role"] == role]
        level = rows["prediction_depth"].fillna(len(NAMES))
        expected = [(level == number).mean() for number in range(len(NAMES) + 1)]
        np.testing.assert_allclose([bar.get_height() for bar in axes.patches], expected)
        assert labels_below(axes) == [*NAMES, UNDEFINED]
        assert f"{role}: {examples} examples, {runs} run{'s' * (runs > 1)}" in texts_of(figure)
        assert f"{role} {100 * expected[-1]:.2f}" in said(figure)
    assert "Votes tied between classes, over all probes: train 1.23 %, test 1.23 %" in said(figure)
    dots = by_gid(figure, "runs")
    assert len(dots) == (2 if runs > 1 else 0)
    if runs > 1:
        first = scores.query("role == 'train' and run == 'seed-0'")["prediction_depth"]
        np.testing.assert_allclose(dots[0].get_ydata()[: len(NAMES)], [(first == n).mean() for n in range(len(NAMES))])


def test_undefined_depths_lie_apart_and_are_numbered():
    scores = make_scores(roles={"test": 4}, runs=1, undefined=0).assign(prediction_depth=[0, 0, np.nan, 4])
    (axes,) = depth_histogram_figure(scores, NAMES, "t").axes
    assert axes.get_xticks()[-1] == undefined_place(NAMES) > len(NAMES)
    assert {"50.0", "25.0"} == {text.get_text() for text in axes.texts}


# Levels


@pytest.mark.parametrize("statistic", ["accuracy", "consistency"])
def test_points_and_intervals_are_those_of_the_table(statistic):
    table = make_levels(make_scores(roles={"train": 300, "test": 30}))
    figure = depth_levels_figure(table, "t")
    rows = table[(table["role"] == "test") & (table["examples"] > 0)]
    few, many = (by_gid(figure, f"{statistic} {number}")[-2:] for number in ("few", "many"))
    found = {place: value for line in (*few, *many) for place, value in zip(*line.get_data(), strict=True)}
    places = rows["depth"].astype(float).fillna(undefined_place(NAMES))
    assert found == dict(zip(places, rows[statistic], strict=True))
    np.testing.assert_allclose(
        [segment[:, 1] for bars in by_gid(figure, f"{statistic} intervals")[-2:] for segment in bars.get_segments()],
        rows[[f"{statistic}_low", f"{statistic}_high"]],
    )
    shown = {place for line in few for place in line.get_xdata()}
    assert shown == set(places[rows["examples"] < 10])


def test_numbers_of_examples_and_accuracy_over_all_depths():
    scores = make_scores()
    table = make_levels(scores)
    figure = depth_levels_figure(table, "t")
    train = table[table["role"] == "train"]
    bars = figure.axes[-2].patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], train["examples"])
    np.testing.assert_allclose(
        by_gid(figure, "overall")[0].get_ydata(), np.average(train["accuracy"], weights=train["examples"])
    )
    assert {"train: 60 examples per run", "test: 30 examples per run"} <= set(texts_of(figure))
    assert labels_below(figure.axes[-1]) == [*NAMES, UNDEFINED]


def test_depths_without_examples_have_no_point():
    scores = make_scores(roles={"test": 30}, undefined=0)
    figure = depth_levels_figure(make_levels(scores.replace({"prediction_depth": {2: 1}})), "t")
    drawn = [x for number in ("few", "many") for line in by_gid(figure, f"accuracy {number}") for x in line.get_xdata()]
    assert sorted(drawn) == [0, 1, 3, 4]
    assert not says_nan(figure)


def test_consistency_of_one_role_only_and_of_none():
    table = make_levels(make_scores())
    assert len(depth_levels_figure(table, "t").axes) == 6
    assert "no consensus: fewer than three seeds held these examples out" in said(depth_levels_figure(table, "t"))
    figure = depth_levels_figure(make_levels(make_scores(), without_consensus=tuple(ROLES)), "t")
    assert len(figure.axes) == 4
    assert "onsisten" not in said(figure)


# Accuracy of the probes


@pytest.mark.parametrize("runs", [1, 3])
def test_lines_are_means_over_runs(runs):
    table = make_accuracy(runs=runs)
    figure = probe_accuracy_figure(table, "t")
    for place, role in enumerate(ROLES):
        rows = table[table["role"] == role]
        for line, column in (("accuracy 15", "accuracy"), ("agreement", "agreement")):
            drawn = by_gid(figure, line)[place]
            np.testing.assert_allclose(drawn.get_ydata(), rows.groupby("probe")[column].mean())
        np.testing.assert_allclose(by_gid(figure, "network")[place].get_ydata(), rows["network"].mean())
    dots = by_gid(figure, "runs")
    assert len(dots) == (2 if runs > 1 else 0)
    if runs > 1:
        test = table[table["role"] == "test"].sort_values("probe")
        assert sorted(dots[1].get_ydata()) == sorted(test["accuracy"])
    assert labels_below(figure.axes[0]) == NAMES
    assert f"test: 30 examples, {runs} run{'s' * (runs > 1)}" in texts_of(figure)
    assert "Checkpoint of epoch 15" in said(figure)


def test_ten_epochs_have_a_line_each_and_agreement_is_of_the_last():
    epochs = (0, 1, 2, 3, 5, 7, 9, 11, 13, 15)
    table = make_accuracy(epochs=epochs)
    figure = probe_accuracy_figure(table, "t")
    last = table[(table["epoch"] == 15) & (table["role"] == "train")]
    lines = [by_gid(figure, f"accuracy {epoch}")[0] for epoch in epochs]
    assert len({tuple(line.get_color()) for line in lines}) == 10
    assert {f"accuracy, epoch {epoch}" for epoch in epochs} <= set(texts_of(figure))
    np.testing.assert_allclose(lines[-1].get_ydata(), last.groupby("probe")["accuracy"].mean())
    np.testing.assert_allclose(by_gid(figure, "agreement")[0].get_ydata(), last.groupby("probe")["agreement"].mean())
    np.testing.assert_allclose(by_gid(figure, "network")[0].get_ydata(), last["network"].mean())
    (legend,) = figure.legends
    with styled():
        figure.draw_without_rendering()
    assert legend.get_window_extent().x1 <= figure.bbox.x1


def test_folds_of_different_size():
    table = make_accuracy(roles={"validation": 20})
    table.loc[table["run"] == "seed-1", "examples"] = 19
    assert "validation: 19 to 20 examples, 2 runs" in said(probe_accuracy_figure(table, "t"))


# Depth and learning


def test_cells_are_counts_and_the_line_is_the_mean():
    scores = make_scores()
    figure = depth_learning_figure(scores, NAMES, "t")
    train = scores[scores["role"] == "train"]
    defined = train.dropna()
    cells, _ = by_gid(figure, "counts")
    expected = pd.crosstab(defined["iteration_learned"], defined["prediction_depth"])
    counts = np.ma.filled(cells.get_array(), 0)
    last = int(scores["iteration_learned"].max())
    np.testing.assert_array_equal(
        counts, expected.reindex(index=range(1, last + 1), columns=range(len(NAMES)), fill_value=0)
    )
    line, _ = by_gid(figure, "mean")
    np.testing.assert_allclose(line.get_ydata(), defined.groupby("prediction_depth")["iteration_learned"].mean())
    assert labels_below(figure.axes[0]) == NAMES
    left_out = 100 * scores["prediction_depth"].isna().mean()
    assert f"the depth is undefined: {left_out:.2f} %" in said(figure)


def test_correlation_is_that_within_runs():
    rows = pd.DataFrame(
        {
            "run": ["seed-0"] * 4 + ["seed-1"] * 4 + ["seed-2"] * 2,
            "prediction_depth": [0, 1, 2, 3, 0, 1, 2, 3, 1, 1],
            "iteration_learned": [1, 2, 3, 4, 14, 13, 11, 12, 1, 2],
        }
    )
    # Ranks 4, 3, 1, 2 against 1, 2, 3, 4: 1 - 6 (9 + 1 + 4 + 4) / (4 (16 - 1)) = -0.8; of a constant there is none.
    np.testing.assert_allclose(spearman_of_runs(rows), [1, -0.8])
    rows = rows.assign(role="test", example_id=range(len(rows)))
    assert "test: Spearman .10 (−.80 to 1.00), in 2 of 3 runs" in said(depth_learning_figure(rows, NAMES, "t"))
    assert "test: Spearman 1.00" in texts_of(depth_learning_figure(rows[:4], NAMES, "t"))


def test_a_role_without_defined_depths_beside_one_that_has_them():
    scores = make_scores()
    scores.loc[scores["role"] == "train", "prediction_depth"] = np.nan
    figure = depth_learning_figure(scores, NAMES, "t")
    assert "no example has a prediction depth" in said(figure)
    assert "train: Spearman not defined" in said(figure)


def test_long_trainings_are_counted_in_cells_of_several_epochs():
    scores = make_scores()
    scores["iteration_learned"] = np.linspace(1, 200, len(scores)).round()
    figure = depth_learning_figure(scores, NAMES, "t")
    assert "Cells are 4 epochs high" in said(figure)
    cells, _ = by_gid(figure, "counts")
    assert cells.get_array().shape == (50, len(NAMES))
    assert sum(part.get_array().sum() for part in by_gid(figure, "counts")) == scores["prediction_depth"].notna().sum()
