"""A user's own records are read in any order, checked, and give the same outcomes as training's."""

from argparse import Namespace
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.special

import import_examples
import import_records
from difficulty.datasets import record_stream
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.records import check_same_examples, check_same_shape, read_own_records
from difficulty.errors import UserError
from difficulty.tables import read_table, write_table
from difficulty.training.run_tables import HISTORY, RECORDS

EPOCHS, COUNT, CLASSES = 3, 5, 4
SETTINGS = {"example_id": "id", "epoch": "epoch", "label": "y", "logits": "z"}
IMPORTED = {"settings": SETTINGS, "code": "", "upstream": ""}


@pytest.fixture
def table():
    """One row per example and epoch; ids are not positions."""
    draws = np.random.default_rng(0)
    ids = np.tile(np.array([7, 3, 11, 5, 2]), EPOCHS)
    logits = draws.normal(size=(EPOCHS * COUNT, CLASSES))
    return pd.DataFrame(
        {
            "id": ids,
            "epoch": np.repeat(np.arange(1, EPOCHS + 1), COUNT),
            "y": ids % CLASSES,
            "z": list(logits),
            "p": list(scipy.special.softmax(logits, axis=1)),
            "part": np.where(ids < 6, "train", "val"),
            "hard": np.where(ids == 7, np.nan, ids / 10),
        }
    )


@pytest.fixture(params=["whole", "stream"], autouse=True)
def reading(request, monkeypatch):
    """Files are read as a whole, or two rows at a time where they are in the order of epochs."""
    if request.param == "stream":
        monkeypatch.setattr(record_stream, "_WHOLE_BELOW", 0)
        monkeypatch.setattr(record_stream, "_ROWS", 2)
        monkeypatch.setattr(record_stream, "_NUMBERS", 2 * CLASSES)
        monkeypatch.setattr(record_stream, "_TOGETHER", 1)
    return request.param


def read(table, path, **settings):
    """The records, all of which have been read."""
    table.to_parquet(path)
    own = read_own_records(path, {**SETTINGS, **settings})
    logits_of(own)
    return own


def logits_of(own):
    """(E, N, C)."""
    found = np.full((own.epochs, len(own.examples), own.classes), np.nan, np.float32)
    for epoch, positions, logits in own.logits():
        found[epoch - 1, positions] = logits
    return found


def test_rows_may_come_in_any_order_and_epochs_may_count_from_zero(table, tmp_path):
    expected = read(table, tmp_path / "a.parquet")
    assert expected.examples["example_id"].tolist() == [2, 3, 5, 7, 11]
    assert logits_of(expected).shape == (EPOCHS, COUNT, CLASSES)
    row = table[(table["id"] == 5) & (table["epoch"] == 2)].iloc[0]
    np.testing.assert_allclose(logits_of(expected)[1, 2], row["z"], rtol=1e-6)
    shuffled = table.assign(epoch=table["epoch"] - 1).sample(frac=1, random_state=1)
    found = read(shuffled, tmp_path / "b.parquet")
    np.testing.assert_array_equal(logits_of(found), logits_of(expected))
    pd.testing.assert_frame_equal(found.examples, expected.examples)


