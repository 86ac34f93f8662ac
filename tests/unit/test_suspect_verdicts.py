"""One word on each example by the rules of docs/acting.md, the first that holds; sentences of their numbers."""

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.suspect_remarks import remarks
from difficulty.analysis.suspect_verdicts import Predictions, Training, sentences, undecided, verdicts
from difficulty.datasets.duplicates import conflicts

UNKNOWN = np.nan


def facts(
    probability=UNKNOWN, given=1.0, other=0.0, held_out=False, correctness=0.8, learned=3.0, consistency=UNKNOWN,
    neighbors=UNKNOWN, duplicate=None,
):  # fmt: skip
    predictions = Predictions(np.array([given]), np.array([other]), np.array(["bee"], object), np.array([held_out]))
    numbers = (np.array([value]) for value in (correctness, learned, consistency, neighbors))
    return np.array([probability]), predictions, Training(20, *numbers), np.array([duplicate], object)


@pytest.mark.parametrize(
    ("known", "word"),
    [
        ({"probability": 0.51}, "likely wrong label"),
        ({"probability": 0.5, "other": 0.6, "given": 0.1, "learned": 21.0}, "disputed"),
        ({"other": 0.51, "given": 0.49}, "disputed"),
        ({"other": 0.5, "given": 0.5}, "ambiguous"),
        ({"other": 0.25, "given": 0.75}, "ambiguous"),
        ({"other": 0.24, "given": 0.76}, "typical"),
        ({"duplicate": "the test split has the same image as x", "correctness": 1.0}, "duplicate or leak"),
        ({"duplicate": "the same image is there as x", "probability": 0.9}, "likely wrong label"),
        ({"learned": 15.0}, "typical"),
        ({"learned": 15.1}, "atypical"),
        ({"learned": 21.0, "correctness": 0.9}, "atypical"),
        ({"consistency": 0.4, "correctness": 1.0}, "atypical"),
        ({"consistency": 0.5, "correctness": 0.9}, "easy"),
        ({"correctness": 0.89}, "typical"),
        ({"correctness": UNKNOWN, "learned": UNKNOWN, "given": 0.9, "other": 0.1}, "easy"),
        ({"correctness": UNKNOWN, "learned": UNKNOWN, "given": 0.8, "other": 0.2}, "typical"),
    ],
)
def test_the_first_rule_that_holds_gives_the_word(known, word):
    assert verdicts(*facts(**known)).tolist() == [word]


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (
            {"given": 0.0, "other": 1.0, "learned": 21.0, "correctness": 0.0},
            "Networks predict the given label in 0% of the cases and bee in 100%; training never learned it",
        ),
        (
            {"given": 0.25, "other": 0.5, "held_out": True, "learned": 21.0, "neighbors": 0.875, "probability": 0.75},
            "Networks that have not seen it predict the given label in 25% of the cases and bee in 50%; training did "
            "not learn it for good; its nearest images vote for other labels with 88%; the label is wrong with "
            "probability 0.75",
        ),
        (
            {"consistency": 0.5, "duplicate": "the test split has the same image as a, labelled bee"},
            "Networks predict the given label in 100% of the cases; it is learned for good from epoch 3 of 20 on "
            "(mean over runs); 50% of the networks that have not seen it are right; the test split has the same image "
            "as a, labelled bee",
        ),
    ],
)
def test_the_evidence_is_a_sentence_of_its_own_numbers(known, sentence):
    assert sentences(*facts(**known), np.array([None])) == [sentence]
    assert sentences(*facts(**known), np.array(["none has its label"])) == [f"{sentence}; none has its label"]
    words, text = undecided("networks did not fit", [sentence])
    assert words.tolist() == ["undecided"] and text == [f"{sentence}. Networks did not fit."]


def test_images_that_are_tested_on_or_labelled_otherwise_elsewhere_are_named():
    examples = pd.DataFrame(
        [
            (0, "train", "a", "ant", pd.NA),
            (1, "train", "b", "bee", 0),
            (2, "test", "c", "ant", 0),
            (3, "train", "d", "ant", pd.NA),
            (4, "train", "e", "ant", 3),  # twice with one label does no harm
            (5, "train", "f", "ant", pd.NA),
            (6, "train", "g", "bee", 5),
        ],
        columns=["example_id", "split", "key", "class_name", "duplicate_of"],
    )
    assert conflicts(examples) == {
        0: "the test split has the same image as c, labelled ant",
        1: "the test split has the same image as c, labelled ant",
        5: "the same image is there as g, labelled bee",
        6: "the same image is there as f, labelled ant",
    }


def test_near_duplicates_that_are_tested_on_or_labelled_otherwise_are_remarked_on():
    rows = [(0, "train", "a", "ant"), (1, "train", "b", "bee"), (2, "test", "c", "ant"), (3, "train", "d", "ant")]
    rows += [(4, "train", "e", "wasp"), *((number, "train", f"f{number}", "ant") for number in range(10, 80))]
    examples = pd.DataFrame(rows, columns=["example_id", "split", "key", "class_name"])
    near = [
        (0, 3, 0.99, False),  # with one label, both trained on
        (0, 1, 0.95, False),
        (2, 3, 0.91, False),
        (0, 2, 0.90, False),  # not the nearest
        (1, 3, 0.90, True),  # told of identical files
        (1, 9, 0.90, False),  # of no image of a subset
    ]
    similar = pd.DataFrame(near, columns=["example_id", "other_id", "cosine", "identical"])
    alone = {4: "no other image has its label", 1: "no other image has its label"}
    assert remarks(examples) == alone and remarks(examples, similar[:0]) == alone
    assert remarks(examples, similar) == {
        4: alone[4],
        0: "nearly the same image is b, labelled bee (cosine 0.95)",
        1: f"{alone[1]}; nearly the same image is a, labelled ant (cosine 0.95)",
        3: "nearly the same image is in the test split, c, labelled ant (cosine 0.91)",
    }
    few = examples[examples["example_id"] < 5]  # most have such a neighbour: these features tell nothing of duplicates
    assert remarks(few, similar) == alone
