"""Any folder of photographs: {train,test|val}/{class}/..., classes being the names of the folders."""

from pathlib import Path

import pandas as pd

from difficulty.datasets.folders import subfolders
from difficulty.datasets.image_files import image_files
from difficulty.datasets.intake import Intake
from difficulty.datasets.label_matching import UNTRAINED
from difficulty.datasets.path_names import is_utf8, printable, unique_names
from difficulty.datasets.source import Source
from difficulty.datasets.split_folders import TEST_NAMES, SplitFolders, class_folders, split_folders
from difficulty.errors import UserError


def read(settings: dict) -> Source:
    """Lists the images in order of split, class and name; those in folders below a class's folder belong to the class.

    settings: path; test_folder, name of the folder of test images (None: as `split_folders` finds it); on_bad_image.
    Keys are the class and the path below its folder. Class names and keys are in Unicode's composed form.
    Test images of classes without training images are left out.
    Raises UserError if there is no train folder, no class, or (with on_bad_image: error) a class without a training
    image or with a name that is not UTF-8.
    """
    root, intake = Path(settings["path"]), Intake("files")
    splits = split_folders(root, settings.get("test_folder"))
    folders = {"train": class_folders(splits.train), "test": class_folders(splits.test)}
    classes = sorted({*folders["train"], *folders["test"]})
    if not classes:
        raise UserError(f"{splits.train}: no class folders in it; expected train/<class>/<image files>")
    unreadable = [name for name in classes if not is_utf8(name)]
    problems = [f"{printable(root)}: the name of class {printable(name)} is not UTF-8" for name in unreadable]
    classes = [name for name in classes if is_utf8(name)]
    images = {
        split: {
            name: [(folder, file) for folder in of_class.get(name, ()) for file in image_files(folder, True, intake)]
            for name in classes
        }
        for split, of_class in folders.items()
    }
    untrained = [name for name in classes if not images["train"][name]]
    problems += [f"{printable(splits.train / name)}: class {name!r} has no training images" for name in untrained]
    for name in untrained:
        intake.leave_out(UNTRAINED, [printable(file) for _, file in images["test"][name]])
    classes = [name for name in classes if name not in untrained]
    rows, files = [], []
    for split, of_class in images.items():
        for label, name in enumerate(classes):
            keys = unique_names([file.relative_to(folder.parent).as_posix() for folder, file in of_class[name]])
            rows += [(split, key, label, name) for key in keys]
            files += [file for _, file in of_class[name]]
    if problems and settings.get("on_bad_image", "error") == "error":
        raise UserError(f"{'; '.join(problems)}; add some, remove the class everywhere or set on_bad_image: skip")
    _leave_out_unread(root, splits, intake)
    examples = pd.DataFrame(rows, columns=["split", "key", "label", "class_name"])
    examples["original_index"] = examples.groupby("split").cumcount()
    notes = (*_about_splits(root, splits), *_about_forms(folders), *problems)
    return Source(examples, lambda row: files[row], notes, intake)


def _about_splits(root: Path, splits: SplitFolders) -> list[str]:
    """Says which folder is the test split, unless it is test/ and nothing else could be."""
    if splits.test is None:
        return [f"no test split, as no folder test/ or val/ in {printable(root)} has a folder of a training class"]
    others = [path for path in splits.others if path.name.lower() in TEST_NAMES]
    if splits.test.name == "test" and not others:
        return []
    beside = f", not {', '.join(f'{printable(path.name)}/' for path in others)}" if others else ""
    return [f"{printable(root / splits.test.name)}/ is the test split{beside}"]


def _about_forms(folders: dict[str, dict[str, list[Path]]]) -> list[str]:
    """Says which classes are written in several Unicode forms."""
    forms: dict[str, set[str]] = {}
    for of_class in folders.values():
        for name, paths in of_class.items():
            forms.setdefault(name, set()).update(path.name for path in paths)
    several = [name for name, found in forms.items() if len(found) > 1]
    return [f"class {name!r} is written in several Unicode forms; it is one class" for name in several]


def _leave_out_unread(root: Path, splits: SplitFolders, intake: Intake) -> None:
    """Counts images that lie in no class folder of a split that is read."""
    for split in (splits.train, splits.test):
        if split is None:
            continue
        _count(image_files(split, False, intake), f"in {printable(split.name)}/ outside of its class folders", intake)
        for path in subfolders(split):
            if not is_utf8(path.name):
                _count(image_files(path, True, Intake()), "in a class folder whose name is not UTF-8", intake)
    _count(image_files(root, False, Intake()), "outside of train/ and test/", intake)
    for path in splits.others:
        _count(image_files(path, True, Intake()), f"in {printable(path.name)}/, which is not read", intake)


def _count(images: list[Path], reason: str, intake: Intake) -> None:
    intake.leave_out(reason, [printable(path) for path in images])
