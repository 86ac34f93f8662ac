"""Figures that compare experiments: what is drawn of which group, bands, numbers, and what the notes admit."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from difficulty.figures.experiments.comparison import apart, comparison_figure
from difficulty.figures.style.appearance import line_styles
from difficulty.tables import write_table
from difficulty.training.run_tables import HISTORY
from tests.support.drawn_figures import drawn_figure
from tests.support.figure_reading import by_gid, said

NOISY = ("train", "pristine", "corrupt", "test")
CLEAN = ("train", "test")


def make_run(experiment, run="seed-0", groups=NOISY, loss=(2.0, 1.0, 0.5), top1=(0.1, 0.5, 0.8)):
    """A history in which the numbers of each group differ: group number n has n hundredths more."""
    rows = []
    for group in groups:
        more = NOISY.index(group) / 100 if group in NOISY else 0
        columns = {"experiment": experiment, "run": run, "epoch": np.arange(1, len(loss) + 1), "group": group}
        rows.append(pd.DataFrame({**columns, "examples": 50, "loss": np.add(loss, more), "top1": np.add(top1, more)}))
    return pd.concat(rows, ignore_index=True)


def drawn(figure, gid):
    (line,) = by_gid(figure, gid)
    return line.get_ydata()


def panel_of(figure, gid):
    return figure.axes.index(by_gid(figure, gid)[0].axes)


def test_lines_are_means_over_runs_and_bands_reach_from_lowest_to_highest():
    runs = [make_run("sgd", "seed-0"), make_run("sgd", "seed-1", loss=(1.0, 0.6, 0.1)), make_run("rm3")]
    figure = comparison_figure(pd.concat(runs), "loss", "t")
    np.testing.assert_allclose(drawn(figure, "mean sgd train"), [1.5, 0.8, 0.3])
    np.testing.assert_allclose(drawn(figure, "mean sgd corrupt"), [1.52, 0.82, 0.32])
    (band,) = by_gid(figure, "band sgd train")
    edges = band.get_paths()[0].vertices
    assert {tuple(np.round(point, 6)) for point in edges} >= {(1, 1.0), (1, 2.0), (3, 0.1), (3, 0.5)}
    assert not by_gid(figure, "band rm3 train")
    assert "1 to 2 runs" in said(figure)


def test_panels_hold_labels_and_splits_on_one_axis():
    figure = comparison_figure(pd.concat([make_run("sgd"), make_run("rm3")]), "top1", "t")
    assert [panel_of(figure, f"mean sgd {group}") for group in ("pristine", "corrupt", "train", "test")] == [0, 0, 1, 1]
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim() and left.get_ylabel() == "top-1 accuracy"
    np.testing.assert_allclose(drawn(figure, "mean rm3 test"), [0.13, 0.53, 0.83])


def test_a_colour_is_an_experiment_and_a_line_style_a_group():
    figure = comparison_figure(pd.concat([make_run(name) for name in ("sgd", "rm3")]), "loss", "t")
    for name, (color, _) in zip(("sgd", "rm3"), line_styles(2), strict=True):
        lines = {group: by_gid(figure, f"mean {name} {group}")[0] for group in NOISY}
        assert {line.get_color() for line in lines.values()} == {color}
        assert {group for group, line in lines.items() if line.get_linestyle() == "-"} == {"train", "pristine"}
    texts = said(figure)
    assert all(text in texts for text in ("sgd", "rm3", "pristine labels", "corrupt labels", "train", "test"))


def test_an_experiment_without_noise_shows_its_training_set_as_pristine():
    history = pd.concat([make_run("clean", groups=CLEAN), make_run("noisy")])
    figure = comparison_figure(history, "loss", "t")
    np.testing.assert_allclose(drawn(figure, "mean clean pristine"), [2.0, 1.0, 0.5])
    np.testing.assert_allclose(drawn(figure, "mean noisy pristine"), [2.01, 1.01, 0.51])
    assert not by_gid(figure, "mean clean corrupt")
    assert "No corrupt labels: clean; its whole training set is shown as pristine." in said(figure)


def test_an_experiment_that_holds_all_training_images_out_is_said_to():
    history = pd.concat([make_run("frozen", groups=("validation", "test")), make_run("noisy")])
    notes = said(comparison_figure(history, "loss", "t"))
    assert "All training images are held out: frozen." in notes and "pristine." not in notes


def test_without_any_noise_the_legend_has_no_corrupt_labels():
    history = pd.concat([make_run("a", groups=CLEAN), make_run("b", groups=CLEAN)])
    figure = comparison_figure(history, "loss", "t")
    assert "corrupt labels" not in said(figure).replace("No corrupt labels", "")
    assert "Training images" in said(figure) and "memorised" not in said(figure)
    assert "a, b; their whole training sets are shown as pristine" in said(figure)


def test_a_followed_sample_stands_for_the_training_set_where_there_is_none():
    history = pd.concat([make_run("a", groups=("train_sample", "test")), make_run("b", groups=CLEAN)])
    figure = comparison_figure(history, "loss", "t")
    np.testing.assert_allclose(drawn(figure, "mean a train"), [2.0, 1.0, 0.5])


def test_a_missing_test_split_is_told():
    history = pd.concat([make_run("a", groups=NOISY[:3]), make_run("b")])
    figure = comparison_figure(history, "loss", "t")
    assert not by_gid(figure, "mean a test") and by_gid(figure, "mean b test")
    assert "No test images: a." in said(figure)
    alone = comparison_figure(history[history["experiment"] == "a"], "loss", "t")
    assert [text.get_text() for text in alone.axes[1].get_legend().get_texts()] == ["train"]


def test_one_run_has_no_band():
    figure = comparison_figure(pd.concat([make_run("a"), make_run("b")]), "loss", "t")
    assert not figure.findobj(lambda artist: str(artist.get_gid()).startswith("band"))
    assert "no spread to show" in said(figure)


def test_groups_without_examples_are_not_drawn():
    history = make_run("a")
    history.loc[history["group"] == "corrupt", "examples"] = 0
    figure = comparison_figure(pd.concat([history, make_run("b")]), "loss", "t")
    assert not by_gid(figure, "mean a corrupt")


@pytest.mark.parametrize(
    ("losses", "scale"), [((2.0, 0.1, 0.03), "linear"), ((2.0, 0.1, 0.002), "log"), ((2.0, 0.1, 0.0), "linear")]
)
def test_losses_over_more_than_two_decades_have_a_logarithmic_axis(losses, scale):
    history = pd.concat([make_run(name, groups=CLEAN[:1], loss=losses) for name in ("a", "b")])
    figure = comparison_figure(history, "loss", "t")
    assert [axes.get_yscale() for axes in figure.axes] == [scale, scale]
    top1 = comparison_figure(history.assign(top1=history["loss"] / 2), "top1", "t")
    assert top1.axes[0].get_yscale() == "linear"


def test_numbers_are_the_last_means():
    runs = [make_run("a", "seed-0", CLEAN), make_run("a", "seed-1", CLEAN, top1=(0.1, 0.5, 0.9)), make_run("b")]
    figure = comparison_figure(pd.concat(runs), "top1", "t")
    right = [text.get_text() for text in by_gid(figure, "last") if text.axes is figure.axes[1]]
    assert right == ["80.0 %", "83.0 %", "85.0 %", "88.0 %"]
    loss = comparison_figure(pd.concat(runs), "loss", "t")
    assert [text.get_text() for text in by_gid(loss, "last")][-2:] == ["0.530", "0.530"]


def test_eight_experiments_have_eight_colours_and_numbers_that_do_not_overlap():
    figure = comparison_figure(pd.concat([make_run(f"experiment_{n}") for n in range(8)]), "loss", "t")
    colors = {by_gid(figure, f"mean experiment_{n} train")[0].get_color() for n in range(8)}
    assert len(colors) == 8
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [Text.get_window_extent(text) for text in by_gid(figure, "last") if text.axes is axes]
        assert len(boxes) == 16
        middles = np.sort([(box.y0 + box.y1) / 2 for box in boxes])
        assert np.diff(middles).min() > 6.5 * 0.9 * figure.dpi / 72  # digits are lower than a line


def test_values_that_are_not_finite_are_left_out_and_told():
    diverged = make_run("a", "seed-1", CLEAN, loss=(2.0, np.inf, np.nan))
    figure = comparison_figure(pd.concat([make_run("a", "seed-0", CLEAN), diverged, make_run("b")]), "loss", "t")
    np.testing.assert_allclose(drawn(figure, "mean a train"), [2.0, 1.0, 0.5])
    assert "not finite: a (seed-1)" in said(figure)


def test_no_history_says_so():
    assert "no history" in said(comparison_figure(make_run("a")[:0], "loss", "t"))


def test_apart_moves_as_little_as_possible():
    assert apart([], 0.1) == []
    np.testing.assert_allclose(apart([0.2, 0.8], 0.1), [0.2, 0.8])
    np.testing.assert_allclose(apart([0.5, 0.5, 0.9], 0.1), [0.45, 0.55, 0.9])
    np.testing.assert_allclose(apart([0.0, 0.0], 0.1), [0.0, 0.1])
    np.testing.assert_allclose(apart([1.0, 1.0], 0.1), [0.9, 1.0])


@pytest.mark.parametrize(("measure", "called"), [("loss", "loss"), ("top1", "top-1 accuracy")])
def test_histories_are_grouped_by_their_folders(tmp_path, measure, called):
    paths = []
    for experiment, run in (("sgd", "seed-0"), ("sgd", "seed-1"), ("rm3", "seed-0")):
        paths.append(tmp_path / "experiments" / experiment / run / "history.parquet")
        table = make_run(experiment, run).drop(columns=["experiment", "run"])
        write_table(table.assign(top5=1.0, learning_rate=0.1), paths[-1], HISTORY)
    figure = drawn_figure("experiments.comparison", {"measure": measure, "comparison": "noise"}, histories=paths)
    assert f"noise: how does {called} differ between experiments?" in said(figure)
    assert by_gid(figure, "band sgd train") and not by_gid(figure, "band rm3 train")
