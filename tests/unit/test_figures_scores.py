"""Figures of scores: agreement, data map, correlation, stability, detection; data of lines, colours and texts."""

import numpy as np
import pandas as pd
import pytest

from difficulty.figures.agreement import over_epochs as agreement
from difficulty.figures.detection import curves as detection
from difficulty.figures.scores import correlation, data_map, label_errors, stability
from difficulty.figures.style.appearance import line_styles
from tests.support.figure_reading import by_gid, said, texts_of

# Agreement: the worked example:  three runs and three images.

AGREEMENT = pd.DataFrame(
    {
        "role": "test",
        "epoch": [1, 2, 3],
        "judged_by": "given",
        "runs": 3,
        "seeds": 3,
        "examples": 3,
        "agreement": [0, 1 / 2, 2 / 3],
        "mean_accuracy": [2 / 9, 5 / 9, 7 / 9],
        "std_accuracy": [0.157, 0.157, 0.157],
        "lower_bound": [0, 0, 1 / 3],
        "upper_bound": [0, 1 / 2, 2 / 3],
        "independent": [0, 0.16, 0.45],
        "independent_within_class": [np.nan] * 3,
        "chance_corrected": [np.nan, 1, 1],
    }
)


def test_agreement_draws_every_curve_for_the_roles_that_there_are():
    figure = agreement.agreement_figure(AGREEMENT, "t")
    for column in ("agreement", "mean_accuracy", "independent"):
        (line,) = by_gid(figure, column)
        np.testing.assert_allclose(line.get_ydata(), AGREEMENT[column])
    assert "test: 3 images" in texts_of(figure)
    assert len(figure.axes) == 2
    both = pd.concat([AGREEMENT, AGREEMENT.assign(role="train")])
    assert len(agreement.agreement_figure(both, "t").axes) == 4


def test_agreement_says_by_which_label_and_what_is_not_independent():
    plain = said(agreement.agreement_figure(AGREEMENT, "t"))
    assert "clean label" not in plain and "independent." not in plain
    grouped = said(agreement.agreement_figure(AGREEMENT.assign(judged_by="clean", runs=6), "t"))
    assert "Right is what the clean label says" in grouped
    assert "They have 3 seeds" in grouped and "not independent" in grouped


def test_agreement_says_where_chance_correction_is_undefined():
    assert "undefined" in said(agreement.agreement_figure(AGREEMENT[:1], "t"))
    assert "no group of runs" in said(agreement.agreement_figure(AGREEMENT[:0], "t"))


# Data map


def test_data_map_draws_defined_examples_and_circles_planted_ones():
    confidence = np.array([0.9, 0.5, 0.1, np.nan])
    variability = np.array([0.1, 0.4, 0.0, 0.2])
    correctness = np.array([1.0, 0.5, 0.0, 0.5])
    figure = data_map.data_map_figure(
        confidence, variability, correctness, "t", np.array([False, False, True, True]), 3
    )
    (points,) = by_gid(figure, "examples")
    assert sorted(points.get_offsets().tolist()) == [[0.0, 0.1], [0.1, 0.9], [0.4, 0.5]]
    (circles,) = by_gid(figure, "corrupt")
    assert circles.get_offsets().tolist() == [[0.0, 0.1]]
    assert "3 examples, means over 3 runs; 1 (33.3 %) with a planted wrong label; 1 example with undefined" in said(
        figure
    )


@pytest.mark.parametrize("count", [0, 1])
def test_data_map_of_hardly_any_examples(count):
    figure = data_map.data_map_figure(*np.full((3, count), 0.5), "t")
    assert ("no example" in said(figure)) == (count == 0)


# Correlation


def make_correlation(names, directions, values, role="train"):
    index = pd.MultiIndex.from_product([names, names]).to_frame(index=False, name=["score_a", "score_b"])
    direction = dict(zip(names, directions, strict=True))
    flat = np.asarray(values, float).ravel()
    return index.assign(
        role=role,
        direction_a=index["score_a"].map(direction),
        direction_b=index["score_b"].map(direction),
        spearman=flat,
        low=flat - 0.1,
        high=flat + 0.05,
        examples=100,
        reliability_a=np.nan,
        corrected=np.nan,
    )


