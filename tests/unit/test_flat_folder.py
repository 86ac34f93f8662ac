"""A folder of images with a table of labels, or labels in the names; what does not fit is counted and named."""

import logging
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from difficulty.datasets import flat_folder
from difficulty.datasets.drawn_split import drawn_for_test
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "imagenet_sample_flat_subset.tar"
PATTERN = r"(?P<label>[a-z]+)(_(?P<split>[a-z]+))?_\d+\.png"


def save(path, level=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.full((4, 4), level, np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photos"
    for number in range(10):
        save(root / f"cat_{number}.png", number)
        save(root / f"dog_{number}.png", 100 + number)
    save(root / ".hidden.png")
    return root


def by_name(folder, **settings):
    return flat_folder.read({"path": str(folder), "pattern": r"(?P<label>[a-z]+)_\d+\.png", **settings})


def by_table(folder, table, **settings):
    path = folder.parent / "labels.csv"
    path.write_text(table)
    return flat_folder.read({"path": str(folder), "labels": str(path), **settings})


def table_of(folder, header="file,label", row="{name},{label}"):
    names = sorted(path.name for path in folder.glob("[!.]*"))
    return "\n".join([header, *(row.format(name=name, label=name.split("_")[0]) for name in names)]) + "\n"


def test_labels_in_names(folder, tmp_path):
    source = by_name(folder)
    assert source.notes == ()
    result = prepare(source, {}, tmp_path / "images")
    examples = result.examples
    assert examples["split"].tolist() == ["train"] * 16 + ["test"] * 4
    assert examples.groupby(["split", "class_name"]).size().tolist() == [2, 2, 8, 8]
    assert (examples["class_name"] == np.array(["cat", "dog"])[examples["label"]]).all()
    assert examples["original_index"].tolist() == [*range(16), *range(4)]
    for key, file, level in zip(examples["key"], examples["file"], result.images[:, 0, 0, 0], strict=True):
        assert (tmp_path / "images" / file).samefile(folder / key)
        label, number = key.removesuffix(".png").split("_")
        assert level == int(number) + 100 * (label == "dog")


def test_table_of_labels_gives_the_same(folder):
    expected = by_name(folder).examples
    table = table_of(folder)
    pd.testing.assert_frame_equal(by_table(folder, table).examples, expected)
    table = table_of(folder, "x,kind,id", "0,{label},{name}")
    pd.testing.assert_frame_equal(by_table(folder, table, file_column="id", label_column="kind").examples, expected)
    names, labels = expected["key"].tolist()[::-1], expected["class_name"].tolist()[::-1]
    path = folder.parent / "labels.parquet"
    pq.write_table(pa.table({"file": names, "label": pa.array(labels).dictionary_encode()}), path)
    pd.testing.assert_frame_equal(flat_folder.read({"path": str(folder), "labels": str(path)}).examples, expected)


def test_splits_of_names_and_tables(folder):
    for number, split in enumerate(["train", "test", "val", "validation"]):
        save(folder / f"eel_{split}_{number}.png")
    for path in [*folder.glob("cat*"), *folder.glob("dog*")]:
        path.unlink()
    expected = {"eel_train_0.png": "train", "eel_test_1.png": "test", "eel_val_2.png": "test"}
    expected["eel_validation_3.png"] = "test"
    source = by_name(folder, pattern=PATTERN)
    assert dict(zip(source.examples["key"], source.examples["split"], strict=True)) == expected
    words = "eel_train_0.png,a,val\neel_test_1.png,a,train\neel_val_2.png,b,train\neel_validation_3.png,b,test\n"
    examples = by_table(folder, "file,label,part\n" + words, split_column="part").examples
    assert examples["key"].tolist() == ["eel_test_1.png", "eel_val_2.png", "eel_train_0.png", "eel_validation_3.png"]
    assert examples["split"].tolist() == ["train", "train", "test", "test"]
    with pytest.raises(UserError, match=r"column 'part': expected train, test, val or validation, found holdout"):
        by_table(folder, "file,label,part\n" + words.replace("test\n", "holdout\n"), split_column="part")


def test_whole_numbers_are_classes_in_their_order(folder):
    table = table_of(folder).replace(",cat", ",10").replace(",dog", ",9")
    examples = by_table(folder, table).examples
    assert set(zip(examples["label"], examples["class_name"], strict=True)) == {(0, "9"), (1, "10")}
    assert examples["label"].dtype == np.int64


@pytest.mark.parametrize("fraction", [0, 0.05, 0.29, 0.5, 0.99])
@pytest.mark.parametrize("sizes", [[10, 10], [100, 3, 1], [2] * 50, [1] * 7, [1000]])
def test_drawn_splits_are_stratified(fraction, sizes):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    content = np.arange(len(labels))
    is_test = drawn_for_test(labels, content, fraction, 0)
    drawn, sizes = np.bincount(labels[is_test], minlength=len(sizes)), np.array(sizes)
    assert (drawn < sizes).all()
    assert (np.abs(drawn - np.minimum(fraction * sizes, sizes - 1)) < 1).all()
    assert drawn.sum() == min(round(fraction * sizes.sum()), (sizes - 1).sum())
    np.testing.assert_array_equal(is_test, drawn_for_test(labels, content, fraction, 0))


def test_identical_files_are_drawn_together(folder):
    for number in range(4):
        save(folder / f"cat_{number}.png", 7)  # as cat_7, so that five of ten are the same
        save(folder / f"dog_{number}.png", 105 + number % 2)  # as dog_5 and dog_6
    for seed in range(20):
        examples = by_name(folder, split_seed=seed, test_fraction=0.5).examples
        content = examples["key"].map(lambda name: (folder / name).read_bytes())
        assert examples.groupby(content)["split"].nunique().eq(1).all()
        assert examples.groupby(["split", "class_name"]).size()["test"].between(4, 5).all()


def test_identical_files_with_several_labels_are_not_drawn():
    labels, content = np.array([0] * 6 + [1] * 6), np.array([0, 0, 1, 2, 3, 4, 0, 5, 6, 7, 8, 9])
    drawn = [drawn_for_test(labels, content, 0.5, seed) for seed in range(30)]
    assert not np.any(drawn, axis=0)[content == 0].any() and np.any(drawn, axis=0)[content > 0].all()
    assert {each.sum() for each in drawn} == {6}


def test_split_seed_draws_another_split(folder):
    keys = [by_name(folder, split_seed=seed).examples["key"].tolist() for seed in (0, 0, 1)]
    assert keys[0] == keys[1] != keys[2]
    assert set(by_name(folder, test_fraction=0).examples["split"]) == {"train"}


def test_folders_below_count_if_asked_for(folder, tmp_path):
    save(folder / "more" / "cat_0.png", 50)
    save(folder / ".cache" / "cat_1.png")
    assert len(by_name(folder).examples) == 20
    source = by_name(folder, recursive=True, pattern=r"(more/)?(?P<label>[a-z]+)_\d+\.png", test_fraction=0)
    assert len(source.examples) == 21 and "more/cat_0.png" in source.examples["key"].tolist()
    files = prepare(source, {}, tmp_path / "images").examples["file"].tolist()
    assert {"train/cat/cat_0.png", "train/cat/more_cat_0.png"} < set(files)


def test_what_does_not_fit_is_counted_and_named_or_skipped(folder):
    table = table_of(folder).replace("cat_3.png", "cat_33.png").replace("cat_4.png,cat\n", "")
    labels = folder.parent / "labels.csv"
    unlabelled = f"{labels}: column 'file' lacks 2 images (cat_3.png, cat_4.png) of {folder}"
    missing = f"{labels}: column 'file' names 1 image (cat_33.png) that {folder} does not have"
    with pytest.raises(UserError) as caught:
        by_table(folder, table)
    assert str(caught.value) == f"{unlabelled}; {missing}; fix this or set on_bad_image: skip"
    source = by_table(folder, table, on_bad_image="skip")
    assert len(source.examples) == 18 and source.notes == (unlabelled, missing)
    assert not source.examples["key"].isin(["cat_3.png", "cat_4.png"]).any()

    pattern = r"(?P<label>cat|dog)_[0-3]\.png"
    unmatched = f"{folder}: the pattern {pattern} does not match 12 images (cat_4.png, cat_5.png, cat_6.png, "
    with pytest.raises(UserError) as caught:
        by_name(folder, pattern=pattern)
    assert str(caught.value).startswith(unmatched) and str(caught.value).count(".png") == 6
    assert len(by_name(folder, pattern=pattern, on_bad_image="skip").examples) == 8
    with pytest.raises(UserError, match=r"none of its 20 images has a label; .*does not match 20 images"):
        by_name(folder, pattern="(?P<label>x)", on_bad_image="skip")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("name,label\na,b\n", "no column 'file'; it has name, label"),
        ("file,label\na,\nb,\nc,d\n", r"column 'label': no label in 2 of 3 rows \(a: '', b: ''\); correct these"),
        ("file,label\n,a\n", "1 rows have no file; fill them in"),
        ("file,label\na,1.5\n", r"column 'label': label that is no whole number in 1 of 1 rows \(a: 1\.5\)"),
        ("file,label\na,0\nb,-1\n", r"column 'label': negative label in 1 of 2 rows \(b: -1\)"),
        ("file,label\ncat_0.png,a\ncat_0.png,b\n", r"column 'file' names 1 image \(cat_0\.png\) more than once"),
    ],
)
def test_tables_that_cannot_be_used(folder, table, message):
    with pytest.raises(UserError, match=message):
        by_table(folder, table, on_bad_image="skip")


