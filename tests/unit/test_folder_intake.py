"""What a folder holds is used or reported: splits, folders in folders, links, formats, names."""

import os
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pytest

from difficulty.config.data.data_source import DataSource
from difficulty.datasets import flat_folder, image_folder, voc
from difficulty.datasets.folders import folders_below
from difficulty.datasets.image_files import image_files
from difficulty.datasets.intake import Intake
from difficulty.datasets.placing import FileNames
from difficulty.datasets.preparation import prepare
from difficulty.datasets.split_folders import split_folders, watched_folders
from difficulty.errors import UserError

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
DRAWS = np.random.default_rng(0)


def save(*paths, format="PNG"):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(DRAWS.integers(0, 256, (4, 4), np.uint8)).save(path, format)


@pytest.fixture
def photos(tmp_path):
    """Two classes of two training images."""
    root = tmp_path / "photos"
    save(*(root / "train" / name / f"{number}.png" for name in ("ant", "bee") for number in range(2)))
    return root


def left_out(source):
    return {reason: each.count for reason, each in source.intake.left_out.items()}


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "testing", "Test", "VAL"])
def test_names_of_the_test_split(photos, name):
    save(photos / name / "ant" / "7.png")
    source = image_folder.read({"path": photos})
    assert source.examples["split"].tolist() == ["train"] * 4 + ["test"]
    assert source.notes == (f"{photos}/{name}/ is the test split",) and left_out(source) == {}
    assert watched_folders(photos)[:2] == [str(photos / "train"), str(photos / name)]


def test_unlabelled_test_images_do_not_hide_the_validation_split(photos):
    save(photos / "val" / "bee" / "5.png", photos / "test" / "1.png", photos / "test" / "unknown" / "2.png")
    source = image_folder.read({"path": photos})
    assert source.examples["key"].tolist()[4:] == ["bee/5.png"]
    assert source.notes == (f"{photos}/val/ is the test split, not test/",)
    assert left_out(source) == {"in test/, which is not read": 2}


def test_test_goes_before_val_unless_the_user_says_otherwise(photos):
    save(photos / "val" / "bee" / "5.png", photos / "test" / "ant" / "1.png", photos / "test" / "ant" / "2.png")
    source = image_folder.read({"path": photos})
    assert source.examples["key"].tolist()[4:] == ["ant/1.png", "ant/2.png"]
    assert left_out(source) == {"in val/, which is not read": 1}
    source = image_folder.read({"path": photos, "test_folder": "val"})
    assert source.examples["key"].tolist()[4:] == ["bee/5.png"]
    assert left_out(source) == {"in test/, which is not read": 2}
    assert split_folders(photos, "val").test == photos / "val"
    with pytest.raises(UserError, match=r"no folder holdout/; see datasets\.\*\.test_folder"):
        image_folder.read({"path": photos, "test_folder": "holdout"})


def test_no_test_split_is_said(photos):
    (note,) = image_folder.read({"path": photos}).notes
    assert note == f"no test split, as no folder test/ or val/ in {photos} has a folder of a training class"


def test_everything_that_lies_about_is_used_or_counted(photos, monkeypatch):
    monkeypatch.chdir(photos)  # as with `path: .`, results/ lie among the images
    train = photos / "train"
    save(train / "ant" / "2023" / "may" / "0.png", train / "loose.png", photos / "top.png", photos / "more" / "a.png")
    save(train / "ant" / "no_extension", train / "ant" / ".hidden.png")
    save(train / "bee" / ".cache" / "0.png", photos / "results" / "images" / "0.png")
    for name in ("a.heic", "b.HEIC", "c.avif", "notes.txt", "README"):
        (train / "bee" / name).write_bytes(b"BM or anything")
    source = image_folder.read({"path": photos})
    ants = ["ant/0.png", "ant/1.png", "ant/2023/may/0.png", "ant/no_extension"]
    assert source.examples["key"].tolist() == [*ants, "bee/0.png", "bee/1.png"]
    assert left_out(source) == {
        "hidden, as the name starts with a dot": 2,
        "format .heic is not read; convert to PNG or JPEG": 2,
        "format .avif is not read; convert to PNG or JPEG": 1,
        "no image by name or content": 2,
        "in train/ outside of its class folders": 1,
        "outside of train/ and test/": 1,
        "in more/, which is not read": 1,
    }
    assert source.intake.facts(6)["found"] == 16