CORRELATION = make_correlation(["loss", "aum", "el2n"], [1, -1, 1], [[1, -0.9, 0.5], [-0.9, 1, -0.4], [0.5, -0.4, 1]])


def test_correlations_are_turned_so_that_higher_is_harder():
    names, (center, low, high, corrected) = correlation.hardness_correlations(CORRELATION)
    assert names == ["loss", "−aum", "el2n"]
    np.testing.assert_allclose(center, [[1, 0.9, 0.5], [0.9, 1, 0.4], [0.5, 0.4, 1]])
    assert low[0, 1] == pytest.approx(0.85)  # the upper end of the turned interval, -0.9 + 0.05
    assert high[0, 1] == pytest.approx(1.0)
    assert low[0, 2] == pytest.approx(0.4)
    assert np.isnan(corrected).all()


def test_correlation_cells_have_numbers_and_intervals():
    texts = texts_of(correlation.correlation_figure(CORRELATION, "t"))
    assert {".90", ".50", ".40", ".85, 1.00", ".40, .55"} <= set(texts)
    assert texts.count("loss") == 1  # the lower triangle: the first score has a column and no row
    assert texts.count("−aum") == 2


def test_corrected_correlations_stand_above_the_diagonal_and_reliabilities_on_it():
    table = CORRELATION.copy()
    table["reliability_a"] = table["score_a"].map({"loss": 0.81, "aum": 0.72, "el2n": np.nan})
    pairs = zip(table["score_a"], table["score_b"], strict=True)
    table["corrected"] = [-1.03 if {*pair} == {"loss", "aum"} else np.nan for pair in pairs]
    figure = correlation.correlation_figure(table, "t")
    places = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert places[1, 0] == "1.03"  # row of loss, column of aum, which is turned
    assert (places[0, 0], places[1, 1], places[2, 2], places[2, 0]) == (".81", ".72", "–", "–")
    assert ".90" in places.values() and "-.90" not in places.values()
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["loss", "−aum", "el2n"]
    assert "corrected for unreliability" in said(figure)
    assert "corrected" not in said(correlation.correlation_figure(CORRELATION, "t"))


def test_correlation_says_how_many_examples_the_pairs_have():
    table = CORRELATION.copy()
    table.loc[1, "examples"] = 25
    assert "train: 25 to 100 examples" in texts_of(correlation.correlation_figure(table, "t"))


def test_correlation_of_a_constant_score_is_a_dash():
    table = CORRELATION.copy()
    table.loc[(table["score_a"] == "el2n") | (table["score_b"] == "el2n"), ["spearman", "low", "high"]] = np.nan
    assert texts_of(correlation.correlation_figure(table, "t")).count("–") == 2


def test_correlation_has_a_matrix_per_role_and_needs_two_scores():
    both = pd.concat([CORRELATION, CORRELATION.assign(role="test")])
    texts = texts_of(correlation.correlation_figure(both, "t"))
    assert {"train: 100 examples", "test: 100 examples"} <= set(texts)
    assert "fewer than two" in said(correlation.correlation_figure(CORRELATION[:1], "t"))
    assert "fewer than two" in said(correlation.correlation_figure(CORRELATION[:0], "t"))


def test_scores_in_the_same_order_are_drawn_once():
    names, rows = ("aum", "edges", "per_pixel"), []
    for a in names:
        for b in names:
            spearman = 1.0 if a == b or "aum" not in (a, b) else 0.3
            rows.append({"score_a": a, "score_b": b, "spearman": spearman, "low": spearman, "high": spearman})
    unknown = dict.fromkeys(("reliability_a", "corrected"), np.nan)
    table = pd.DataFrame(rows).assign(role="train", examples=50, direction_a=None, direction_b=None, **unknown)
    figure = correlation.correlation_figure(table, "t")
    assert "In the same order, so drawn once: per_pixel = edges." in said(figure)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["edges"]


def test_correlation_of_many_scores_has_no_numbers():
    names, values = [f"score_{number}" for number in range(61)], np.full((61, 61), 0.5)
    assert ".50" not in texts_of(correlation.correlation_figure(make_correlation(names, [1] * 61, values), "t"))


# Stability


