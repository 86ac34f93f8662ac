"""Figures of generalization: what is drawn of each experiment and each part, and what the notes admit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from difficulty.analysis.generalization import GENERALIZATION, relation
from difficulty.analysis.traits import TRAITS
from difficulty.figures.generalization.accuracy import generalization_figure
from difficulty.figures.generalization.traits import traits_figure
from difficulty.figures.style.appearance import line_styles
from difficulty.figures.style.palette import ROLE_COLORS
from difficulty.figures.style.text import abbreviated
from difficulty.tables import write_table
from tests.support.drawn_figures import drawn_figure
from tests.support.figure_reading import by_gid, said, texts_of

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
TRAIN_TOP1 = 0.98


def study(top1, runs=2, seen=0):
    """Rows of GENERALIZATION; top1: experiment (and part) -> test split -> accuracy, a hundredth more in each run."""
    rows = []
    for experiment, accuracies in top1.items():
        for (test, accuracy), run in ((each, run) for each in accuracies.items() for run in range(runs)):
            facts = {"experiment": experiment, "dataset": experiment, "run": f"seed-{run}", "seed": run, "epoch": 3}
            sizes = {"train_examples": 1200, "test_examples": 200, "seen": seen if experiment == "random" else 0}
            found = {"train_top1": TRAIN_TOP1, "top1": accuracy + run / 100, "train_loss": 0.1, "loss": 1.0}
            facts["seed_chose"] = False
            place = {"tested_on": test, "relation": relation(experiment, test, "digits")}
            rows.append({**facts, **place, **sizes, **found, "gap": found["train_top1"] - found["top1"]})
    return pd.DataFrame(rows)


def test_seeds_that_chose_the_images_are_admitted():
    table = study(HALVES).assign(seed_chose=lambda rows: rows["experiment"].eq("easy") & rows["seed"].eq(1))
    assert "Under seeds that also chose the images, so not independent of the choice: easy." in said(
        generalization_figure(table, "t")
    )
    assert "also chose" not in said(generalization_figure(study(HALVES), "t"))


HALVES = {
    "easy": {"easy": 0.95, "hard": 0.40, "digits": 0.70},
    "hard": {"easy": 0.90, "hard": 0.50, "digits": 0.72},
    "random": {"easy": 0.96, "hard": 0.45, "digits": 0.75},
}


def ends(figure, gid):
    (line,) = by_gid(figure, gid)
    return tuple(line.get_xdata())


def number(figure, gid):
    (text,) = by_gid(figure, gid)
    return text.get_text()


def test_deviations_are_over_seeds_with_their_folds_averaged():
    table = study(HALVES)
    folds = pd.concat(
        table.assign(run=table["run"] + f"-fold-{fold}", top1=table["top1"] + more, gap=table["gap"] - more)
        for fold, more in ((0, 0.03), (1, -0.03))
    )
    assert number(generalization_figure(table, "t"), "number own easy").endswith("± 0.7")
    both = [texts_of(generalization_figure(each, "t")) for each in (table, folds)]
    assert [text for text in both[0] if "±" in text] == [text for text in both[1] if "±" in text]


def test_lines_reach_from_mean_training_to_mean_test_accuracy():
    figure = generalization_figure(study(HALVES), "t")
    assert ends(figure, "gap own easy") == pytest.approx((TRAIN_TOP1, 0.955))
    assert ends(figure, "gap original hard") == pytest.approx((TRAIN_TOP1, 0.725))
    assert ends(figure, "runs own easy") == pytest.approx((0.95, 0.96))
    assert ends(figure, "mean train easy") == (TRAIN_TOP1, TRAIN_TOP1)
    assert by_gid(figure, "runs own easy")[0].get_color() == ROLE_COLORS["validation"]


def test_the_gap_is_a_number_in_points_with_its_deviation():
    figure = generalization_figure(study(HALVES), "t")
    assert number(figure, "number own easy") == "2.5 ± 0.7"
    assert number(figure, "number original hard") == "25.5 ± 0.7"
    better = study({"easy": {"easy": 0.99, "digits": 0.5}}, runs=1)
    assert number(generalization_figure(better, "t"), "number own easy") == "−1.0"


def test_without_a_held_out_part_there_is_one_line_and_a_note():
    figure = generalization_figure(study(HALVES), "t")
    assert not by_gid(figure, "gap own random") and by_gid(figure, "gap original random")
    assert "Without held-out images of its own: random." in said(figure)
    whole = generalization_figure(study({name: {"digits": 0.9} for name in HALVES}), "t")
    assert "No part has held-out images of its own" in said(whole)
    assert "held-out images of the same part" not in texts_of(whole)
    assert set(by_gid(whole, "gap original easy")[0].get_ydata()) == {0.0}


def test_the_matrix_has_every_mean_and_frames_own_parts():
    figure = generalization_figure(study(HALVES), "t")
    (image,) = by_gid(figure, "matrix")
    np.testing.assert_allclose(image.get_array(), [[0.955, 0.405, 0.705], [0.905, 0.505, 0.725], [0.965, 0.455, 0.755]])
    assert [text.get_text() for text in by_gid(figure, "cell")][:3] == ["95.5", "40.5", "70.5"]
    frames = {tuple(np.round(patch.get_xy()).astype(int)) for patch in by_gid(figure, "own")}
    assert frames == {(0, 0), (1, 1)}
    assert "± 0.7" in texts_of(figure)


def test_overlapping_parts_are_marked():
    figure = generalization_figure(study(HALVES, seen=50), "t")
    assert [text.get_text() for text in by_gid(figure, "cell")][6:] == ["96.5†", "45.5†", "75.5†"]
    assert "25 % of these test images are among the training images" in said(figure)
    assert "†" not in said(generalization_figure(study(HALVES), "t"))


def test_one_run_has_no_spread():
    figure = generalization_figure(study(HALVES, runs=1), "t")
    assert "no spread to show" in said(figure) and "±" not in said(figure)
    assert number(figure, "number own hard") == "48.0"


LONG = [f"a_very_long_name_of_an_experiment_{number}" for number in range(8)]


def boxes(figure, texts):
    with_text = [text for text in texts if text.get_text()]
    return [Text.get_window_extent(text) for text in with_text]


def overlapping(found):
    return [(a, b) for index, a in enumerate(found) for b in found[:index] if a.overlaps(b)]


def test_eight_long_names_stay_apart_and_are_told_apart():
    tests = [*LONG, "the_original_data_set_with_a_long_name"]
    table = study({name: dict.fromkeys(tests, 0.5) for name in LONG})
    table["relation"] = [
        relation(*place, tests[-1]) for place in zip(table["dataset"], table["tested_on"], strict=True)
    ]
    figure = generalization_figure(table, "t")
    figure.draw_without_rendering()
    lines, matrix = figure.axes
    names = [label.get_text() for label in lines.get_yticklabels()]
    assert len(set(names)) == 8
    assert not overlapping(boxes(figure, lines.get_yticklabels()))
    numbers = [
        text for kind in ("own", "original") for name in LONG for text in by_gid(figure, f"number {kind} {name}")
    ]
    assert len(numbers) == 16 and not overlapping(boxes(figure, numbers))
    assert not overlapping(boxes(figure, by_gid(figure, "cell")))
    assert len({label.get_text() for label in matrix.get_xticklabels()}) == 9
    right = max(Text.get_window_extent(text).x1 for text in numbers)
    assert right < matrix.get_window_extent().x0


def test_abbreviated_names_keep_both_ends():
    assert abbreviated("easy", 4) == "easy"
    assert abbreviated("abcdefghij", 5) == "ab…ij" and len(abbreviated("abcdefghij", 6)) == 6


def traits(effects, kind="score", **columns):
    """Rows of TRAITS; effects: trait -> experiment -> effect size."""
    rows = [
        {"experiment": experiment, "dataset": experiment, "kind": kind, "trait": trait, "effect": effect}
        for trait, of_parts in effects.items()
        for experiment, effect in of_parts.items()
    ]
    numbers = dict.fromkeys(("mean", "std", "q25", "median", "q75"), 0.5)
    facts = {"direction": -1, "chosen_by": False, "examples": 9, "count": 9, **numbers, **columns}
    return pd.DataFrame(rows).assign(**facts).astype({"direction": "Int8"})


TWO = {"loss": {"easy": 0.45, "hard": 0.55}, "aum": {"easy": 0.25, "hard": 0.75}}


def test_rows_are_sorted_by_how_much_the_first_two_parts_differ():
    figure = traits_figure(traits(TWO), "t")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["aum ↓", "loss ↓"]
    (line,) = by_gid(figure, "effect hard")
    assert list(line.get_xdata()) == [0.75, 0.55]
    assert line.get_color() == line_styles(2)[1][0]
    assert by_gid(figure, "like all")[0].get_xdata()[0] == 0.5
    assert "sorted by how much easy and hard differ" in said(figure)


def test_scores_that_chose_are_rings():
    table = traits(TWO)
    table["chosen_by"] = (table["trait"] == "aum") & (table["experiment"] == "easy")
    figure = traits_figure(table, "t")
    (ring,) = by_gid(figure, "chosen easy")
    assert list(ring.get_xdata()) == [0.25] and ring.get_markerfacecolor() == "white"
    assert list(by_gid(figure, "effect easy")[0].get_xdata()) == [0.45]
    assert "Rings" in said(figure) and "Rings" not in said(traits_figure(traits(TWO), "t"))


def test_truths_have_no_direction():
    truth = traits({"radius": {"easy": 0.6, "hard": 0.4}}, kind="truth", direction=None)
    figure = traits_figure(pd.concat([traits(TWO), truth]), "t")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["aum ↓", "radius (truth)", "loss ↓"]


def test_at_most_thirty_rows_are_drawn_and_the_rest_counted():
    many = {f"score_{n:02}": {"easy": 0.5 - n / 100, "hard": 0.5} for n in range(40)}
    figure = traits_figure(traits(many), "t")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 30 and labels[0] == "score_39 ↓"
    assert "30 of 40 rows" in said(figure)
    figure.draw_without_rendering()
    assert not overlapping(boxes(figure, figure.axes[0].get_yticklabels()))


def test_undefined_effects_are_left_out():
    table = traits({**TWO, "vog": {"easy": np.nan, "hard": np.nan}})
    assert "vog" not in said(traits_figure(table, "t"))
    assert "no score" in said(traits_figure(table[table["trait"] == "vog"], "t"))


def test_titles_name_the_study(tmp_path):
    write_table(study(HALVES), tmp_path / "halves.parquet", GENERALIZATION)
    write_table(traits(TWO), tmp_path / "halves-traits.parquet", TRAITS)
    accuracy = drawn_figure("generalization.accuracy", table=tmp_path / "halves.parquet")
    assert "halves: how well do networks trained on a part of" in said(accuracy)
    parts = drawn_figure("generalization.traits", traits=tmp_path / "halves-traits.parquet")
    assert "halves: in which scores do the parts differ?" in said(parts)


@pytest.mark.parametrize("script", ["collect_generalization", "compute_traits"])
def test_scripts_load_no_torch(script):
    program = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import {script}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
