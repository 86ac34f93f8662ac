"""Figures of statistics of images: what is drawn where, what is hidden, and figures without anything to draw."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.relations import KINDS, OVERALL, PARTIAL
from difficulty.figures.images.agreed import agreed_statistics_figure
from difficulty.figures.images.histograms import bin_edges, statistics_histograms_figure
from difficulty.figures.images.relations import relations_figure
from difficulty.figures.images.statistic_names import UNITS, name_and_unit
from difficulty.figures.style.appearance import styled
from difficulty.scores.images.statistics import STATISTICS
from tests.support.figure_reading import by_gid, said, texts_of

FOURTEEN = [*STATISTICS, "human_entropy", "search_difficulty", "object_area", "objects"]


def relations(statistics=("edges", "brightness"), scores=("aum", "loss"), role="train"):
    """The correlation of statistic number n is n tenths, those of every second one significant."""
    rows = []
    for number, statistic in enumerate(statistics):
        for score in scores:
            for kind in KINDS:
                value = np.nan if (statistic, kind) == ("brightness", PARTIAL) else number / 10
                p = 0.01 if number % 2 else 0.5
                ends = {"low": value - 0.05, "high": value + 0.05, "p_value": p / 9, "p_holm": p}
                facts = {"role": role, "statistic": statistic, "score": score, "kind": kind, "examples": 90}
                rows.append({**facts, "correlation": value, **ends})
    return pd.DataFrame(rows).assign(also=None)


def test_statistics_that_were_tested_with_another_one_are_said():
    table = relations()
    table.loc[table["statistic"] == "edges", "also"] = "edges_per_pixel edges_again"
    figure = relations_figure(table, "t", ["aum"])
    assert "In the same order, so once: edges_per_pixel = edges, edges_again = edges." in said(figure)
    assert "In the same order" not in said(relations_figure(relations(), "t", ["aum"]))


def test_histograms_are_drawn_once_of_statistics_in_the_same_order():
    random = np.random.default_rng(0)
    edges = pd.Series(random.random(60))
    statistics = pd.DataFrame({"edge_strength": edges, "contrast": random.random(60), "per_pixel": edges / 64})
    figure = statistics_histograms_figure(statistics, pd.Series(random.random(60)), "aum", "t")
    assert len(by_gid(figure, "hardest")) == 2
    assert "drawn once: per_pixel = edge_strength" in said(figure)


def test_units_are_those_of_the_statistics_that_are_computed():
    assert set(UNITS) == set(STATISTICS)
    assert name_and_unit("local_entropy") == "local_entropy\n(bits)" and name_and_unit("people") == "people"


def test_a_panel_for_each_role_and_score_and_a_row_for_each_statistic():
    table = pd.concat([relations(), relations(role="test"), relations(scores=("entropy",))])
    figure = relations_figure(table, "t", ["loss", "vog", "aum"])
    assert len(figure.axes) == 4
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["edges", "brightness"]
    titles = [axes.get_title(loc="left").replace("\n", " ").strip() for axes in figure.axes]
    assert titles == ["train: 90 images loss", "aum", "test: 90 images loss", "aum"]
    assert "entropy" not in said(figure)


def test_markers_are_filled_where_holms_p_is_small():
    figure = relations_figure(relations(["a", "b", "c"]), "t", ["aum"])
    (filled,), (hollow,) = (by_gid(figure, f"{OVERALL} {name}") for name in ("significant", "not significant"))
    np.testing.assert_allclose(filled.get_xdata(), [0.1])
    np.testing.assert_allclose(hollow.get_xdata(), [0.0, 0.2])
    assert hollow.get_markerfacecolor() == "white" and filled.get_markerfacecolor() != "white"
    lines = [segment for bar in figure.axes[0].collections for segment in bar.get_segments()]
    assert len(lines) == 9 and figure.axes[0].get_xlim()[1] >= 0.25


def test_fourteen_statistics_have_names_that_do_not_overlap():
    figure = relations_figure(relations(FOURTEEN), "t", ["aum", "loss"])
    assert set(FOURTEEN) <= set(texts_of(figure))
    with styled():
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 > lower.y1 - 1 for upper, lower in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0


def test_relations_of_nothing_say_so():
    assert "no statistic is known" in said(relations_figure(relations()[:0], "t", ["aum"]))
    assert "no statistic is known" in said(relations_figure(relations(), "t", ["vog"]))
    undefined = relations().assign(correlation=np.nan, low=np.nan, high=np.nan, p_holm=np.nan)
    assert len(relations_figure(undefined, "t", ["aum"]).axes) == 1


def agreed(statistics=("edges", "people"), roles=("train", "test"), epochs=6):
    """Agreement rises from 0 by fifths; the mean of statistic number n is n + epoch."""
    rows = []
    for role in roles:
        for epoch in range(1, epochs + 1):
            for number, statistic in enumerate(statistics):
                row = {"role": role, "epoch": epoch, "judged_by": "given", "statistic": statistic}
                row |= {"agreement": min((epoch - 1) / 5, 1)}
                row |= {"examples": 50, "agreed": 10, "known": 10, "mean": number + epoch, "mean_all": 9.0}
                rows.append(row | {"standard_error": 0.5})
    return pd.DataFrame(rows).assign(also=None)


def test_statistics_that_are_multiples_of_another_one_are_said():
    table = agreed()
    table.loc[table["statistic"] == "edges", "also"] = "edges_per_pixel"
    assert "so drawn once: edges_per_pixel = edges." in said(agreed_statistics_figure(table, "t"))
    assert "drawn once" not in said(agreed_statistics_figure(agreed(), "t"))


def test_epochs_with_little_agreement_are_hidden():
    figure = agreed_statistics_figure(agreed(), "t")
    assert [len(line.get_xdata()) for line in by_gid(figure, "agreement train")] == [6]
    means = by_gid(figure, "mean test")
    assert [line.get_xdata().tolist() for line in means] == [[2, 3, 4, 5, 6]] * 2
    assert [line.get_ydata()[0] for line in means] == [2, 3]
    assert {line.get_ydata()[0] for line in by_gid(figure, "all train")} == {9}
    assert "Where agreement is below 20 %" in said(figure)
    shown = agreed_statistics_figure(agreed().assign(agreement=0.9), "t")
    assert "is left out" not in said(shown) and "clean label" not in said(shown)
    assert "what the clean label says" in said(agreed_statistics_figure(agreed().assign(judged_by="clean"), "t"))


@pytest.mark.parametrize("count", [1, 2, 5, 6, 10, 11, 14])
def test_every_statistic_has_a_panel_below_the_agreement_on_the_same_epochs(count):
    figure = agreed_statistics_figure(agreed(FOURTEEN[:count]), "t")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert set(titles) - {"agreement", ""} == {name_and_unit(name).replace("\n", " ") for name in FOURTEEN[:count]}
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert texts_of(figure).count("epoch") == titles.count("agreement")


def test_one_epoch_and_nothing_known_and_nothing_at_all():
    table = agreed(epochs=1).assign(agreement=1.0)
    assert by_gid(agreed_statistics_figure(table, "t"), "mean train")
    unknown = agreed().assign(mean=np.nan, standard_error=np.nan, mean_all=np.nan)
    assert "not known" in said(agreed_statistics_figure(unknown, "t"))
    assert "no group of runs" in said(agreed_statistics_figure(agreed()[:0], "t"))


def test_histograms_are_of_all_and_of_the_tenths():
    hardness = pd.Series(np.arange(200.0)).sample(frac=1, random_state=0)
    statistics = pd.DataFrame({"edges": hardness / 7, "nothing": np.nan, "count": hardness % 3})
    figure = statistics_histograms_figure(statistics, hardness, "aum", "t")
    assert len(figure.axes) == 2 and "nothing" not in said(figure)
    (easy, edges, _), (hard, _, _) = (by_gid(figure, name)[0].get_data() for name in ("easiest", "hardest"))
    np.testing.assert_allclose(edges, np.arange(24) * 9 / 7 - 0.5 / 7)
    assert (easy * np.diff(edges)).sum() == pytest.approx(1) == (hard * np.diff(edges)).sum()
    np.testing.assert_allclose(easy[:4] * np.diff(edges)[:4] * 20, [9, 9, 2, 0])
    np.testing.assert_allclose(hard[-4:] * np.diff(edges)[-4:] * 20, [0, 9, 9, 2])


@pytest.mark.parametrize(
    "values, edges",
    [
        ([1, 2, 4], [0.5, 1.5, 2.5, 3.5, 4.5]),
        ([7, 7], [6.5, 7.5]),
        ([0.25, 0.75, 0.5], [0.125, 0.375, 0.625, 0.875]),
        (np.arange(1, 49), np.arange(0.5, 49, 2)),
        ([0, 0.1, 0.1 + 1e-6, 1], np.linspace(0, 1, 25)),
    ],
)
def test_bins_hold_as_many_possible_values_each(values, edges):
    np.testing.assert_allclose(bin_edges(np.array(values, float)), edges)


def test_no_known_statistic_or_score_says_so():
    statistics = pd.DataFrame({"edges": [1.0, 2.0]})
    assert "no statistic is known" in said(
        statistics_histograms_figure(statistics, pd.Series([np.nan] * 2), "aum", "t")
    )