def make_stability(sizes, scores=("aum", "loss"), role="train"):
    rows = [(role, score, size, 3, 0.5 + 0.1 * size + 0.01 * n) for n, score in enumerate(scores) for size in sizes]
    table = pd.DataFrame(rows, columns=["role", "score", "seeds_per_half", "splits", "spearman_mean"])
    mean = table["spearman_mean"]
    return table.assign(spearman_std=0.05, spearman_min=mean - 0.1, spearman_max=mean + 0.1, examples=100)


def test_stability_with_halves_of_one_size_is_a_row_per_score_best_first():
    figure = stability.stability_figure(pd.concat([make_stability([1]), make_stability([1], role="test")]), "t")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["loss", "aum"]
    (dots,) = by_gid(figure, "mean train")
    np.testing.assert_allclose(dots.get_xdata(), [0.61, 0.60])
    assert "mean over 1 seed" in said(figure)


def test_stability_with_several_sizes_is_a_curve_per_score():
    figure = stability.stability_figure(make_stability([1, 2, 3]), "t")
    curves = by_gid(figure, "mean train")
    assert [curve.get_xdata().tolist() for curve in curves] == [[1, 2, 3]] * 2
    np.testing.assert_allclose(curves[0].get_ydata(), [0.61, 0.71, 0.81])


def test_stability_of_one_seed_or_of_constant_scores_says_so():
    table = make_stability([1])
    assert "at least two seeds" in said(stability.stability_figure(table[:0], "t"))
    assert "at least two seeds" in said(stability.stability_figure(table.assign(spearman_mean=np.nan), "t"))
    single = table.assign(spearman_std=np.nan, splits=1)
    assert "1 pair" in said(stability.stability_figure(single, "t"))


# Detection


def make_detection(scores=("aum", "loss"), runs=("seed-0", "seed-1"), positives=10):
    rows = []
    for number, score in enumerate(scores):
        for run in ("all", *runs):
            value = 0.6 + 0.1 * number if positives else np.nan
            interval = 0.05 if run == "all" else np.nan
            row = {"score": score, "run": run, "direction": 1 if number else -1, "examples": 100}
            row |= {"positives": positives, "prevalence": positives / 100}
            for metric in ("auroc", "average_precision"):
                row |= {metric: value, f"{metric}_low": value - interval, f"{metric}_high": value + interval}
            rows.append(row)
    return pd.DataFrame(rows)


def make_curves(scores=("aum", "loss")):
    inspected = np.linspace(0, 1, 11)
    return pd.concat([pd.DataFrame({"score": s, "inspected": inspected, "found": inspected**0.5}) for s in scores])


def test_detection_draws_each_curve_with_chance_and_perfection():
    figure = detection.detection_figure(make_detection(), make_curves(), "t")
    (curve,) = by_gid(figure, "aum")
    np.testing.assert_allclose(curve.get_ydata(), np.linspace(0, 1, 11) ** 0.5)
    (perfect,) = by_gid(figure, "perfect")
    assert list(perfect.get_xdata()) == [0, 0.1, 1]
    chance = by_gid(figure, "chance")
    assert [list(line.get_xdata()) for line in chance[2:]] == [[0, 1]]
    assert [line.get_xdata()[0] for line in chance[:2]] == [0.1, 0.5]


def test_detection_rows_are_sorted_and_in_the_colour_of_their_curve():
    figure = detection.detection_figure(make_detection(), make_curves(), "t")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["loss ↑", "aum ↓"]
    for score in ("aum", "loss"):
        (curve,), (dot,) = by_gid(figure, score), by_gid(figure, f"average_precision {score}")
        assert curve.get_color() == dot.get_color()
    assert {"0.600", "0.700"} <= set(texts_of(figure))


def test_detection_has_a_panel_for_each_family_in_its_own_hue():
    scores = [f"score {number}" for number in range(7)]
    families = {**dict.fromkeys(scores[:6], "many"), scores[6]: "few"}
    figure = detection.detection_figure(make_detection(scores), make_curves(scores), "t", families=families)
    few, many = figure.axes[2:]
    assert (few.get_title(loc="left"), many.get_title(loc="left")) == ("few", "many")
    named = [text.get_text() for text in many.get_legend().get_texts()]
    assert named == ["score 5", "score 4", "score 3", "score 2", "score 0"]  # the best four, and the worst
    hues = {score: by_gid(figure, score)[0].get_color() for score in scores}
    assert len({hues[score] for score in scores[:6]}) == 1 and hues[scores[0]] != hues[scores[6]]


