"""Figures of removals: what is drawn of each rule, and what the notes admit."""

import numpy as np
import pytest

from difficulty.analysis.removal import REMOVAL, REMOVAL_SUMMARY, removal_summary
from difficulty.figures.removal.rules import rules_figure
from difficulty.figures.removal.shares import shares_figure
from difficulty.tables import write_table
from tests.support.drawn_figures import drawn_figure
from tests.support.figure_reading import by_gid, said
from tests.support.removals import RULES, accuracies, table


def number(figure, experiment):
    (text,) = by_gid(figure, f"number {experiment}")
    return text.get_text()


def test_each_experiment_has_a_row_and_its_difference_from_the_control():
    found = table()
    summary = removal_summary(found, "random")
    figure = rules_figure(found, summary, "t")
    for experiment, values in accuracies().items():
        (dots,) = by_gid(figure, f"seeds accuracy {experiment}")
        assert np.sort(dots.get_xdata()) == pytest.approx(np.sort(values))
    row = summary.query("experiment == 'tenth' and measure == 'top1' and compared_with == 'control'").iloc[0]
    text = "{:+.1f}  [{:+.1f}, {:+.1f}]".format(*(100 * row[["difference", "low", "high"]].astype(float)))
    assert number(figure, "tenth") == text.replace("-", "−")
    assert not by_gid(figure, "number few") and not by_gid(figure, "number all")
    assert "difference from the control" in said(figure)


def test_without_a_control_differences_are_from_all_examples():
    found = table()
    figure = rules_figure(found, removal_summary(found), "t")
    assert by_gid(figure, "number few") and not by_gid(figure, "number all")
    assert "difference from all examples" in said(figure)


def test_rows_say_what_was_left_out_and_how_much_of_it_was_wrong():
    found = table()
    of_cut = found["experiment"] == "cut"
    known = found.assign(dropped_wrong=found["dropped_wrong"].mask(of_cut, 0.6), wrong_left=0.051)
    text = said(rules_figure(known, removal_summary(known), "t"))
    assert "score 30 dropped, 60 % of them wrong 70 images left, 5.1 % of them wrong" in text
    relabelled = known.assign(dropped=0, left=100, relabelled=8, relabelled_wrong=0.5)
    figure = rules_figure(relabelled, removal_summary(relabelled, "random"), "t")
    assert "8 relabelled, 50 % of them wrong 100 images left" in said(figure)
    assert "the control is the experiment on all examples" in said(figure)


def test_notes_say_how_long_networks_were_trained_and_which_seeds_chose():
    figure = shares_figure(table(), "t")
    assert "Trained for 4 epochs, 8 to 16 gradient steps: the fewer images, the fewer steps." in said(figure)
    assert "so not independent of the choice: cut." in said(figure)
    longer = table().assign(epoch=lambda found: np.where(found["rule"] == "random", 8, 4), seed_chose=False, steps=16)
    assert "Trained for 4 to 8 epochs, 16 gradient steps. " in said(shares_figure(longer, "t")) + " "
    assert "independent of the choice" not in said(shares_figure(longer, "t"))


def test_a_line_for_each_rule_over_what_is_left():
    figure = shares_figure(table(), "t")
    values = accuracies()
    for rule in ("score", "random"):
        (line,) = by_gid(figure, f"mean {rule}")
        names = sorted((name for name in RULES if RULES[name] == rule), key=["cut", "tenth", "few", "many"].index)
        assert line.get_ydata() == pytest.approx([values[name].mean() for name in names])
    (level,) = by_gid(figure, "mean all")
    assert level.get_ydata()[0] == pytest.approx(values["all"].mean())


def test_one_seed_has_no_interval():
    found = table().query("seed == 3")
    figure = rules_figure(found, removal_summary(found, "random"), "t")
    assert "[" not in number(figure, "cut")
    assert not by_gid(shares_figure(found, "t"), "interval all")


@pytest.mark.parametrize("name", ["rules", "shares"])
def test_titles_name_the_removal(tmp_path, name):
    write_table(table(), tmp_path / "cleaned.parquet", REMOVAL)
    write_table(removal_summary(table(), "random"), tmp_path / "cleaned-summary.parquet", REMOVAL_SUMMARY)
    files = {"table": tmp_path / "cleaned.parquet", "summary": tmp_path / "cleaned-summary.parquet"}
    assert said(drawn_figure(f"removal.{name}", **files)).count("cleaned: ") == 1