def test_a_nested_folder_is_watched(photos):
    save(photos / "train" / "ant" / "2023" / "may" / "0.png", photos / "val" / "ant" / "0.png")
    folders = ["train", "val", "train/ant", "train/bee", "val/ant", "train/ant/2023", "train/ant/2023/may"]
    assert sorted(watched_folders(photos)) == sorted(str(photos / folder) for folder in folders)


def test_links_are_followed_once_and_end(tmp_path):
    folder, other = tmp_path / "ant", tmp_path / "other"
    save(folder / "0.png", other / "1.png", folder / "z" / "2.png")
    (folder / "again").symlink_to(folder)
    (folder / "elsewhere").symlink_to(other)
    (other / "back").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "a").symlink_to(folder / "z")
    intake = Intake("files")
    names = [path.relative_to(folder).as_posix() for path in image_files(folder, True, intake)]
    assert names == ["0.png", "elsewhere/1.png", "z/2.png"]
    assert {reason: each.count for reason, each in intake.left_out.items()} == {
        "folder that is read already under another name": 3,
        "no image by name or content": 1,
    }


def test_what_is_named_like_an_image_and_is_none_is_a_bad_image(photos, tmp_path):
    os.mkfifo(photos / "train" / "ant" / "pipe.jpg")
    (photos / "train" / "bee" / "annexed.png").symlink_to("../.git/annex/objects/1.png")
    source = image_folder.read({"path": photos})
    with pytest.raises(
        UserError, match=r"2 broken images: .*pipe\.jpg is no regular file; .*annexed\.png is a dangling link"
    ):
        prepare(source, {}, tmp_path / "out")
    source = image_folder.read({"path": photos, "on_bad_image": "skip"})
    assert len(prepare(source, {"on_bad_image": "skip"}, tmp_path / "out").examples) == 4
    assert left_out(source) == {"is no regular file": 1, "is a dangling link": 1}


def test_names_that_are_not_utf8(photos, tmp_path):
    (photos / "train" / "ant" / "1.png").rename(photos / "train" / "ant" / os.fsdecode(b"caf\xe9.png"))
    source = image_folder.read({"path": photos})
    with pytest.raises(UserError, match=r"1 broken image: .*ant/caf\\xe9\.png has a name that is not UTF-8"):
        prepare(source, {}, tmp_path / "out")
    found = prepare(source, {"on_bad_image": "skip"}, tmp_path / "out")
    assert found.examples["key"].tolist() == ["ant/0.png", "bee/0.png", "bee/1.png"]
    (photos / "train" / "bee").rename(photos / "train" / os.fsdecode(b"b\xe9e"))
    with pytest.raises(UserError, match=r"the name of class b\\xe9e is not UTF-8"):
        image_folder.read({"path": photos})
    source = image_folder.read({"path": photos, "on_bad_image": "skip"})
    assert set(source.examples["class_name"]) == {"ant"}
    assert left_out(source) == {"in a class folder whose name is not UTF-8": 2}
    assert watched_folders(photos) == [str(photos / "train"), str(photos / "train" / "ant")]


def test_flat_names_that_are_not_utf8(tmp_path):
    save(tmp_path / "a_1.png", tmp_path / "a_2.png", tmp_path / "a_3.png")
    (tmp_path / "a_3.png").rename(tmp_path / os.fsdecode(b"a\xe9_3.png"))
    settings = {"path": tmp_path, "pattern": r"(?P<label>\w+)_\d\.png", "test_fraction": 0}
    with pytest.raises(UserError, match=r"does not match 1 image \(a\\xe9_3\.png\)"):
        flat_folder.read(settings)
    source = flat_folder.read({**settings, "on_bad_image": "skip"})
    assert len(source.examples) == 2 and left_out(source) == {"not matched by the pattern": 1}


