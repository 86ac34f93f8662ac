"""Records are written epoch by epoch and read some examples at a time, with nothing changed by that."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from difficulty.scores.dynamics.scoring import RECORD_COLUMNS, score_arrays
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.record_file import RecordFile, blocks_of_runs
from difficulty.tables import TableError, read_table, write_table
from difficulty.training import record_files
from difficulty.training.record_files import examples_per_group, write_records
from difficulty.training.run_tables import RECORDS, SET_RECORDS

EPOCHS, EXAMPLES = 5, 23


def frames(has_sets=False):
    """A frame of records for each epoch."""
    random = np.random.default_rng(0)
    role = random.choice(["train", "validation", "test"], EXAMPLES)
    for epoch in range(1, EPOCHS + 1):
        values = {
            name: random.random(EXAMPLES, np.float32) for name in RECORDS.columns if name not in RECORD_COLUMNS[:5]
        }
        facts = {"example_id": np.arange(EXAMPLES)[::-1] * 7, "epoch": np.int32(epoch), "role": role}
        predicted = random.integers(0, 4, EXAMPLES).astype(np.int32)
        frame = pd.DataFrame({**facts, "predicted": predicted, "correct": predicted == 1, **values})
        yield frame.assign(predicted_set=random.choice(["0 2", "1", ""], EXAMPLES)) if has_sets else frame


@pytest.fixture
def small_groups(monkeypatch):
    """Groups of five examples."""
    monkeypatch.setattr(record_files, "_ROWS_IN_BLOCK", 25)
    monkeypatch.setattr(record_files, "_FEWEST_EXAMPLES", 1)


def test_a_run_that_fits_into_one_group_is_written_as_a_whole_table(tmp_path):
    write_records(frames(), tmp_path / "parts.parquet", EPOCHS, {"seed": 1})
    write_table(pd.concat(frames()), tmp_path / "whole.parquet", RECORDS, {"seed": 1}, rows_per_group=EXAMPLES)
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_groups_have_some_million_rows_over_all_epochs():
    assert examples_per_group(90) * 90 <= 2**21 < (examples_per_group(90) + 1) * 90
    assert examples_per_group(10**6) == 1024


@pytest.mark.parametrize("has_sets", [False, True])
def test_blocks_are_the_whole_run(tmp_path, small_groups, has_sets):
    path = tmp_path / "records.parquet"
    write_records(frames(has_sets), path, EPOCHS, {})
    whole = read_table(path, SET_RECORDS if has_sets else RECORDS)
    columns = [*RECORD_COLUMNS, *(["predicted_set"] if has_sets else [])]
    sets = {"predicted_set": whole["predicted_set"].cat.codes} if has_sets else {}
    expected = stored_records(whole[columns].assign(**sets), path)
    blocks = list(RecordFile(path).blocks(columns))
    assert [len(block.example_id) for block in blocks] == [5, 5, 5, 5, 3]
    np.testing.assert_array_equal(np.concatenate([block.example_id for block in blocks]), expected.example_id)
    np.testing.assert_array_equal(np.concatenate([block.role for block in blocks]), expected.role)
    pd.testing.assert_frame_equal(pd.concat(map(score_arrays, blocks)), score_arrays(expected))
    assert RecordFile(path).epochs == EPOCHS


def test_a_table_whose_groups_have_several_epochs_is_one_block(tmp_path):
    write_table(pd.concat(frames()), tmp_path / "records.parquet", RECORDS)
    (block,) = RecordFile(tmp_path / "records.parquet").blocks(RECORD_COLUMNS)
    assert (block.epochs, len(block.example_id)) == (EPOCHS, EXAMPLES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda each: each[:-1], "same number of examples"),
        (
            lambda each: each.assign(example_id=each["example_id"] + 7 * (each["epoch"] == 2)),
            "same examples in the same",
        ),
        (lambda each: each.assign(epoch=each["epoch"] + (each["epoch"] > 3).astype(np.int32)), "order of epochs"),
        (lambda each: each.assign(example_id=np.arange(EXAMPLES) % 20), "an example twice"),
    ],
)
def test_other_tables_are_refused(tmp_path, small_groups, change, message):
    path = tmp_path / "records.parquet"
    changed = [
        change(frame) if number or message != "same number of examples" else frame
        for number, frame in enumerate(frames())
    ]
    write_records(changed, path, EPOCHS, {})
    with pytest.raises(TableError, match=message):
        list(RecordFile(path).blocks(RECORD_COLUMNS))


def test_damage_is_noticed_or_changes_nothing(tmp_path, monkeypatch):
    """Also in the headers of pages, which no checksum covers: a page that claims more values shifts no others."""
    monkeypatch.setattr(record_files, "_ROWS_IN_BLOCK", 2 * EPOCHS)
    monkeypatch.setattr(record_files, "_FEWEST_EXAMPLES", 2)
    path = tmp_path / "records.parquet"
    write_records((frame[:2] for frame in frames()), path, EPOCHS, {})
    (block,) = RecordFile(path).blocks(["loss"])
    whole = path.read_bytes()
    chunk = pq.read_metadata(path).row_group(1).to_dict()["columns"][list(RECORDS.columns).index("loss")]
    outcomes = []
    for place in range(chunk["data_page_offset"], chunk["data_page_offset"] + 20):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            (found,) = RecordFile(path).blocks(["loss"])
            outcomes.append(np.array_equal(found["loss"], block["loss"]))
        except TableError:
            outcomes.append(None)
    assert None in outcomes and True in outcomes and False not in outcomes


def test_a_run_without_records_has_no_last_epoch(tmp_path):
    write_records([next(frames())[:0]], tmp_path / "records.parquet", EPOCHS, {})
    assert RecordFile(tmp_path / "records.parquet").epochs == 0


def test_one_epoch_of_a_run(tmp_path, small_groups):
    path = tmp_path / "records.parquet"
    write_records(frames(), path, EPOCHS, {})
    whole = read_table(path, RECORDS)
    for source in (path, tmp_path / "whole.parquet"):  # groups of one epoch, and of several
        if source != path:
            write_table(whole, source, RECORDS)
        found = RecordFile(source).of_epoch(3, ["role", "loss"])
        assert found.epochs == 1
        np.testing.assert_array_equal(found["loss"][0], whole.loc[whole["epoch"] == 3, "loss"])
    with pytest.raises(TableError, match="has no epoch 6"):
        RecordFile(path).of_epoch(6, ["loss"])


def test_blocks_of_runs_are_side_by_side(tmp_path, monkeypatch):
    """Of runs of other lengths, whose blocks are of other sizes."""
    paths = [tmp_path / "long.parquet", tmp_path / "short.parquet"]
    for path, epochs, size in zip(paths, (EPOCHS, 2), (5, 7), strict=True):
        monkeypatch.setattr(record_files, "_FEWEST_EXAMPLES", size)
        monkeypatch.setattr(record_files, "_ROWS_IN_BLOCK", 1)
        write_records(list(frames())[:epochs], path, epochs, {})
    blocks = list(blocks_of_runs(paths, ["loss"]))
    assert [len(one.example_id) for one, _ in blocks] == [5, 2, 3, 4, 1, 5, 1, 2]
    for number, epochs in enumerate((EPOCHS, 2)):
        whole = np.concatenate([runs[number]["loss"] for runs in blocks], axis=1)
        np.testing.assert_array_equal(whole, [frame["loss"] for frame in list(frames())[:epochs]])


def test_runs_with_other_examples_are_not_side_by_side(tmp_path, small_groups):
    paths = [tmp_path / "one.parquet", tmp_path / "other.parquet"]
    write_records(frames(), paths[0], EPOCHS, {})
    changes = (
        (lambda each: each[:-1], "has fewer examples"),
        (lambda each: each[::-1], "not have the examples of .*one"),
    )
    for change, message in changes:
        write_records(map(change, frames()), paths[1], EPOCHS, {})
        with pytest.raises(TableError, match=rf"other\.parquet: .*{message}"):
            list(blocks_of_runs(paths, ["loss"]))