def test_only_files_in_the_order_of_epochs_are_read_in_parts(table, tmp_path, reading):
    """Examples may have another order in each epoch; what changes of them is an error that the whole file tells."""
    orders = [table, pd.concat([table[:5], table[5:10][::-1], table[10:]]), table.assign(epoch=table["epoch"] - 1)]
    others = [table[::-1], table.sort_values(["id", "epoch"]), edited(table, 8, y=3), table[:-1], table[5:]]
    for rows, is_streamed in [(rows, True) for rows in orders] + [(rows, False) for rows in others]:
        rows.to_parquet(tmp_path / "own.parquet")
        found = record_stream.open_stream(tmp_path / "own.parquet", SETTINGS, "logits", ["y"])
        assert (found is not None) == (is_streamed and reading == "stream")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-COUNT],
        lambda t: t[t["id"] != 5],
        lambda t: t.replace({"id": {5: 6}}),
        lambda t: t.replace({"id": {11: 12}}),
        lambda t: t.assign(id=np.where(np.arange(len(t)) == len(t) - 1, 7, t["id"])),  # one twice in the last epoch
        lambda t: t[:0],
        lambda t: t.assign(epoch=t["epoch"] - 1),
        lambda t: pd.concat([t, t[:COUNT].assign(epoch=EPOCHS + 1)]),
    ],
)
def test_a_file_that_changes_while_it_is_read_in_parts_is_noticed(table, tmp_path, reading, change):
    """Or of which a damaged part gives fewer rows."""
    table.to_parquet(tmp_path / "own.parquet")
    own = read_own_records(tmp_path / "own.parquet", SETTINGS)
    change(table).to_parquet(tmp_path / "own.parquet")
    expected = pytest.raises(UserError, match=r"own\.parquet: is damaged, or was changed while it was read")
    with expected if reading == "stream" else nullcontext():
        logits_of(own)


def test_probabilities_have_the_softmax_and_the_margins_of_their_logits(table, tmp_path):
    logits = logits_of(read(table, tmp_path / "a.parquet"))
    settings = {"probabilities": "p", **{key: SETTINGS[key] for key in ("example_id", "epoch", "label")}}
    found = logits_of(read_own_records(tmp_path / "a.parquet", settings))
    np.testing.assert_allclose(scipy.special.softmax(found, -1), scipy.special.softmax(logits, -1), rtol=1e-5)
    np.testing.assert_allclose(np.diff(found, axis=-1), np.diff(logits, axis=-1), rtol=1e-4, atol=1e-5)


def test_facts_of_examples(table, tmp_path):
    examples = read(table, tmp_path / "a.parquet", split="part", truth=["hard"], key="id").examples
    assert examples["split"].tolist() == ["train", "train", "train", "test", "test"]
    assert examples["key"].tolist() == ["2", "3", "5", "7", "11"]
    np.testing.assert_array_equal(examples["hard"], [0.2, 0.3, 0.5, np.nan, 1.1])
    assert examples["class_name"].tolist() == ["2", "3", "1", "3", "3"]


