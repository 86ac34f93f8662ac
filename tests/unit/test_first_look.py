"""A first look at a folder of images: every layout that a source reads is recognised, and its starter can be run."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pytest

from difficulty.config.core.yaml_files import read_yaml
from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.first_look.fitting import batch_size, fitted
from difficulty.first_look.starter import as_yaml, dataset_name
from difficulty.first_look.survey import Survey
from difficulty.plan.plan import Plan
from tests.support.rule_files import jobs
from tests.support.script_server import interpreter
from tests.support.voc import write_devkit

ROOT = Path(__file__).parents[2]
RANDOM = np.random.default_rng(0)


def picture(path: Path, size=(24, 20), grey: bool = False) -> None:
    """Writes a picture of noise. size: width and height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0]) if grey else (size[1], size[0], 3)
    PIL.Image.fromarray(RANDOM.integers(0, 256, shape, dtype=np.uint8)).save(path)


def classes(folder: Path, count: int = 8, **options) -> None:
    """Two folders of pictures."""
    for name in ("ant", "bee"):
        for number in range(count):
            picture(folder / name / f"{number}.png", **options)


def new(*arguments) -> subprocess.CompletedProcess:
    """`make new` without make."""
    command = [interpreter(), str(ROOT / "workflow" / "scripts" / "new_config.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def looked_at(folder: Path, monkeypatch, images: Path | None = None) -> tuple[str, dict]:
    """(what is printed, settings of the data set) of images; the configuration that is written can be planned."""
    result = new(images or folder, *(("--out", folder) if images else ()))
    assert result.returncode == 0, result.stderr
    monkeypatch.chdir(folder)
    plan = Plan(resolve(load([ROOT / "config.yaml", "config.yaml"]), "config.yaml"), lambda *source: " ".join(source))
    assert {"train_model", "rank_suspects"} <= {job.rule for job in jobs(plan)}
    (settings,) = read_yaml("config.yaml")["datasets"].values()
    return result.stdout, settings


def split_folders(folder: Path) -> None:
    classes(folder / "train")
    classes(folder / "val", count=2)


def class_folders(folder: Path) -> None:
    classes(folder)


def labelled_files(folder: Path) -> None:
    names = [f"{number:02d}.png" for number in range(10)]
    for name in names:
        picture(folder / "images" / name)
    splits = ["train"] * 8 + ["test"] * 2
    table = pd.DataFrame({"image_id": names, "species": ["ant", "bee"] * 5, "split": splits, "width": 3})
    table.to_csv(folder / "labels.csv", index=False)


def parquet(folder: Path) -> None:
    picture(folder / "one.png")
    data = (folder / "one.png").read_bytes()
    (folder / "one.png").unlink()
    table = pd.DataFrame({"image": [data] * 8, "label": [0, 1] * 4, "label_name": ["ant", "bee"] * 4})
    for split in ("train", "validation"):
        table.to_parquet(folder / f"{split}-00000-of-00001.parquet")


def voc(folder: Path) -> None:
    write_devkit(folder / "VOCdevkit")


def npz(folder: Path) -> None:
    images = RANDOM.integers(0, 256, (12, 16, 16), dtype=np.uint8)
    labels = np.arange(12) % 2
    split = {"train_images": images, "train_labels": labels, "val_images": images[:2], "val_labels": labels[:2]}
    np.savez(folder / "mnist.npz", **split, test_images=images[:3], test_labels=labels[:3])


LAYOUTS = {
    "split folders": (split_folders, {"source": "image_folder", "path": "."}, "16 for training, 4 for the test"),
    "class folders": (
        class_folders,
        {"source": "flat_folder", "path": ".", "recursive": True, "test_fraction": 0},
        "16 for training, none for the test",
    ),
    "labelled files": (
        labelled_files,
        {
            **{"source": "flat_folder", "path": "images", "labels": "labels.csv", "recursive": False},
            **{"file_column": "image_id", "label_column": "species", "split_column": "split"},
        },
        "8 for training, 2 for the test",
    ),
    "parquet": (
        parquet,
        {
            **{"source": "parquet", "image": "image", "label": "label", "class_name": "label_name"},
            "files": {
                name: [f"{file}-00000-of-00001.parquet"] for name, file in (("train",) * 2, ("test", "validation"))
            },
        },
        "8 for training, 8 for the test",
    ),
    "voc": (
        voc,
        {"source": "voc", "path": "VOCdevkit", "train": ["VOC2007/trainval"], "test": ["VOC2007/test"]},
        "24 for training, 12 for the test",
    ),
    "npz": (
        npz,
        {
            "source": "npz",
            "files": dict.fromkeys(("train", "test"), "mnist.npz"),
            "arrays": {split: [f"{split}_images", f"{split}_labels"] for split in ("train", "test")},
        },
        "12 for training, 3 for the test",
    ),
}


@pytest.mark.parametrize(("make", "expected", "printed"), LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("name", ["photos", "it's $HOME {x} a"])
def test_each_layout_is_recognised_and_its_starter_can_be_planned(tmp_path, monkeypatch, name, make, expected, printed):
    folder = tmp_path / name
    folder.mkdir()
    make(folder)
    output, settings = looked_at(folder, monkeypatch)
    assert expected.items() <= settings.items()
    assert printed in output


def test_images_of_another_folder(tmp_path, monkeypatch):
    classes(tmp_path / "photos" / "all" / "train")
    (tmp_path / "work").mkdir()
    _, settings = looked_at(tmp_path / "work", monkeypatch, tmp_path / "photos")
    assert settings["path"] == str(tmp_path / "photos" / "all")


def test_a_table_is_looked_at_by_itself(tmp_path, monkeypatch):
    parquet(tmp_path)
    result = new(tmp_path / "train-00000-of-00001.parquet")
    assert result.returncode == 0, result.stderr
    assert "8 for training, none for the test" in result.stdout and (tmp_path / "config.yaml").exists()


def test_classes_of_equal_size_have_one_number(tmp_path, monkeypatch):
    classes(tmp_path)
    assert "classes for training: 2, with 8 each" in looked_at(tmp_path, monkeypatch)[0]


def test_what_is_remarkable_is_reported(tmp_path, monkeypatch):
    classes(tmp_path / "train")
    classes(tmp_path / "val", count=1)
    picture(tmp_path / "train" / "wasp" / "0.png", size=(40, 30), grey=True)
    shutil.copy(tmp_path / "train" / "ant" / "0.png", tmp_path / "val" / "ant" / "copy.png")
    shutil.copy(tmp_path / "train" / "ant" / "1.png", tmp_path / "train" / "bee" / "copy.png")
    (tmp_path / "train" / "bee" / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "train" / "bee" / "notes.txt").write_text("none")
    picture(tmp_path / "train" / "loose.png")
    output, settings = looked_at(tmp_path, monkeypatch)
    lines = [line.partition(": ")[2] for line in output.splitlines()]
    assert lines[1:5] == [
        "images: 18 for training, 3 for the test",
        "classes for training: 3, from wasp with 1 to bee with 9",
        "classes of one training image: 1 (wasp); their labels cannot be judged",
        "sizes: 24 x 20 to 40 x 30 pixels, median 24 x 20, in colour, 1 of them greyscale",
    ]
    assert lines[5].startswith("duplicates: 2 groups of identical files (4 examples), 1 across train and test, 1 with")
    left_out = [line for line in lines if line.startswith("left out")]
    assert [line.split(": ")[1] for line in left_out] == [
        "no image by name or content",
        "in train/ outside of its class folders",
        "cannot be identified as an image (BMP, GIF, JPEG, PNG, PPM, TIFF, WEBP)",
    ]
    assert settings["on_bad_image"] == "skip"


def test_what_is_wrong_is_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("x")
    classes(tmp_path / "one")
    shutil.rmtree(tmp_path / "one" / "bee")
    picture(tmp_path / "flat" / "a.png")
    errors = {
        "gone": "no such folder; check DIR",
        "empty": "no images in it; see docs/data.md for layouts that are read, and for records",
        "note.txt": "is a file, expected a folder of images, a Parquet table or an .npz archive",
        "one": "one class only (ant), so there is nothing to learn; two classes are needed",
        "flat": "there are images, but no labels; put the images of each class into a folder of its own, or a table "
        "labels.csv with the columns file and label next to them",
    }
    for name, expected in errors.items():
        result = new(tmp_path / name)
        assert (result.returncode, result.stderr) == (1, f"{tmp_path / name}: {expected}\n")
        assert not (tmp_path / name / "config.yaml").exists()
    assert not (tmp_path / "gone").exists()


def test_a_configuration_that_exists_stays(tmp_path):
    classes(tmp_path)
    (tmp_path / "config.yaml").write_text("mine")
    result = new(tmp_path)
    expected = f"{tmp_path}/config.yaml: is there already and stays as it is; remove it for a new one\n"
    assert (result.returncode, result.stderr) == (1, expected)
    assert new("--if-missing", tmp_path).returncode == 0
    assert (tmp_path / "config.yaml").read_text() == "mine"


def survey(count: int, width: int, height: int, grey: bool = False) -> Survey:
    columns = {"split": "train", "class_name": "a", "width": width, "height": height, "is_grey": grey}
    return Survey(pd.DataFrame(columns, index=range(count)), count, {})


@pytest.mark.parametrize("count", [2, 9, 120, 1000, 3000, 50_000])
def test_batches_are_an_eighth_at_most(count):
    assert batch_size(count) <= max(min(count / 8, 128), 2)


def test_settings_fit_the_images():
    photographs = fitted(survey(120, 500, 375))
    assert (photographs.batch_size, photographs.color, photographs.augmentation["flip"]) == (15, "rgb", True)
    digits = fitted(survey(1500, 28, 28, grey=True))
    assert (digits.size, digits.color, digits.augmentation) == (None, "grey", {"crop": 1, "flip": False})
    many = fitted(survey(50_000, 500, 375))
    assert (many.size, many.batch_size, many.epochs) == (32, 128, 20)


def test_images_that_come_and_go_in_the_working_directory_are_noticed(tmp_path, monkeypatch):
    """Its time says nothing, as it holds results and the configuration, too."""
    classes(tmp_path)
    looked_at(tmp_path, monkeypatch)

    def key() -> str:
        plan = Plan(resolve(load([ROOT / "config.yaml", "config.yaml"]), ""), lambda *source: " ".join(source))
        (name,) = plan.datasets
        assert set(plan.data.source_paths(name)) == {"ant", "bee"}
        return plan.data.key(name)

    before = key()
    (tmp_path / "results").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    assert key() == before
    picture(tmp_path / "loose.png")
    assert key() != before


@pytest.mark.parametrize(
    "value", ["a b", "no", 'it\'s "x"', "a: b", "# c", "$HOME", "é", "", [1, "x"], {"a": ["b"]}, 0, None]
)
def test_values_are_read_as_they_were_written(tmp_path, value):
    (tmp_path / "a.yaml").write_text(f"x: {as_yaml(value)} # comment\n", encoding="utf-8")
    assert read_yaml(tmp_path / "a.yaml") == {"x": value}


@pytest.mark.parametrize(
    ("folder", "name"),
    [("/a/my photos/", "my-photos"), ("/a/--", "images"), ("seed-0", "images"), ("x" * 99, "x" * 40)],
)
def test_a_data_set_is_called_after_its_folder(folder, name):
    assert dataset_name(folder) == name
