"""Folders in folders. Only the standard library is used: the workflow asks for them at every start."""

import os
from pathlib import Path

from difficulty.datasets.path_names import printable
from difficulty.errors import UserError

_LONGEST_SHOWN = 300  # characters of a path in a message
_NO_FOLDERS = 2  # links of a folder without folders, on file systems that count them; on others every folder has 1


def is_folder(entry: os.DirEntry) -> bool:
    """Whether an entry is a folder or leads to one; a symbolic link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def entries_of(folder: Path) -> list[os.DirEntry]:
    """Entries of a folder, sorted by name; UserError if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        remedy = "change its permissions" if isinstance(error, PermissionError) else "move or rename it"
        name = printable(folder)
        name = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."
        raise UserError(f"{name}: cannot be read ({error.strerror}); {remedy}") from error


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, in order, without hidden ones; UserError if it cannot be read."""
    found = entries_of(folder)
    return sorted(folder / entry.name for entry in found if is_folder(entry) and not entry.name.startswith("."))


def identity(folder: Path) -> tuple[int, int] | None:
    """What a folder is, by whatever name; None if it is not there."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def own_results() -> set[tuple[int, int] | None]:
    """The workflow's own results/, which may lie among the user's images and are none of them."""
    return {identity(Path("results"))} - {None}


def folders_below(folder: Path) -> list[Path]:
    """The folders in a folder at any depth, in order, each once wherever symbolic links lead.

    A folder that has no other folders is not searched for symbolic links to some: its millions of images would be
    listed at every start.
    """
    below, waiting, seen = [], [folder], own_results()
    while waiting:
        current = waiting.pop()
        found = identity(current)
        if found in seen:
            continue
        seen.add(found)
        if current != folder:
            below.append(current)
        if found is None or current.stat().st_nlink != _NO_FOLDERS:
            waiting += subfolders(current)  # of a folder that cannot be looked at: says so
    return sorted(below)