def test_unicode_forms_are_one_class(photos, tmp_path):
    save(*(photos / "train" / COMPOSED / f"{number}.png" for number in range(2)))
    save(photos / "test" / DECOMPOSED / "0.png", photos / "train" / DECOMPOSED / "0.png")
    source = image_folder.read({"path": photos})
    rows = source.examples[source.examples["class_name"] == COMPOSED]
    assert rows["split"].tolist() == ["train"] * 3 + ["test"] and len(set(rows["label"])) == 1
    assert not rows[["split", "key"]].duplicated().any()
    assert source.notes == (f"class {COMPOSED!r} is written in several Unicode forms; it is one class",)
    found = prepare(source, {}, tmp_path / "out")
    assert found.examples["file"].is_unique and len(found.examples) == 8


def test_flat_names_match_across_unicode_forms(tmp_path):
    save(tmp_path / "images" / f"{DECOMPOSED}.png", tmp_path / "images" / "b.png")
    (tmp_path / "labels.csv").write_text(f"file,label\n{COMPOSED}.png,x\nb.png,y\n")
    source = flat_folder.read({"path": tmp_path / "images", "labels": str(tmp_path / "labels.csv"), "test_fraction": 0})
    assert source.examples["key"].tolist() == ["b.png", f"{COMPOSED}.png"] and source.notes == ()
    assert source.image(1) == tmp_path / "images" / f"{DECOMPOSED}.png"


def test_the_workflows_own_results_are_no_images(tmp_path, monkeypatch):
    save(tmp_path / "a" / "1.png", tmp_path / "results" / "datasets" / "d" / "images" / "2.png")
    settings = {"path": ".", "recursive": True, "pattern": r"(?P<label>\w+)/.*", "test_fraction": 0}
    monkeypatch.chdir(tmp_path)
    assert flat_folder.read(settings).examples["key"].tolist() == ["a/1.png"]
    assert [path.as_posix() for path in folders_below(tmp_path)] == [f"{tmp_path}/a"]
    monkeypatch.chdir(tmp_path / "a")
    assert len(flat_folder.read({**settings, "path": ".."}).examples) == 2


def test_flat_folders_below_and_pooled_splits_are_said(tmp_path):
    save(tmp_path / "a_train_1.png", tmp_path / "a_val_2.png", tmp_path / "a_test_3.png", tmp_path / "more" / "a.png")
    settings = {"path": tmp_path, "pattern": r"(?P<label>a)_(?P<split>[a-z]+)_\d\.png"}
    source = flat_folder.read(settings)
    assert source.notes == (f"{tmp_path}: 1 test and 1 val images are together the test split",)
    assert left_out(source) == {"in folders below; set recursive: true": 1}


def test_every_image_gets_a_file_name_of_its_own():
    names, image = FileNames(), np.zeros((2, 2), np.uint8)
    keys = ["p1/2_3", "p1_2/3", "P1_2_3", "p1_2_3", "/", "..", DECOMPOSED, COMPOSED, "é" * 200, "é" * 200 + "x", "a\0b"]
    found = [names.of("train", "cat", key, image).as_posix() for key in keys]
    assert found[0] == "train/cat/p1_2_3.png" and len({name.casefold() for name in found}) == len(keys)
    assert len({unicodedata.normalize("NFC", name) for name in found}) == len(keys)
    assert all(len(name.encode()) < 255 + len("train/cat/") and ".." not in name for name in found)
    assert found == [FileNames().of("train", "cat", keys[0], image).as_posix(), *found[1:]]
    folders = {names.of("train", name, "x", image).parent.name for name in ("a/b", "n" * 300)}
    assert {len(folder) for folder in folders} == {3, 240}


