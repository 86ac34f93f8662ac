"""The figure of agreement of influence shows the numbers of its tables, whatever there is to compare."""

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.influence_agreement import INFLUENCE_AGREEMENT, INFLUENCE_SAMPLE, SELF, compare_blocks
from difficulty.figures.influence.agreement import influence_agreement_figure
from difficulty.figures.influence.numbers import correlation_text, number_text, range_text, tick_text
from difficulty.figures.influence.scales import InfluenceScale
from difficulty.figures.style.appearance import styled
from difficulty.tables import write_table
from tests.support.drawn_figures import drawn_figure
from tests.support.figure_reading import by_gid, said, texts_of

VARIANTS = ["identity", "kfac", "ekfac", "ekfac_bfloat16"]


def made(queries=("hardest",), variants=VARIANTS, change=lambda own, pairs: None):
    """Tables of agreement and sample of 60 self-influences, and of 5 queries on 50 examples."""
    draws = np.random.default_rng(0)
    own = np.exp(draws.normal(size=(len(variants), 1, 60)) + 8 * draws.normal(size=60)).astype(np.float32)
    pairs = draws.standard_t(2, (len(variants), 5, 50)).astype(np.float32)
    change(own, pairs)
    parts = list(compare_blocks(SELF, variants, 1, np.arange(60), [([None], own)]))
    for name in queries:
        parts += compare_blocks(name, variants, 5, np.arange(50), [(np.arange(5), pairs)])
    return [pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)]


def says_nan(figure):
    return any("nan" in text.lower() for text in texts_of(figure))


def test_points_lines_and_numbers_are_those_of_the_tables():
    agreement, sample = made()
    figure = influence_agreement_figure(agreement, sample, "t", "seed-0")
    texts = texts_of(figure)
    assert "Self-influence: 60 examples" in texts
    assert "Influence on hardest: 5 queries × 50 training examples" in texts
    assert "Run seed-0." in said(figure)
    for name in (SELF, "hardest"):
        own = sample[sample["compared"] == name]
        x, y = (own.loc[own["variant"] == variant, "influence"] for variant in ("kfac", "ekfac"))
        (points,) = by_gid(figure, f"points {name} kfac ekfac")
        np.testing.assert_allclose(points.get_offsets(), np.stack([x, y], axis=1))
        rows = agreement.query("compared == @name and reference == 'kfac' and other == 'ekfac'")
        median = rows[["spearman", "slope", "intercept"]].median()
        (line,) = by_gid(figure, f"fitted {name} kfac ekfac")
        fitted = median["slope"] * line.get_xdata() + median["intercept"]
        drawn = np.isfinite(line.get_ydata())
        np.testing.assert_allclose(line.get_ydata()[drawn], fitted[drawn])
        assert (fitted[~drawn] <= 0).all()
        assert drawn.all() or name == SELF
        (equal,) = by_gid(figure, f"equal {name} kfac ekfac")
        np.testing.assert_array_equal(equal.get_xdata(), equal.get_ydata())
        assert correlation_text(median["spearman"]) in texts
        assert f"slope {number_text(median['slope'])}" in texts
    low, high = rows["slope"].quantile([0.1, 0.9])
    assert range_text(low, high) in texts
    assert not says_nan(figure)


def test_every_pair_has_a_panel_and_a_cell():
    agreement, sample = made(queries=("hardest", "random"))
    figure = influence_agreement_figure(agreement, sample, "t")
    assert len(figure.axes) == 3 * len(VARIANTS) ** 2
    assert sum(text.startswith("slope ") for text in texts_of(figure)) == 3 * 6