def edited(table, row, **values):
    """The table with other values in one row."""
    replaced = {
        name: [value if place == row else old for place, old in enumerate(table[name])]
        for name, value in values.items()
    }
    return table.assign(**replaced)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: t.drop(index=4), r"1 missing, first \(example 2, epoch 1\)"),
        (lambda t: t.drop(index=[3, 11]), r"2 missing, first \(example 5, epoch 1\)"),
        (lambda t: t.iloc[:-2], r"2 missing, first \(example 2, epoch 3\)"),
        (lambda t: pd.concat([t, t.iloc[[4]]]), r"some are there twice, first \(example 2, epoch 1\)"),
        (lambda t: t.assign(epoch=t["epoch"] + 4), "the first epoch is 5; epochs count from 1, or from 0"),
        (lambda t: t.assign(epoch=t["epoch"] * 10**9 - 10**9), "no rows between epoch 0 and 1000000000"),
        (lambda t: t[t["epoch"] != 2], "no rows between epoch 1 and 3"),
        (lambda t: t.assign(epoch=t["epoch"] + 0.5), "column 'epoch' is not a whole number"),
        (lambda t: t.iloc[:0], "column 'z' is null|no rows"),
        (lambda t: edited(t, 5, y=1), r"column 'y' changes between epochs; it must not: \(example 7, epoch 2\)"),
        (
            lambda t: t.assign(y=t["y"] + 1),
            r"column 'y': label beyond the 4 named classes in 3 of 5 rows \(example 3: 4, example 7: 4, ",
        ),
        (
            lambda t: t.assign(y=-1),
            r"negative label in 5 of 5 rows \(example 2: -1, .*, \.\.\.\); correct these labels",
        ),
        (lambda t: t.assign(y=t["y"].where(t["id"] != 7)), r"no label in 1 of 5 rows \(example 7: n(ull|an)\)"),
        (lambda t: t.assign(y=t["y"] + 0.5), "label that is no whole number in 5 of 5 rows"),
        (lambda t: t.assign(y=t["y"] - 3), r"column 'y': negative label in 2 of 5 rows"),
        (lambda t: t.assign(y="cat"), r"label that is none of the 4 classes in 5 of 5 rows \(example 2: cat"),
        (lambda t: t.assign(id=t["id"] + 0.5), "column 'id' is not a whole number"),
        (lambda t: edited(t, 2, z=np.zeros(3)), r"4 in the first row, other than in \(example 11, epoch 1\)"),
        (lambda t: edited(t, 2, z=None), r"4 in the first row, other than in \(example 11, epoch 1\)"),
        (
            lambda t: edited(t, 2, z=np.array([0, np.inf, 0, 0])),
            r"1 numbers that are not finite.*\(example 11, epoch 1\)",
        ),
        (
            lambda t: edited(t, 7, z=np.array([0, np.nan, 0, 0])),
            r"1 numbers that are not finite.*\(example 11, epoch 2\)",
        ),
        (lambda t: edited(t, 7, z=np.array([0, 1e300, 0, 0])), r"too large for float32: \(example 11, epoch 2\)"),
        (lambda t: t.assign(z=1.0), "column 'z' is double, expected a list"),
        (lambda t: t.assign(z=[["a", "b"]] * len(t)), "expected a list of one number per class"),
        (lambda t: t.assign(y=[[1, 0]] * len(t)), "column 'y': lists of up to 2 values in 15 of 15 rows"),
        (lambda t: t.assign(hard=[[1]] * len(t)), "column 'hard' is list.* expected one value in every row"),
        (lambda t: t.drop(columns="z"), "no column 'z'; it has id, epoch"),
    ],
)
def test_what_cannot_be_records_is_named(table, tmp_path, edit, message):
    with pytest.raises(UserError, match=rf"own\.parquet: .*({message})"):
        read(edit(table), tmp_path / "own.parquet", truth=["hard"])


@pytest.mark.parametrize("kind", [float, str, "category", np.uint8])
def test_class_numbers_may_be_stored_in_any_type(table, tmp_path, kind):
    expected = read(table, tmp_path / "a.parquet").examples
    found = read(table.assign(y=table["y"].astype(kind)), tmp_path / "b.parquet").examples
    pd.testing.assert_frame_equal(found, expected)


def test_a_label_that_is_missing_at_one_epoch_has_changed(table, tmp_path):
    with pytest.raises(UserError, match=r"column 'y' changes between epochs; it must not: \(example 7, epoch 2\)"):
        read(edited(table, 5, y=np.nan), tmp_path / "own.parquet", unlabelled="skip")


def test_examples_without_a_class_may_be_left_out(table, tmp_path):
    expected = read(table, tmp_path / "a.parquet")
    hidden = table.assign(y=table["y"].where(table["id"] != 5, -1).where(table["id"] != 11, 4))
    found = read(hidden, tmp_path / "b.parquet", unlabelled="skip", truth=["hard"])
    assert found.examples["example_id"].tolist() == [2, 3, 7]
    np.testing.assert_array_equal(logits_of(found), logits_of(expected)[:, [0, 1, 3]])
    np.testing.assert_array_equal(found.examples["hard"], [0.2, 0.3, np.nan])
    assert found.intake.lines("own", 3) == [
        "own: 5 examples found, 3 used, 2 left out",
        "own: left out: negative label: 1 (example 5)",
        "own: left out: label beyond the 4 named classes: 1 (example 11)",
    ]
    with pytest.raises(UserError, match="column 'y': no example has one of the 4 classes"):
        read(table.assign(y=-1), tmp_path / "c.parquet", unlabelled="skip")