def test_names_that_collide_are_all_prepared(tmp_path):
    names = ["p1/2_3.png", "p1_2/3.png", "p3/1.png"]
    save(*(tmp_path / "imgs" / name for name in names))
    (tmp_path / "labels.csv").write_text("file,label\n" + "".join(f"{name},cat\n" for name in names))
    settings = {"path": tmp_path / "imgs", "labels": str(tmp_path / "labels.csv"), "recursive": True}
    for link in ("hard", "copy"):
        source = flat_folder.read({**settings, "test_fraction": 0})
        found = prepare(source, {"link": link}, tmp_path / "out")
        for key, file in zip(found.examples["key"], found.examples["file"], strict=True):
            assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "imgs" / key).read_bytes()


def test_what_a_limit_leaves_out_is_counted(photos, tmp_path):
    source = image_folder.read({"path": photos})
    prepare(source, {"limit": {"train": 3}}, tmp_path / "out")
    assert left_out(source) == {"beyond limit.train": 1}


def test_voc_names_that_lead_out_of_the_folder(tmp_path):
    lists = tmp_path / "VOC2007" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "trainval.txt").write_text("../../../secret\n")
    with pytest.raises(UserError, match=r"trainval\.txt: '\.\./\.\./\.\./secret' is no image's name"):
        voc.read({"path": tmp_path, "train": ["VOC2007/trainval"]})


@pytest.mark.parametrize(
    "settings",
    [{"background": "red-ish"}, {"background": [1, 2, 3]}, {"background": "#12345"}]
    + [{"levels": levels} for levels in ([1], [3, 3], [4, 1], [0, float("inf")], "x", [0, 1, 2])],
)
def test_backgrounds_and_levels_that_cannot_be(settings):
    with pytest.raises(ValueError, match=r"background|levels"):
        DataSource(**settings)


def test_backgrounds_and_levels():
    source = DataSource(background="#0a0B0c", levels=[-1024, 3071])
    assert source.background == "#0a0B0c" and source.levels == [-1024, 3071]
    assert pd.Series(DataSource().model_dump()).isna()[["background", "levels"]].all()


def test_classes_without_training_images_are_no_classes(photos, tmp_path):
    save(photos / "test" / "ant" / "7.png", *(photos / "test" / "aardvark" / f"{number}.png" for number in range(2)))
    with pytest.raises(UserError, match="class 'aardvark' has no training images"):
        image_folder.read({"path": str(photos)})
    source = image_folder.read({"path": str(photos), "on_bad_image": "skip"})
    assert left_out(source) == {"class that no training example has": 2}
    assert source.examples.groupby("class_name")["label"].agg(set).to_dict() == {"ant": {0}, "bee": {1}}
    for path in (photos / "train" / "ant").iterdir():
        path.write_bytes(b"")
    prepared = prepare(source, {"on_bad_image": "skip"}, tmp_path / "images", "photos")
    assert prepared.examples["class_name"].tolist() == ["bee", "bee", "ant"]
    (remark,) = prepared.remarks
    assert remark.startswith("classes without training examples: 1 (ant); no network can be right on")


def test_no_training_example_is_said_of_the_data_set(photos, tmp_path):
    for path in photos.rglob("*.png"):
        path.write_bytes(b"")
    source = image_folder.read({"path": str(photos)})
    with pytest.raises(UserError, match=r"^datasets.photos: no training example is left; see above"):
        prepare(source, {"on_bad_image": "skip"}, tmp_path / "images", "photos")


def test_the_training_folder_is_no_test_folder(photos):
    with pytest.raises(UserError, match=r"photos/train: is the training folder; name another one in datasets"):
        split_folders(photos, "train")


def test_folders_that_cannot_be_read_are_named(photos, monkeypatch):
    monkeypatch.chdir(photos / "train" / "ant")
    for _ in range(25):
        Path("d" * 200).mkdir()
        os.chdir("d" * 200)
    os.chdir(photos)
    message = r"^.{300}\.\.\.: cannot be read \(File name too long\); move or rename it$"
    for read in (watched_folders, lambda root: image_folder.read({"path": str(root)})):
        with pytest.raises(UserError, match=message):
            read(photos)
