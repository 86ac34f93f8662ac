"""Recognises how images lie in a folder or a table: which source reads them, with which settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from difficulty.datasets.folders import identity, own_results, subfolders
from difficulty.datasets.image_files import image_files
from difficulty.datasets.path_names import printable
from difficulty.datasets.split_folders import TRAIN_NAMES, class_folders, split_folders
from difficulty.errors import UserError
from difficulty.first_look.table_layouts import archives, image_tables, label_table

CLASS_FOLDERS = "(?P<label>[^/]+)/(?s:.+)"  # the pattern of files in one folder per class
_VOC_FOLDERS = ("JPEGImages", "Annotations", "ImageSets/Main")
_VOC_LISTS = {"train": ("trainval", "train"), "test": ("test",)}
_SHOWN = 5


@dataclass(frozen=True)
class Layout:
    """described: the end of a sentence that begins with the name of the folder. settings: source, path, ... as in
    `datasets`, without size and color."""

    described: str
    settings: dict


def recognised(place: Path) -> Layout:
    """The layout of a folder, or of a table of images. Raises UserError if it is none that a source reads."""
    if layout := next(_layouts(place), None):
        return layout
    shown = printable(place.absolute())
    if place.is_file():
        raise UserError(f"{shown}: is a file, expected a folder of images, a Parquet table or an .npz archive")
    below = _subfolders(place)
    if len(below) == 1:
        return recognised(below[0])
    if image_files(place, recursive=True):
        raise UserError(
            f"{shown}: there are images, but no labels; put the images of each class into a folder of its own, or a "
            "table labels.csv with the columns file and label next to them"
        )
    names = [printable(path.name) for path in below[:_SHOWN]]
    there = f" (there are the folders {', '.join(names)})" if names else ""
    raise UserError(f"{shown}: no images in it{there}; see docs/data.md for layouts that are read, and for records")


def _layouts(place: Path) -> Iterator[Layout]:
    """Every layout that fits, the most specific first."""
    if place.is_dir():
        if settings := _voc(place):
            yield Layout("PASCAL VOC's layout, several labels per image", settings)
        if settings := _split_folders(place):
            yield Layout("one folder per class, in folders for training and test", settings)
    if settings := image_tables(place):
        yield Layout("Parquet with a column of images", settings)
    if settings := archives(place):
        yield Layout("NumPy archive with arrays of images and labels", settings)
    if place.is_dir():
        if settings := label_table(place, _subfolders(place)):
            yield Layout("a folder of images with a table of labels", settings)
        if settings := _class_folders(place):
            yield Layout("one folder per class, without folders for training and test", settings)


def _subfolders(place: Path) -> list[Path]:
    own = own_results()
    return [path for path in subfolders(place) if identity(path) not in own]


def _split_folders(place: Path) -> dict | None:
    if not any(path.name.lower() in TRAIN_NAMES for path in _subfolders(place)):
        return None
    splits = split_folders(place)
    return {"source": "image_folder", "path": str(place)} if class_folders(splits.train) else None


def _class_folders(place: Path) -> dict | None:
    """Settings that have every image ranked: without a test split, all are for training."""
    below = _subfolders(place)
    is_single = len(below) == 1 and image_files(below[0]) and not image_files(place)  # one class, as will be reported
    if not is_single and sum(bool(image_files(path, recursive=True)) for path in below) < 2:
        return None
    pattern = {"recursive": True, "pattern": CLASS_FOLDERS, "test_fraction": 0}
    return {"source": "flat_folder", "path": str(place), **pattern}


def _voc(place: Path) -> dict | None:
    """The lists of all years that the folder has, or that it is itself."""
    itself = place.absolute()
    for root, years in (
        (itself.parent, [itself]),
        (place, _subfolders(place)),
        *((path, _subfolders(path)) for path in _subfolders(place)),
    ):
        years = [year for year in years if all((year / name).is_dir() for name in _VOC_FOLDERS)]
        lists = {split: [_listed(year, names) for year in years] for split, names in _VOC_LISTS.items()}
        found = {split: [entry for entry in entries if entry] for split, entries in lists.items()}
        if found["train"]:
            given = {split: entries for split, entries in found.items() if entries}
            return {"source": "voc", "path": str(root), **given}
    return None


def _listed(year: Path, names: tuple[str, ...]) -> str | None:
    """The first of some lists that a year has, as `VOC2007/trainval`."""
    there = (name for name in names if (year / "ImageSets" / "Main" / f"{name}.txt").is_file())
    name = next(there, None)
    return name and f"{year.name}/{name}"