@pytest.mark.parametrize("count", [2, 8])
def test_no_text_is_cut_or_overlaps_another_of_its_cell(count):
    variants = [
        "identity",
        "diagonal",
        "kfac",
        "ekfac",
        *(f"{v}_bfloat16" for v in ("identity", "diagonal", "kfac", "ekfac")),
    ]
    tables = [table[table["compared"] == "hardest"] for table in made(variants=variants[:count])]
    figure = influence_agreement_figure(*tables, "t")
    with styled():
        figure.draw_without_rendering()
    canvas = figure.bbox
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        for number, box in enumerate(boxes):
            assert axes.bbox.x0 - 1 <= box.x0 and box.x1 <= axes.bbox.x1 + 1
            assert not any(box.overlaps(other) for other in boxes[:number])
        labels = [axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
        for label in labels:
            box = label.get_window_extent()
            assert not label.get_text() or (canvas.x0 <= box.x0 and box.x1 <= canvas.x1 and box.y0 >= canvas.y0)


def test_without_queries_nothing_is_said_of_them():
    text = said(influence_agreement_figure(*made(queries=()), "t"))
    assert "queries, which has a sign" not in text
    assert "Self-influence: 60 examples" in text


def test_one_variant_is_nothing_to_compare():
    figure = influence_agreement_figure(*made(variants=["ekfac"]), "t")
    assert "computed in one way only" in said(figure)


def test_constant_zero_and_infinite_influence():
    def change(own, pairs):
        own[1], own[2, 0, :3] = 0, 0
        pairs[1], pairs[0, 2], pairs[3, 4, 7] = 3, 0, np.nan

    agreement, sample = made(change=change)
    figure = influence_agreement_figure(agreement, sample, "t")
    text = said(figure)
    undefined, correlations = agreement["spearman"].isna().sum(), len(agreement)
    assert f"constant or not finite: {undefined} of {correlations} correlations." in text
    assert "on which they are 0: 60 examples." in text
    assert text.count("not defined") == 6
    assert text.count("none above 0") == 3
    (points,) = by_gid(figure, "points self identity ekfac")
    assert len(points.get_offsets()) == 57
    assert not says_nan(figure)

    def nothing(own, pairs):
        own[:], pairs[:] = 0, np.nan

    assert not says_nan(influence_agreement_figure(*made(change=nothing), "t"))


@pytest.mark.parametrize(
    "values",
    [[1e-9, 1e9], [0.8, 1.3], [1.001, 1.002], [5.0, 5.0], [0.0, 0.0], [-1e-3, 1e6], [-7.0, -5.0], [3.0], [np.nan]],
)
@pytest.mark.parametrize("signed", [True, False])
def test_scales_hold_their_values_and_few_round_ticks(values, signed):
    values = np.array(values)
    scale = InfluenceScale.of(values, signed)
    shown = values[np.isfinite(values) & (signed | (values > 0))]
    assert scale.low < scale.high
    assert ((scale.low < shown) & (shown < scale.high)).all()
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 3
    assert all(scale.low < tick < scale.high for tick in ticks)
    np.testing.assert_allclose(scale.forward(scale.backward(np.array([0.5, 2]))), [0.5, 2])


def test_numbers_are_short():
    assert [number_text(value) for value in (0.25, 1, 123.4, 2570, -3.1e-5)] == [
        "0.250",
        "1.00",
        "123",
        "2.57×10³",
        "−3.10×10⁻⁵",
    ]
    assert range_text(0.954, 1.12) == "0.954 to 1.120"
    assert range_text(-1e-9, 975.4) == "−0.0 to 975.4"
    assert range_text(-800, 23000) == "(−0.1 to 2.3)×10⁴"
    assert [tick_text(value) for value in (0, 0.1, -5e4, -1e6, 1e-3)] == ["0", "0.1", "−5×10⁴", "−10⁶", "10⁻³"]
    assert [correlation_text(value) for value in (0.9984, -0.12, 1, -0.0001)] == [".998", "−.120", "1.000", ".000"]


def test_title_and_run_are_those_of_the_tables(tmp_path):
    tables = dict(zip(("agreement", "sample"), made(), strict=True))
    files = {name: tmp_path / "noisy" / f"{name}.parquet" for name in tables}
    for schema, (name, table) in zip((INFLUENCE_AGREEMENT, INFLUENCE_SAMPLE), tables.items(), strict=True):
        write_table(table, files[name], schema, {"run": "seed-3"})
    text = said(drawn_figure("influence.agreement", **files))
    assert "noisy: how far do approximations of influence agree?" in text and "seed-3" in text
