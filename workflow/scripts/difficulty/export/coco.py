"""COCO's annotations of the training images, each label a box around the whole image, and two lists of file names.

annotations.json: `file_name` is relative to the folder in info.images. keep.txt, drop.txt: the same names, one a line.
"""

from collections.abc import Iterator
from pathlib import Path

import PIL.Image

from difficulty.atomic_files import atomic_path
from difficulty.export.json_files import plain_rows, write_json
from difficulty.export.judged import Judged


def write(judged: Judged, folder: Path, provenance: dict) -> None:
    trained = judged.of_split("train")
    sizes = [_size(judged.images / file) for file in trained.examples["file"]]
    numbers = {name: number for number, name in enumerate(judged.class_names)}
    about = {"images": judged.images.as_posix(), "label_quality": judged.quality, "is_label_issue": judged.issue}
    write_json(
        folder / "annotations.json",
        {
            "info": {"description": "labels and what the networks make of them", **about},
            "licenses": [],
            "categories": [{"id": number, "name": name} for name, number in numbers.items()],
            "images": _images(trained, sizes),
            "annotations": _annotations(trained, sizes, numbers),
        },
    )
    for name, chosen in (("drop", trained.examples["is_label_issue"]), ("keep", ~trained.examples["is_label_issue"])):
        with atomic_path(folder / f"{name}.txt") as temporary:
            temporary.write_text("".join(f"{file}\n" for file in trained.examples["file"][chosen]), encoding="utf-8")


def _images(trained: Judged, sizes: list[tuple[int, int]]) -> Iterator[dict]:
    for row, (width, height) in zip(plain_rows(trained.examples), sizes, strict=True):
        own = {"id": row.pop("example_id"), "file_name": row.pop("file"), "width": width, "height": height}
        yield {**own, **row}


def _annotations(trained: Judged, sizes: list[tuple[int, int]], numbers: dict[str, int]) -> Iterator[dict]:
    number = 0
    for image, given, suggested, (width, height) in zip(
        trained.examples["example_id"].tolist(), trained.given, trained.suggested, sizes, strict=True
    ):
        for name in given:
            number += 1  # from 1: pycocotools takes 0 for no annotation
            box = {"bbox": [0, 0, width, height], "area": width * height, "iscrowd": 0, "segmentation": []}
            yield {"id": number, "image_id": image, "category_id": numbers[name], **box, "suggested": suggested}


def _size(path: Path) -> tuple[int, int]:
    """Width and height as stored."""
    with PIL.Image.open(path) as picture:
        return picture.size