def test_names_and_labels_are_text_and_names_need_no_ending(folder, tmp_path):
    save(folder / "007.png")
    save(folder / "7.png")
    save(folder / "more.of.it.png")
    table = "file;label\n007;01\n7;true\ncat_0;002\nmore.of.it;x\n"
    examples = by_table(folder, table, on_bad_image="skip", test_fraction=0).examples
    found = dict(zip(examples["key"], examples["class_name"], strict=True))
    assert found == {"007.png": "01", "7.png": "true", "cat_0.png": "002", "more.of.it.png": "x"}
    save(folder / "7.jpg")
    with pytest.raises(UserError, match=r"column 'file': 7 may be 7\.jpg or 7\.png; write the ending"):
        by_table(folder, table)


def test_rows_without_a_class_are_left_out_on_demand_and_shift_nothing(folder):
    table = table_of(folder, "file,label,part", "{name},{label},train")
    table = table.replace("cat_3.png,cat", "cat_3.png,NaN").replace("dog_4.png,dog", "dog_4.png,-1")
    table = table.replace("cat_5.png,cat,train", "cat_5.png,owl,test")
    with pytest.raises(UserError, match=r"no label in 1 of 20 rows .*negative label in 1 of 20 rows"):
        by_table(folder, table, split_column="part", on_bad_image="skip")
    source = by_table(folder, table, split_column="part", unlabelled="skip")
    assert set(zip(source.examples["label"], source.examples["class_name"], strict=True)) == {(0, "cat"), (1, "dog")}
    left_out = source.intake.facts(17)["left_out"]
    assert {reason: left_out[reason] for reason in left_out if not reason.startswith("hidden")} == {
        "no label": {"count": 1, "names": ("cat_3.png",)},
        "negative label": {"count": 1, "names": ("dog_4.png",)},
        "class that no training example has": {"count": 1, "names": ("cat_5.png",)},
    }
    assert source.notes == ()
    with pytest.raises(UserError, match=r"labels\.csv: class that no training example has in 1 of 1 rows \(cat_5"):
        by_table(folder, "file,label,part\ncat_5.png,owl,test\n", split_column="part", on_bad_image="skip")


def test_folders_that_cannot_be_used(folder, tmp_path, caplog):
    with pytest.raises(UserError, match="none: no such folder"):
        by_name(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.txt").write_text("")
    with caplog.at_level(logging.INFO), pytest.raises(UserError, match="empty: no image files in it"):
        by_name(tmp_path / "empty")
    assert "readme.txt: left out: no image by name or content" in caplog.text


@pytest.mark.skipif(not SAMPLE.is_file(), reason=f"{SAMPLE} is not here")
def test_photographs_of_imagenet(tmp_path):
    with tarfile.open(SAMPLE) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "imagenet-sample-images"
    source = by_name(folder, pattern=r"n\d+_(?P<label>.+)\.JPEG")
    assert source.examples["split"].tolist() == ["train"] * 111  # no class gives its only image to the test
    assert source.examples["class_name"].nunique() == 111
    assert "indigo_bunting" in source.examples["class_name"].tolist()
    source = by_name(folder, pattern=r"n(?P<label>\d\d)\d+_.+\.JPEG")
    examples = prepare(source, {"size": 32, "color": "rgb"}, tmp_path / "images").examples
    assert (examples["split"] == "test").sum() == 22