def test_logits_are_not_taken_for_probabilities(table, tmp_path, reading):
    settings = {"probabilities": "z", **{key: SETTINGS[key] for key in ("example_id", "epoch", "label")}}
    table.to_parquet(tmp_path / "own.parquet")
    rows = {"whole": r"15 rows .*, .*, \.\.\.", "stream": r"2 rows .*, \(example 3, epoch 1\)"}[reading]
    with pytest.raises(UserError, match=rf"{rows}; are they logits"):
        logits_of(read_own_records(tmp_path / "own.parquet", settings))
    with pytest.raises(UserError, match=r"rows that are no probabilities .*\), \(example 7, epoch 1\)"):
        logits_of(read_own_records(tmp_path / "own.parquet", settings))


def test_records_without_training_examples_are_refused(table, tmp_path):
    with pytest.raises(UserError, match="column 'part' has no row of train"):
        read(table.assign(part="test"), tmp_path / "own.parquet", split="part")


def test_a_class_has_one_name(table, tmp_path):
    named = table.assign(name=np.where(table["id"] == 3, "three", table["y"].astype(str)))
    with pytest.raises(UserError, match="label 3 goes with class_name three and 3"):
        read(named, tmp_path / "own.parquet", class_name="name")


def test_whole_numbers_may_be_stored_as_floats_and_lists_in_any_kind(table, tmp_path):
    """As pandas leaves them after a merge; lists of fixed size, of half precision, in several row groups."""
    expected = read(table, tmp_path / "a.parquet")
    as_floats = table.astype({"id": float, "epoch": float})
    as_floats.to_parquet(tmp_path / "b.parquet")
    lists = pa.array(np.stack(table["z"]).astype(np.float32).tolist(), pa.list_(pa.float32(), CLASSES))
    parquet = pq.read_table(tmp_path / "b.parquet")
    pq.write_table(
        parquet.set_column(parquet.column_names.index("z"), "z", lists), tmp_path / "b.parquet", row_group_size=4
    )
    found = read_own_records(tmp_path / "b.parquet", SETTINGS)
    np.testing.assert_array_equal(logits_of(found), logits_of(expected))
    pd.testing.assert_frame_equal(found.examples, expected.examples)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: t[t["id"] != 3], r"first\.parquet: runs of one data set .*second\.parquet lacks 1: 3$"),
        (lambda t: t.replace({"id": {3: 4}}), r"first\.parquet lacks 1: 4$"),
        (lambda t: t.assign(y=3 - t["y"]), r"5 differ in label: example 2 has 1 in \S+second\.parquet, 2 in \S+first"),
        (lambda t: t.assign(part="train"), r"2 differ in split: example 7 has train in"),
        (lambda t: t.assign(hard=t["hard"] * 2), r"4 differ in hard: example 2 has 0\.4 in"),
    ],
)
def test_runs_of_other_examples_are_refused(table, tmp_path, edit, message):
    paths, settings = [tmp_path / "second.parquet", tmp_path / "first.parquet"], {"split": "part", "truth": ["hard"]}
    second, first = read(edit(table), paths[0], **settings), read(table, paths[1], **settings)
    stored = first.examples.sort_values("split").assign(file="")
    with pytest.raises(UserError, match=rf"second\.parquet and .*{message}"):
        check_same_examples(second.examples, stored, *paths)
    check_same_examples(first.examples, stored, *paths)


def imported(path, folder):
    """Imports a run; returns the paths of its tables by name."""
    made = {name: folder / f"{name}.out" for name in ("examples", "labels", "records", "history")}
    import_examples.main(Namespace(**IMPORTED, records=path, examples=made["examples"]))
    examples = read_table(made["examples"], EXAMPLES)
    labels = examples[["example_id", "split", "label"]].assign(clean_label=examples["label"], is_corrupt=False)
    labels["content"] = labels["example_id"]
    write_table(labels, made["labels"], LABELS)
    import_records.main(Namespace(**IMPORTED, first=path, own=path, **made))
    return made


