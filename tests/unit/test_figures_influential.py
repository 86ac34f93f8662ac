"""Figure of influential images: which are shown in which order, what is painted and what is written."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from difficulty.figures.influence.choice import choose_influential
from difficulty.figures.influence.influential import hidden_duplicates, influential_figure
from difficulty.figures.influence.sheet import DUPLICATE, fitted, signed
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.palette import CORRUPT, WRONG_TEXT
from tests.support.figure_reading import by_gid, said, texts_of
from tests.support.influential_stand_ins import (
    FIRST_HARMFUL,
    FIRST_QUERY,
    make_overall,
    make_queries,
    make_tops,
    painted,
)

OVERALL = [0.5, -2, 0, 3, -1]


def draw(queries=1, tops=None, overall=OVERALL, planted=(), names=None, shape=(64, 64, 1), **limits):
    """The image of example i is of the one value i, its class i % 10; a planted label is the next class."""
    queries = make_queries(queries) if isinstance(queries, int) else queries
    tops = make_tops(queries) if tops is None else tops
    chosen = choose_influential(tops, make_overall(overall), queries, **limits)
    shown = chosen.example_ids()
    images = np.broadcast_to(shown.astype(np.uint8)[:, None, None, None], (len(shown), *shape))
    corrupt = np.isin(shown, planted)
    labels = pd.DataFrame({"label": shown % 10 + corrupt, "clean_label": shown % 10, "is_corrupt": corrupt}, shown)
    return influential_figure(chosen, labels, images, names or {}, "t")


def has_color(figure, color):
    return (figure.axes[0].images[0].get_array() == np.round(np.array(to_rgb(color)) * 255)).all(axis=2).any()


def test_queries_are_evenly_spread_and_tops_go_by_rank():
    queries = make_queries(9)
    chosen = choose_influential(make_tops(queries, 5, 1), make_overall(OVERALL), queries, 3, images=2)
    shown = [FIRST_QUERY, FIRST_QUERY + 4, FIRST_QUERY + 8]
    assert chosen.queries["example_id"].tolist() == shown
    assert chosen.total == 9
    for _, tops in chosen.tops.groupby("query_id"):
        assert tops.loc[tops["helpful"], "example_id"].tolist() == [0, 1]
        assert tops.loc[~tops["helpful"], "example_id"].tolist() == [FIRST_HARMFUL]
    assert not len(chosen.hidden)
    assert chosen.example_ids().tolist() == [0, 1, 3, 4, FIRST_HARMFUL, *shown]


def test_overall_are_the_most_extreme_of_each_sign():
    queries = make_queries(1)
    chosen = choose_influential(make_tops(queries), make_overall([1, -2, 0, 3, -1, 1, 2]), queries, most_overall=3)
    assert chosen.overall[True]["example_id"].tolist() == [3, 6, 0]
    assert chosen.overall[False]["example_id"].tolist() == [1, 4]


def test_images_are_painted_in_rows_of_a_query_its_helpful_and_its_harmful_ones():
    queries = make_queries(2)
    tops = make_tops(queries, 3, 2).query("query_id == 150 or not helpful")
    assert painted(draw(queries, tops, images=2)) == [[150, 0, 1, 50, 51], [151, 50, 51], [3, 0, 1, 4]]


def test_overall_images_take_as_many_lines_as_they_need():
    assert painted(draw(overall=range(-3, 3), images=2))[1:] == [[5, 4, 0, 1], [2]]


def test_captions_are_the_influence_and_the_given_label():
    figure = draw(names={0: "cat", 1: "dog"}, images=2)
    captions = [text.get_text() for text in by_gid(figure, "training")]
    assert captions[:8] == ["+1.00", "cat", "+0.500", "dog", "−1.00", "cat", "−0.500", "dog"]
    assert captions[8:14] == ["+3.00", "top of 3", "3", "+0.500", "top of 0", "cat"]
    assert captions[14:] == ["−2.00", "top of 2", "dog", "−1.00", "top of 8", "4"]
    bold = [text.get_text() for text in by_gid(figure, "training") if text.get_weight() == "bold"]
    assert bold == ["cat", "cat"]


def test_a_wrong_prediction_is_red():
    queries = make_queries(3).assign(predicted=pd.array([0, 7, None], "Int64"))
    written = {text.get_text(): text.get_color() for text in by_gid(draw(queries, names={7: "dog"}), "query")}
    assert set(written) == {"label: 0", "label: 1", "predicted: dog", "label: 2"}
    assert [text for text, color in written.items() if color == WRONG_TEXT] == ["predicted: dog"]


def test_planted_labels_are_framed_and_the_clean_one_is_in_brackets():
    plain, planted = draw(), draw(planted=[1], names={1: "cat", 2: "dog"})
    assert not has_color(plain, CORRUPT)
    assert "Amber" not in said(plain)
    assert has_color(planted, CORRUPT)
    assert "Amber frame" in said(planted)
    captions = [text.get_text() for text in by_gid(planted, "training")]
    assert captions[captions.index("(cat)") - 1] == "dog"


def test_a_duplicate_among_the_tops_is_framed():
    tops = make_tops(make_queries(1))
    figure = draw(tops=tops.assign(is_duplicate=tops["example_id"] == 1))
    assert has_color(figure, DUPLICATE)
    assert "Blue frame" in said(figure)
    assert "duplicate in training" not in said(figure)


def test_a_duplicate_with_a_planted_label_has_both_frames():
    tops = make_tops(make_queries(1), 2, 0)
    figure = draw(tops=tops.assign(is_duplicate=tops["example_id"] == 1), overall=[0], planted=[1])
    assert has_color(figure, DUPLICATE)
    assert has_color(figure, CORRUPT)


def test_a_duplicate_beyond_the_tops_is_told_beside_its_query():
    tops = make_tops(make_queries(2))
    tops.loc[(tops["query_id"] == FIRST_QUERY) & (tops["example_id"] == 2), ["is_duplicate", "rank"]] = [True, 1412]
    figure = draw(2, tops)
    texts = [text.get_text() for text in by_gid(figure, "query")]
    assert texts == ["label: 0", "duplicate in training:", "helpful, rank 1,412", "label: 1"]
    assert painted(figure)[0] == [150, 0, 1, 50, 51, 52]
    assert not has_color(figure, DUPLICATE)
    assert "Blue" not in said(figure)


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([], []),
        ([7, 9], ["2 duplicates in training:", "harmful, rank 7", "harmful, rank 9"]),
        ([7, 9, 11], ["3 duplicates in training:", "harmful, rank 7", "and 2 more"]),
    ],
)
def test_several_duplicates_take_three_lines_at_most(ranks, expected):
    assert hidden_duplicates(pd.DataFrame({"helpful": False, "rank": ranks})) == expected


def test_influence_has_a_sign_and_three_digits():
    expected = {0.0123456: "+0.0123", -0.6: "−0.600", 2e-7: "+2.00e-07", -4.5e-5: "−4.50e-05", 123.4: "+123"}
    expected |= {0: "+0.00", -12345: "−12,300", 999.9: "+1,000", 4.2e6: "+4.20e+06"}
    assert {value: signed(value) for value in expected} == expected


def test_names_are_shortened_to_the_room_they_have():
    with styled():
        assert fitted("iiiiiiiiii", 80, 5.5, "normal", "({})") == "(iiiiiiiiii)"
        wide = fitted("WWWWWWWWWW", 80, 5.5, "normal", "({})")
        assert fitted("", 80, 5.5, "normal", "({})") == "()"
    assert wide.startswith("(WW")
    assert wide.endswith("…)")


def test_notes_count_queries_and_runs():
    tops = make_tops(make_queries(12))
    notes = said(draw(12, tops))
    assert "10 of 12 test images, evenly spread" in notes
    assert "over all 12 queries" in notes
    assert "(5 runs)" in notes
    notes = said(draw(1, tops.assign(runs=np.arange(len(tops)) % 3 + 2)))
    assert "Queries: 1 test image;" in notes
    assert "over the one query" in notes
    assert "(2 to 4 runs)" in notes


def test_a_sign_without_images_says_none():
    texts = texts_of(draw(tops=make_tops(make_queries(1), 2, 0), overall=[1, 2]))
    assert texts.count("none") == 2
    assert texts_of(draw(tops=make_tops(make_queries(0)), overall=[])).count("none") == 4


def test_no_queries_say_so():
    assert "no test image was chosen as a query" in said(draw(0, overall=[]))


def boxes(texts):
    """Left, right, bottom and top edges of texts that were drawn, in pixels."""
    return np.array([[box.x0, box.x1, box.y0, box.y1] for box in (text.get_window_extent() for text in texts)]).T


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ((8, 8, 1), "{}"),
        ((300, 200, 3), "WWWWWWWWWWWW {}"),
        ((6, 64, 1), "a long class name {}"),
        ((64, 3, 3), "{}"),
    ],
)
def test_no_text_overlaps_another_or_leaves_the_figure(shape, name):
    queries = make_queries(3).assign(predicted=pd.array([0, 3, 4], "Int64"))
    tops = make_tops(queries, 7, 9)
    tops["is_duplicate"] = tops["rank"] == 6
    names = {label: name.format(label) for label in range(11)}
    figure = draw(queries, tops, range(-20, 5), [0, 1, 52], names, shape)
    texts_of(figure)
    left, right, bottom, top = boxes(by_gid(figure, "training") + by_gid(figure, "query"))
    across = (left[:, None] < right) & (left < right[:, None])
    slack = 0.1 * (top - bottom).mean()  # ascenders and descenders
    down = (bottom[:, None] + slack < top) & (bottom + slack < top[:, None])
    assert (across & down).sum() == len(left)  # each with itself alone
    assert left.min() >= 0
    assert right.max() <= figure.bbox.width
    assert bottom.min() >= 0
