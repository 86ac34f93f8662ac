"""Decisions on a list of suspects: who stays, who goes, and who gets another label."""

import re

import pandas as pd
import pytest

from difficulty.csv_files import write_csv
from difficulty.errors import UserError
from difficulty.subsets.choosing import choose
from difficulty.subsets.decisions import in_words, read_decisions, relabelled, staying

CLASSES = ("ant", "bee", "-cat")


@pytest.fixture
def examples():
    """Two training images and a test image of each class, called 0, 1 and 0 within it: ants are 0, 1 and 6."""
    rows = [("train", label, number) for label in range(3) for number in range(2)]
    rows += [("test", label, 0) for label in range(3)]
    frame = pd.DataFrame(rows, columns=["split", "label", "number"])
    frame["class_name"] = frame["label"].map(dict(enumerate(CLASSES)))
    frame["key"] = frame["class_name"] + "/" + frame.pop("number").astype(str) + ".png"
    frame["file"] = frame["split"] + "/" + frame["key"]
    duplicates = pd.array([None] * len(frame), "Int64")
    return frame.assign(example_id=range(len(frame)), original_index=range(len(frame)), duplicate_of=duplicates)


@pytest.fixture
def decided(tmp_path, examples):
    """Writes a list as `suspects.csv` is written, or as Parquet, and reads it."""

    def read(rows, column="example_id", kind="csv"):
        path = tmp_path / f"mine.{kind}"
        table = pd.DataFrame(rows)
        write_csv(table, path) if kind == "csv" else table.to_parquet(path)
        return read_decisions(path, column, examples, "insects")

    return read


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_examples_stay_go_or_get_another_label(examples, decided, kind):
    rows = {
        "example_id": [0, 2, 1, 4],
        "given_label": ["ant", "bee", "ant", "-cat"],
        "suggested_label": ["bee", "ant", "-cat", None],
        "decision": ["Relabel ", "drop", None, "keep"],
    }
    decisions = decided(rows, kind=kind)
    assert decisions["decision"].to_dict() == {0: "relabel", 2: "drop", 4: "keep"}
    stays = staying(examples, decisions)
    assert stays.name == "decision" and stays.to_dict() == {
        0: "relabel",
        4: "keep",
        **dict.fromkeys([1, 3, 5, 6, 7, 8], ""),
    }
    chosen = choose(relabelled(examples, decisions), {"select": {"by": "list"}, "per_class": False, "seed": 0}, stays)
    assert chosen["example_id"].tolist() == [0, 1, 3, 4, 5, 6, 7, 8]
    assert chosen["class_name"].tolist() == ["bee", "ant", "bee", "-cat", "-cat", "ant", "bee", "-cat"]
    assert chosen["label"].tolist() == [1, 0, 1, 2, 2, 0, 1, 2] and chosen["label"].dtype == "int64"
    assert chosen["key"].tolist()[0] == "ant/0.png"  # what the source calls it


def test_files_move_to_the_folder_of_their_class_and_never_onto_another(examples, decided):
    examples.loc[2, "file"] = "train/bee/A.PNG"
    examples.loc[4, "file"] = "train/-cat/a.png"
    rows = {"example_id": [0, 1, 4], "decision": ["relabel"] * 3, "suggested_label": ["bee", "-cat", "bee"]}
    found = relabelled(examples, decided(rows))
    assert found["file"][[0, 1, 4]].tolist() == ["train/bee/0.png", "train/-cat/1-1.png", "train/bee/a-4.png"]
    assert found["file"].is_unique and found["file"][[2, 3]].equals(examples["file"][[2, 3]])


def test_a_new_label_counts_before_the_suggested_one(decided):
    rows = {
        "example_id": [0, 1],
        "decision": ["relabel"] * 2,
        "suggested_label": ["bee"] * 2,
        "new_label": ["-cat", ""],
    }
    assert decided(rows)["label"].tolist() == [2, 1]


