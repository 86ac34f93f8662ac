"""A small folder in PASCAL VOC's layout, of noise."""

from pathlib import Path

import numpy as np
import PIL.Image

_OBJECT = (
    "<object><name>{0}</name><difficult>{5}</difficult><bndbox><xmin>{1}</xmin><ymin>{2}</ymin>"
    "<xmax>{3}</xmax><ymax>{4}</ymax></bndbox><part><name>head</name></part></object>"
)


def write_image(folder: Path, image: str, objects: list[tuple], size: tuple[int, int] = (10, 8), seed: int = 0) -> None:
    """Photograph and annotation of an image. objects: (class, xmin, ymin, xmax, ymax, difficult). size: (W, H)."""
    (folder / "JPEGImages").mkdir(parents=True, exist_ok=True)
    (folder / "Annotations").mkdir(exist_ok=True)
    pixels = np.random.default_rng([seed, len(objects)]).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    PIL.Image.fromarray(pixels).save(folder / "JPEGImages" / f"{image}.jpg")
    found = "".join(_OBJECT.format(*each) for each in objects)
    width, height = size
    text = f"<annotation><size><width>{width}</width><height>{height}</height></size>{found}</annotation>"
    (folder / "Annotations" / f"{image}.xml").write_text(text)


def write_list(folder: Path, name: str, lines: list[str]) -> None:
    """A list of images."""
    (folder / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
    (folder / "ImageSets" / "Main" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))


def write_devkit(root: Path, folder: str = "VOC2007", lists: dict[str, int] | None = None) -> None:
    """Images with one to three objects of four classes, some of them difficult, by list: name -> how many."""
    random, number = np.random.default_rng(0), 0
    for name, count in (lists or {"trainval": 24, "test": 12}).items():
        images = [f"{number + index:06d}" for index in range(count)]
        number += count
        for image in images:
            names = random.choice(["bird", "cat", "person", "tvmonitor"], random.integers(1, 4))
            boxes = [(*random.integers(1, 5, 2), *random.integers(5, 9, 2)) for _ in names]
            hard = random.random(len(names)) < 0.2
            objects = [(each, *box, int(one)) for each, box, one in zip(names, boxes, hard, strict=True)]
            write_image(root / folder, image, objects, seed=int(image))
        write_list(root / folder, name, images)
