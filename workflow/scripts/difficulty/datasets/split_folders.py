"""How {train,test}/{class}/... lies on disk: which folder is which split, and which folders are classes.

Only the standard library is used: the workflow asks which folders a data set is read from at every start.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from difficulty.datasets.folders import folders_below, subfolders
from difficulty.datasets.path_names import composed, is_utf8
from difficulty.errors import UserError

TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing", "val", "valid", "validation", "dev", "eval")
_SHOWN = 5


@dataclass(frozen=True)
class SplitFolders:
    """train: folder of the training images. test: of the test images, if any. others: what is not read."""

    train: Path
    test: Path | None
    others: tuple[Path, ...]


def split_folders(root: Path, test: str | None = None) -> SplitFolders:
    """Finds the splits by their names, in upper or lower case, in the order of TRAIN_NAMES and TEST_NAMES.

    test: name of the test folder, where the user gives it; otherwise it is the first that has a folder of a training
    class, so that unlabelled test images are passed over for validation images.
    Raises UserError if there is no training folder, or none with the given name.
    """
    found = {path.name: path for path in subfolders(root)} if root.is_dir() else {}
    candidates = _in_order(found, TRAIN_NAMES)
    if not candidates:
        there = f" (there are {', '.join(list(found)[:_SHOWN])})" if found else ""
        raise UserError(
            f"{root}: no folder train/ with one folder per class in it{there}; set datasets.*.path to its parent"
        )
    train = candidates[0]
    if test is None:
        known = class_folders(train).keys()
        labelled = (path for path in _in_order(found, TEST_NAMES) if class_folders(path).keys() & known)
        chosen = next(labelled, None)
    elif test in found:
        chosen = found[test]
        if chosen == train:
            raise UserError(f"{train}: is the training folder; name another one in datasets.*.test_folder")
    else:
        raise UserError(f"{root}: no folder {test}/; see datasets.*.test_folder in the configuration")
    others = tuple(path for path in found.values() if path not in (train, chosen))
    return SplitFolders(train, chosen, others)


def class_folders(split: Path | None) -> dict[str, list[Path]]:
    """Class name -> its folders, in order. Names that differ only in their Unicode form are one class."""
    classes: dict[str, list[Path]] = {}
    for path in subfolders(split) if split else ():
        classes.setdefault(composed(path.name), []).append(path)
    return dict(sorted(classes.items()))


def watched_folders(root: Path, test: str | None = None) -> list[str]:
    """Every folder whose time changes when an image is added or removed; never `root`, which may hold results/ too."""
    splits = split_folders(root, test)
    chosen = [path for path in (splits.train, splits.test) if path]
    classes = [path for split in chosen for paths in class_folders(split).values() for path in paths]
    nested = [folder for path in classes for folder in folders_below(path)]
    return [os.path.normpath(path) for path in [*chosen, *sorted(classes), *nested] if is_utf8(str(path))]


def _in_order(found: dict[str, Path], names: tuple[str, ...]) -> list[Path]:
    """The folders with these names; `train` comes before `Train`."""
    return [found[name] for wanted in names for name in sorted(found, reverse=True) if name.lower() == wanted]
