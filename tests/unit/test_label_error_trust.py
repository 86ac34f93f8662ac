"""How many labels are wrong, in a row and a table, and whether to trust it."""

from types import SimpleNamespace

import numpy as np
import pytest

from difficulty.analysis.label_errors.summary import NO_CONFUSION, confusion, facts_of, reliability
from difficulty.analysis.label_errors.trust import Facts, verdict


def test_reliability_is_the_stepped_up_rank_correlation():
    """Spearman 1 - 6 sum d^2 / (n (n^2 - 1)); Brown 2 r / (1 + r)."""
    one, two = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 3, 5, 4])
    r = 1 - 6 * 4 / (5 * 24)
    assert reliability([one, two]) == pytest.approx(2 * r / (1 + r))
    assert np.isnan(reliability([one])) and reliability([one, -one]) == 0


def test_confusion_shares_out_what_is_wrong_among_the_other_classes():
    likely = np.array([[0.9, 0.05, 0.05], [0.4, 0.6, 0], [0.25, 0.5, 0.25], [np.nan] * 3])
    wrong = np.array([0.2, 0.5, 0.3, np.nan])
    found = SimpleNamespace(classes=3, likely=lambda: [(np.arange(2), likely[:2]), (np.array([2]), likely[2:3])])
    table = confusion(found, wrong, np.array([0, 0, 1, 2]), ["ant", "bee", "wasp"])
    assert table["expected"].tolist() == pytest.approx([0.1 + 0.5, 0.1, 0.15, 0.15])
    assert table[["given_class", "likely_class", "examples"]].to_numpy().tolist() == [
        ["ant", "bee", 2],
        ["ant", "wasp", 2],
        ["bee", "ant", 1],
        ["bee", "wasp", 1],
    ]
    assert NO_CONFUSION.empty and list(NO_CONFUSION) == list(table)


def test_networks_that_are_left_out_do_not_bear_on_trust():
    order = np.arange(200.0)
    networks = SimpleNamespace(fitted=[0.4], tested=[])
    right = np.tile([[0.9, 0.1], [0.1, 0.9]], (100, 1))
    said = SimpleNamespace(
        networks=networks, of_seeds={"a": order, "b": -order}, predictors={"features": right}, left_out={}
    )
    labels = np.tile([0, 1], 100)
    assert not verdict(facts_of(said, labels))[0]
    said.left_out = {"networks": "networks are left out"}
    assert verdict(facts_of(said, labels)) == (True, "100% of the labels are predicted without having been seen")


@pytest.mark.parametrize(
    ("facts", "trusted", "says"),
    [
        (Facts(10_000, 1.0, 1.0, 1.0, 0.9), False, "all training images have the same label"),
        (
            Facts(10_000, 0.5, 0.6, np.nan, 0.9),
            False,
            "did not fit the training images (they are right about 60% of the labels",
        ),
        (Facts(10_000, 0.5, 0.97, np.nan, 0.4), False, "order the images differently (reliability 0.40)"),
        (Facts(10_000, 0.1, 0.97, 0.3, 0.9), False, "predicted poorly (30% of 10,000 labels"),
        (Facts(118, 0.5, 0.97, 0.7, 0.9), False, "predicted poorly (70% of 118 labels"),  # 62 % is not ruled out
        (Facts(1000, 0.5, 0.97, 0.7, 0.9), True, "70% of the labels are predicted without having been seen"),
        (Facts(10_000, 0.1, 0.97, 0.8, 0.9, corrected=True), False, "other networks have replaced labels"),
        (Facts(10_000, 0.1, 0.97, 0.8, 0.9, 100, 300), True, "uncertain (100 to 300)"),
        (
            Facts(10_000, 0.1, 0.97, 0.8, 0.9, 100, 150),
            True,
            "fit 97% of the labels; seeds agree (reliability 0.90)",
        ),
        (Facts(10_000, 0.1, 0.97, np.nan, np.nan), True, "with one seed it is not known whether others agree"),
    ],
)
def test_trust(facts, trusted, says):
    found, reason = verdict(facts)
    assert found == trusted and says in reason
