"""Any folder of photographs: {train,test|val}/{class}/*, classes being the names of the folders."""

from pathlib import Path

import pandas as pd

from difficulty.datasets.image_files import image_files
from difficulty.datasets.source import Source
from difficulty.errors import UserError


def read(settings: dict) -> Source:
    """Lists the images in order of split, class and name.

    Hidden files are passed over; files without an image's extension are too, with a warning. Raises UserError
    if there is no train folder, no class, or (with on_bad_image: error) a class without an image.
    """
    root = Path(settings["path"])
    folders = {"train": root / "train", "test": _test_folder(root)}
    if not folders["train"].is_dir():
        raise UserError(f"{root}: no folder train/ with one folder per class in it; set datasets.*.path to its parent")
    classes = sorted({path.name for folder in folders.values() if folder for path in _class_folders(folder)})
    if not classes:
        raise UserError(f"{folders['train']}: no class folders in it; expected train/<class>/<image files>")
    rows, files, notes = [], [], []
    for split, folder in folders.items():
        for label, name in enumerate(classes if folder else ()):
            images = image_files(folder / name) if (folder / name).is_dir() else []
            if not images and split == "train":
                problem = f"{folder / name}: class {name!r} has no training images"
                if settings.get("on_bad_image", "error") == "error":
                    raise UserError(f"{problem}; add some, remove the class everywhere or set on_bad_image: skip")
                notes.append(problem)
            files += images
            rows += [(split, image.name, label, name) for image in images]
    examples = pd.DataFrame(rows, columns=["split", "key", "label", "class_name"])
    examples["key"] = examples["class_name"] + "/" + examples["key"]
    examples["original_index"] = examples.groupby("split").cumcount()
    return Source(examples, lambda row: files[row], tuple(notes))


def _test_folder(root: Path) -> Path | None:
    return next((root / name for name in ("test", "val") if (root / name).is_dir()), None)


def _class_folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