def test_a_name_that_a_training_and_a_test_example_share_is_the_training_examples(decided):
    rows = {"key": ["ant/0.png", "-cat/1.png"], "decision": ["drop", "drop"]}
    assert decided(rows, column="key").index.tolist() == [0, 5]
    assert decided({"file": ["test/ant/0.png"], "decision": ["drop"]}, column="file").index.tolist() == [6]


def test_a_list_without_decisions_merely_names_examples(examples, decided):
    assert decided({"example_id": [0, 1], "given_label": ["ant"] * 2}) is None
    empty = decided({"example_id": [0, 1], "decision": [None, None], "suggested_label": ["bee", None]})
    assert empty.empty and relabelled(examples, empty).equals(examples)
    assert staying(examples, empty).index.tolist() == examples["example_id"].tolist()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"decision": "delete"}, "expected keep, drop, relabel or nothing as decision, got 'delete'"),
        ({"decision": "relabel", "suggested_label": "beee"}, "no class 'beee' in 'insects'; did you mean 'bee'?"),
        ({"decision": "relabel", "suggested_label": "7"}, "no class '7' in 'insects'; there are ant, bee, -cat"),
        ({"decision": "relabel"}, "relabel needs the label in the column new_label or suggested_label"),
        ({"decision": "drop", "example_id": 99}, "no example of 'insects' is called that; remove the row"),
        ({"decision": "drop", "example_id": 0}, "is decided on a second time; remove one of the rows"),
        (
            {"decision": "keep", "given_label": "bee"},
            "given_label 'bee' is not the label in 'insects', 'ant': the list",
        ),
    ],
)
def test_a_row_that_cannot_be_followed_is_named(decided, row, message):
    row = {"example_id": 1, "decision": "", "given_label": "ant", "suggested_label": "", **row}
    first = {"example_id": 0, "decision": "drop", "given_label": "ant", "suggested_label": "bee"}
    with pytest.raises(UserError, match=rf"mine\.csv: row 3 \(example_id {row['example_id']}\): ") as error:
        decided([first, row])
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"Decision": "drop"}, "mine.csv: column 'Decision': expected 'decision'"),
        ({" decisions": "drop"}, "mine.csv: column ' decisions': expected 'decision'"),
        ({"suggested_label": "bee"}, "has a column 'suggested_label' but no column 'decision'; put that back"),
        ({"given_label": "ant", "verdict": "disputed"}, "has a column 'verdict' but no column 'decision'"),
    ],
)
def test_a_list_of_suspects_that_lost_its_decisions_is_an_error(decided, columns, message):
    with pytest.raises(UserError, match=re.escape(message)):
        decided([{"example_id": 0, **columns}])


def test_what_was_decided_is_counted(decided):
    rows = [{"example_id": 0, "decision": "drop"}, {"example_id": 2, "decision": "relabel", "new_label": "ant"}]
    assert in_words(decided(rows)) == "0 kept, 1 dropped, 1 relabelled"


def test_sets_of_labels_can_be_kept_or_dropped_only(examples, decided):
    examples["label_set"] = [[label] for label in examples["label"]]
    assert len(decided({"example_id": [0], "decision": ["drop"], "given_label": ["ant+bee"]})) == 1
    with pytest.raises(UserError, match=r"row 2 .* have several labels each; keep or drop this one"):
        decided({"example_id": [0], "decision": ["relabel"], "suggested_label": ["bee"]})


def test_dropping_all_is_an_error(examples, decided):
    decisions = decided({"example_id": range(6), "decision": ["drop"] * 6})
    wanted = {"select": {"by": "list"}, "per_class": False, "seed": 0}
    with pytest.raises(UserError, match=r"select \(by list\): no training example is chosen; drop fewer"):
        choose(examples, wanted, staying(examples, decisions))


def test_a_list_without_rows_decides_nothing(tmp_path, examples):
    (tmp_path / "mine.csv").write_text("example_id,key,decision,new_label\n")
    assert read_decisions(tmp_path / "mine.csv", "example_id", examples, "insects").empty