def test_detection_marks_what_does_not_differ_from_the_best():
    """By average precision aum differs from the best, loss; by AUROC it does not."""
    rows = [("average_precision", 0.1, 0.2), ("auroc", -0.1, 0.2)]
    differences = pd.DataFrame(rows, columns=["metric", "low", "high"]).assign(score_a="loss", score_b="aum")
    figure = detection.detection_figure(make_detection(), make_curves(), "t", differences=differences)
    assert [text for text in texts_of(figure) if text.endswith(" =")] == ["0.600 ="]
    other_seeds = differences.assign(low_seeds=-0.3, high_seeds=0.4)
    figure = detection.detection_figure(make_detection(), make_curves(), "t", differences=other_seeds)
    assert [text for text in texts_of(figure) if text.endswith(" =")] == ["0.600 ="] * 2
    assert "=: not shown to differ from the best" in said(figure)


def test_detection_draws_intervals_over_seeds():
    table = make_detection()
    for end, shift in (("low", -0.1), ("high", 0.1)):
        table[f"auroc_{end}_seeds"] = table[f"auroc_{end}"] + shift
    figure = detection.detection_figure(table, make_curves(), "t")
    assert "thin lines: for other images and other seeds" in said(figure)
    assert "thin lines" not in said(detection.detection_figure(make_detection(), make_curves(), "t"))
    lengths = [np.ptp(segment[:, 0]) for line in figure.axes[1].collections for segment in line.get_segments()]
    np.testing.assert_allclose(sorted(lengths), [0.1, 0.1, 0.3, 0.3])


def test_detection_without_positives_or_scores():
    nothing_hard = detection.detection_figure(make_detection(positives=0), make_curves().assign(found=np.nan), "t")
    assert texts_of(nothing_hard).count("–") == 4
    assert not by_gid(nothing_hard, "perfect")
    assert "no score" in said(detection.detection_figure(make_detection()[:0], make_curves()[:0], "t"))


def test_line_styles_are_different():
    assert len(set(line_styles(32))) == 32
    assert len(line_styles(40)) == 40


# Label errors

ERRORS = pd.Series(
    {
        "examples": 400, "estimated_wrong": 41.4, "low": 20.0, "high": 61.0, "cut": 2, "expected_precision": 0.85,
        "expected_recall": 0.5, "trustworthy": True, "reason": "networks fit 90% of the labels",
    }
)  # fmt: skip
PAIRS = pd.DataFrame({"given_class": ["ant", "bee"], "likely_class": ["bee", "ant"], "expected": [1.5, 24.2]})
DOUBTS = pd.DataFrame({"is_corrupt": [True, False, True, False], "label_error_probability": [0.9, 0.1, 0.8, np.nan]})


def test_label_errors_show_the_list_the_pairs_and_the_truth():
    figure = label_errors.label_errors_figure(DOUBTS, ERRORS, PAIRS, "t")
    (line,), (cut,) = by_gid(figure, "probability"), by_gid(figure, "cut")
    np.testing.assert_allclose(np.column_stack(line.get_data()), [(0, 0.9), (1, 0.9), (2, 0.8), (3, 0.1)])
    assert list(cut.get_xdata()) == [2, 2]
    bars = [bar.get_width() for bar in figure.axes[1].patches]
    assert bars == [24.2, 1.5] and "bee, likely ant" in texts_of(figure)
    (dots,) = by_gid(figure, "calibration")
    np.testing.assert_allclose(np.column_stack(dots.get_data()), [(0.1, 0), (0.8, 1), (0.9, 1)])
    assert "41 (range 20 to 61) of 400 training labels" in said(figure)


def test_label_errors_without_truth_trust_or_estimate_say_so():
    unplanted = DOUBTS.assign(is_corrupt=False)
    assert len(label_errors.label_errors_figure(unplanted, ERRORS, PAIRS, "t").axes) == 2
    none = pd.Series({**ERRORS, "trustworthy": False, "reason": "seeds differ", "estimated_wrong": None})
    assert "seeds differ" in said(label_errors.label_errors_figure(DOUBTS, none, PAIRS[:0], "t"))
