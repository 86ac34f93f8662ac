"""PASCAL VOC's layout: photographs, an annotation of each as XML, and lists that say which belong to a split.

Everingham et al. 2010, International Journal of Computer Vision 88. An image has several objects of several classes, so
its label is a set of classes. In the test split, objects that are annotated as difficult do not count, as in VOC's own
evaluation: a class of which an image has no other objects counts there neither as present nor as absent.
"""

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.intake import Intake
from difficulty.datasets.source import Source
from difficulty.errors import UserError

CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
_NUMBERS = {name: number for number, name in enumerate(CLASSES)}
_ID = re.compile(r"\w[\w.-]*")  # never a path that leads out of the folder
_SHOWN = 5
_COLUMNS = (
    *("split", "key", "original_index", "label", "class_name"),
    *("label_set", "label_names", "uncounted", "objects", "object_area"),
)


@dataclass(frozen=True)
class Annotation:
    """The objects of an image.

    classes: int (M,), numbers of CLASSES. difficult: bool (M,). boxes: float (M, 4), left, upper, right and lower edge
    in pixels, where the edges of the image are 0 and `size` (width, height).
    """

    classes: np.ndarray
    difficult: np.ndarray
    boxes: np.ndarray
    size: tuple[float, float]

    def areas(self) -> np.ndarray:
        """Square pixels of each box, (M,)."""
        return (self.boxes[:, 2] - self.boxes[:, 0]) * (self.boxes[:, 3] - self.boxes[:, 1])


def read(settings: dict) -> Source:
    """Lists the images in the order of the lists.

    settings: path; train and test (may be missing), lists of `folder/list`, which names
    {path}/{folder}/ImageSets/Main/{list}.txt. Keys are the ids of images, with the folder before them if two folders
    of a split have the same id. Images that lack their file, their annotation or an object become notes if
    on_bad_image is skip. Raises UserError for them otherwise, and for lists that are missing or name an image twice.
    """
    root = Path(settings["path"])
    members = {split: _members(root, settings.get(split, []), split) for split in SPLITS}
    is_unique = all(len({image for _, image in found}) == len(found) for found in members.values())
    rows, files, problems, intake = [], [], [], Intake()
    for split, found in members.items():
        for index, (folder, image) in enumerate(found):
            file = root / folder / "JPEGImages" / f"{image}.jpg"
            try:
                if not os.path.lexists(file):  # a broken link is a broken image, reported with the others
                    raise UserError(f"{file}: no such image")
                annotation = read_annotation(root / folder / "Annotations" / f"{image}.xml")
            except UserError as error:
                problems.append(str(error))
                intake.leave_out("without image, annotation or object", [f"{folder}/{image}"])
                continue
            files.append(file)
            rows.append((split, image if is_unique else f"{folder}/{image}", index, *described(annotation, split)))
    if problems and settings.get("on_bad_image", "error") == "error":
        more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise UserError(f"{'; '.join(problems[:_SHOWN])}{more}; fix this or set on_bad_image: skip")
    return Source(pd.DataFrame(rows, columns=_COLUMNS), lambda row: files[row], tuple(problems), intake)


def _members(root: Path, entries: Sequence[str], split: str) -> list[tuple[str, str]]:
    """(folder, id) of every image that the lists of a split name."""
    found: dict[tuple[str, str], None] = {}
    for entry in entries:
        folder, _, name = entry.rpartition("/")
        lists = root / folder / "ImageSets" / "Main"
        path = lists / f"{name}.txt"
        if not path.is_file():
            there = sorted(each.stem for each in lists.glob("*.txt")) if lists.is_dir() else []
            known = f"there are {', '.join(there[:_SHOWN])}" if there else "see datasets.*.path"
            raise UserError(f"{path}: no such list; {known}")
        for line in path.read_text().splitlines():
            if not line.strip():
                continue
            member = (folder, line.split()[0])  # what follows in the lists of single classes is not needed
            if not _ID.fullmatch(member[1]):
                raise UserError(f"{path}: {member[1]!r} is no image's name; expected letters, digits, _, - and dots")
            if member in found:
                raise UserError(f"{path}: image {member[1]!r} is listed twice for {split}; name it in one list once")
            found[member] = None
    return list(found)


def read_annotation(path: Path) -> Annotation:
    """The annotation of an image; UserError naming the file if it is missing, damaged, or has no object."""
    if not path.is_file():
        raise UserError(f"{path}: no such annotation")
    try:
        tree = ElementTree.parse(path)
        size = tuple(float(tree.findtext(f"size/{side}", "")) for side in ("width", "height"))
        objects = tree.findall("object")
        names = [each.findtext("name", "").strip() for each in objects]
        boxes = [
            [float(each.findtext(f"bndbox/{edge}", "")) for edge in ("xmin", "ymin", "xmax", "ymax")]
            for each in objects
        ]
    except (ElementTree.ParseError, OSError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    except ValueError as error:
        raise UserError(f"{path}: a size or a box is no number") from error
    if not names:
        raise UserError(f"{path}: has no object")
    if unknown := [name for name in names if name not in _NUMBERS]:
        raise UserError(f"{path}: class {unknown[0]!r} is none of VOC's twenty")
    boxes = np.array(boxes)
    boxes[:, :2] -= 1  # VOC counts pixels from 1, and the last one is in the box
    if not (min(size) > 0 and (boxes[:, 2:] > boxes[:, :2]).all()):
        raise UserError(f"{path}: a box or the image is empty")
    difficult = np.array([each.findtext("difficult", "0").strip() == "1" for each in objects])
    return Annotation(np.array([_NUMBERS[name] for name in names]), difficult, boxes, size)


def described(annotation: Annotation, split: str) -> tuple:
    """label, class_name, label_set, label_names, uncounted, objects and object_area of an image.

    The label is the class of the largest object, of those that count if any does; of equal ones the first class.
    """
    counts = ~annotation.difficult | (split == "train")
    present = sorted(set(annotation.classes[counts].tolist()))
    uncounted = sorted(set(annotation.classes.tolist()) - set(present))
    eligible = counts if counts.any() else ~counts
    classes, areas = annotation.classes[eligible], annotation.areas()[eligible]
    label = int(classes[areas == areas.max()].min())
    width, height = annotation.size
    area = union_area(annotation.boxes.clip(0, [width, height, width, height])) / (width * height)
    names = [CLASSES[number] for number in present]
    return label, CLASSES[label], present, names, uncounted, len(annotation.classes), area


def union_area(boxes: np.ndarray) -> float:
    """Area that boxes (M, 4) of left, upper, right and lower edges cover together.

    Exact: the edges cut the plane into a grid, of which each cell is in a box or not.
    """
    across, down = np.unique(boxes[:, [0, 2]]), np.unique(boxes[:, [1, 3]])
    covered = np.zeros((len(across) - 1, len(down) - 1), bool)
    for left, upper, right, lower in boxes:
        columns = slice(*np.searchsorted(across, [left, right]))
        covered[columns, slice(*np.searchsorted(down, [upper, lower]))] = True
    return float(np.diff(across) @ covered @ np.diff(down))
