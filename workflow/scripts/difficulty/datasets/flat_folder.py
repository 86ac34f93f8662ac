"""Images in one folder; a table says what they show, or their names do."""

from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.drawn_split import drawn_for_test, identical_files
from difficulty.datasets.flat_folder_labels import labels_from_names, labels_from_table, with_trained_classes
from difficulty.datasets.folders import subfolders
from difficulty.datasets.image_files import image_files
from difficulty.datasets.intake import Intake
from difficulty.datasets.label_text import in_order
from difficulty.datasets.path_names import printable, unique_names
from difficulty.datasets.source import Source
from difficulty.datasets.split_folders import TEST_NAMES, TRAIN_NAMES
from difficulty.errors import UserError

_SPLITS = {**dict.fromkeys(TRAIN_NAMES, "train"), **dict.fromkeys(TEST_NAMES, "test")}
_SHOWN = 5


def read(settings: dict) -> Source:
    """Lists the images in order of split and name; classes are numbered in the order of their labels.

    settings: path, recursive; labels (a table) with file_column, label_column and, if any, split_column, or pattern
    (which must match all of a name) with the groups label and, if any, split; test_fraction and split_seed, where
    nothing says what is a test image; unlabelled and on_bad_image. A name is the path relative to the folder.
    Raises UserError for what the table or the pattern leaves unclear; images without a label, rows without an image
    become notes if on_bad_image is skip.
    """
    root = Path(settings["path"])
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; see datasets.*.path in the configuration")
    intake = Intake("files")
    listed = image_files(root, settings.get("recursive", False), intake)
    files = dict(zip(unique_names([file.relative_to(root).as_posix() for file in listed]), listed, strict=True))
    below = [] if settings.get("recursive", False) else _images_below(root)
    intake.leave_out("in folders below; set recursive: true", [printable(path) for path in below])
    if not files:
        remedy = "set recursive: true to take those in folders below" if below else "see datasets.*.path"
        raise UserError(f"{root}: no image files in it; {remedy} in the configuration")
    labels_of = labels_from_table if "labels" in settings else labels_from_names
    given, problems, notes = labels_of(settings, files, intake)
    if problems and "skip" not in (settings.get("on_bad_image"), settings.get("unlabelled")):
        raise UserError(f"{'; '.join(problems)}; fix this or set on_bad_image: skip")
    if given.empty:
        raise UserError(f"{root}: none of its {len(files):,} images has a label; {'; '.join(problems)}")
    if "split" in given:
        notes += _about_splits(given["split"], settings)
        given["split"] = _known_splits(given["split"], settings)
        given = with_trained_classes(given, settings, intake)
    names = sorted(set(given["label"]), key=in_order)
    numbers = {name: number for number, name in enumerate(names)}
    given["class_name"], given["label"] = given["label"], given["label"].map(numbers).astype(np.int64)
    if "split" not in given:
        fraction, seed = settings.get("test_fraction", 0.2), settings.get("split_seed", 0)
        content = identical_files([files[key] for key in given["key"]])
        is_test = drawn_for_test(given["label"].to_numpy(), content, fraction, seed)
        given["split"] = np.where(is_test, "test", "train")
    examples = given.sort_values("split", ascending=False, kind="stable", ignore_index=True)  # train, then test
    examples["original_index"] = examples.groupby("split").cumcount()
    return Source(examples, lambda row: files[examples["key"][row]], (*notes, *problems), intake)


def _images_below(root: Path) -> list[Path]:
    return [path for folder in subfolders(root) for path in image_files(folder, True)]


def _known_splits(values: pd.Series, settings: dict) -> pd.Series:
    """train or test; UserError for names that are neither."""
    if unknown := sorted(set(values) - {name for name in values if name.lower() in _SPLITS}):
        place = f"{settings['labels']}: column {settings['split_column']!r}" if "labels" in settings else ""
        place = place or f"{settings['path']}: the pattern's group 'split'"
        raise UserError(f"{place}: expected train, test, val or validation, found {', '.join(unknown[:_SHOWN])}")
    return values.str.lower().map(_SPLITS)


def _about_splits(values: pd.Series, settings: dict) -> tuple[str, ...]:
    """Says how many images of which kinds are taken together as the test split, if they are of several."""
    counts = values[values.str.lower().isin(TEST_NAMES)].value_counts()
    if len(counts) < 2:
        return ()
    kinds = " and ".join(f"{count:,} {name}" for name, count in counts.sort_index().items())
    return (f"{settings['path']}: {kinds} images are together the test split",)