def test_records_that_are_read_in_parts_are_those_of_the_whole_file(tmp_path, monkeypatch):
    """Bit by bit, as batches are of rows that processors compute together."""
    draws, found = np.random.default_rng(0), []
    ids = np.concatenate([draws.permutation(100) for _ in range(EPOCHS)])
    rows = {"id": ids, "epoch": np.repeat(np.arange(EPOCHS), 100), "y": ids % CLASSES}
    logits = 3 * draws.normal(size=(len(ids), CLASSES))
    pd.DataFrame({**rows, "z": list(logits)}).to_parquet(tmp_path / "own.parquet", row_group_size=41)
    for name, whole_below in (("whole", 1 << 60), ("stream", 0)):
        monkeypatch.setattr(record_stream, "_WHOLE_BELOW", whole_below)
        monkeypatch.setattr(record_stream, "_TOGETHER", 64)
        (tmp_path / name).mkdir()
        made = imported(tmp_path / "own.parquet", tmp_path / name)
        found.append([read_table(made["records"], RECORDS), read_table(made["history"], HISTORY)])
    for whole, stream in zip(*found, strict=True):
        pd.testing.assert_frame_equal(stream, whole, check_exact=True)


def test_the_import_of_a_second_run_names_both_files(table, tmp_path):
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    table.to_parquet(first)
    table[table["epoch"] < 3].to_parquet(second)
    made = imported(first, tmp_path)
    records = read_table(made["records"], RECORDS)
    assert len(records) == EPOCHS * COUNT and records["epoch"].max() == EPOCHS
    with pytest.raises(UserError, match=r"second\.parquet and \S+first\.parquet: .* number of epochs; the first has 2"):
        import_records.main(Namespace(**IMPORTED, first=first, own=second, **made))


@pytest.mark.parametrize(("edit", "name"), [(lambda t: t[t["epoch"] < 3], "epochs"), (None, "classes")])
def test_runs_of_other_epochs_or_classes_are_refused(table, tmp_path, edit, name):
    other = edit(table) if edit else table.assign(z=[[*row, 0.0] for row in table["z"]])
    second, first = read(other, tmp_path / "b.parquet").counts(), read(table, tmp_path / "a.parquet").counts()
    with pytest.raises(
        UserError, match=rf"b\.parquet and a\.parquet: .* the same number of {name}; the first has {second[name]}"
    ):
        check_same_shape(second, first, "b.parquet", "a.parquet")
    check_same_shape(first, {**first, "settings": {}}, "a.parquet", "a.parquet")


@pytest.mark.parametrize("labels", [float, str, lambda number: [number]])
def test_labels_may_be_of_every_type_that_holds_class_numbers(table, tmp_path, labels):
    expected = read(table, tmp_path / "a.parquet").examples
    found = read(table.assign(y=table["y"].map(labels)), tmp_path / "b.parquet").examples
    pd.testing.assert_frame_equal(found, expected)


def test_splits_have_the_names_that_folders_have(table, tmp_path):
    parts = np.where(table["id"] < 6, "Training", "valid")
    examples = read(table.assign(part=parts), tmp_path / "a.parquet", split="part").examples
    assert examples["split"].tolist() == ["train", "train", "train", "test", "test"]
    with pytest.raises(UserError, match=r"column 'part': expected train, test, val or validation, found holdout$"):
        read(table.assign(part="holdout"), tmp_path / "b.parquet", split="part")


@pytest.mark.parametrize("column", ["class_name", "key"])
def test_names_that_are_missing_are_named(table, tmp_path, column):
    named = table.assign(n=table["id"].map({7: None, 3: "a", 11: "b", 5: "c", 2: " "}))
    missing = r"has no name for 2 examples, \(example 7, epoch 1\), \(example 2, epoch 1\); fill"
    with pytest.raises(UserError, match=rf"column 'n' {missing}"):
        read(named, tmp_path / "a.parquet", **{column: "n"})
    with pytest.raises(UserError, match=r"column 'n' changes between epochs; .*: \(example 3, epoch 2\)"):
        read(edited(table.assign(n="a"), 6, n=None), tmp_path / "b.parquet", **{column: "n"})
