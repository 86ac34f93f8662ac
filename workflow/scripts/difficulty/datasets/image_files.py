"""Finds the images among the files of a folder, and counts the others."""

import logging
import os
from pathlib import Path

from difficulty.datasets.folders import entries_of, identity, is_folder, own_results
from difficulty.datasets.formats import EXTENSIONS, HEAD, OTHER_EXTENSIONS, format_of
from difficulty.datasets.intake import Intake
from difficulty.datasets.path_names import printable

logger = logging.getLogger(__name__)
_HIDDEN = "hidden, as the name starts with a dot"
_NO_IMAGE = "no image by name or content"
_READ_ALREADY = "folder that is read already under another name"


def image_files(folder: Path, recursive: bool = False, intake: Intake | None = None) -> list[Path]:
    """Images of a folder, and of the folders in it if `recursive`, in order of their paths.

    An image is what has an image's extension, or none and an image's content. Broken links, pipes and devices that are
    named like images are listed as well: whoever opens them reports them as broken images. Symbolic links to folders
    are followed, each folder is read once.
    intake: gets what is left out: hidden names, other formats, what is no image. All of it is named in the log.
    Raises UserError for a folder that cannot be read.
    """
    intake = Intake() if intake is None else intake
    images, read, own = [], set(), own_results()
    folders, linked = [folder], []
    while folders or linked:
        current = folders.pop() if folders else linked.pop(0)
        found = identity(current)
        if found in own:
            continue
        if found in read:
            _leave_out(intake, _READ_ALREADY, current)
            continue
        read.add(found)
        for entry in entries_of(current):
            path = current / entry.name
            if entry.name.startswith("."):
                _leave_out_hidden(intake, path, entry)
            elif is_folder(entry):
                if recursive:
                    (linked if entry.is_symlink() else folders).append(path)
            elif reason := _no_image(path):
                _leave_out(intake, reason, path)
            else:
                images.append(path)
    return sorted(images)


def _no_image(path: Path) -> str | None:
    """Why a file is left out; None if it is an image by its name or, if that has no extension, by its content."""
    suffix = path.suffix.lower()
    if suffix in EXTENSIONS:
        return None
    if suffix in OTHER_EXTENSIONS:
        return f"format {suffix} is not read; convert to PNG or JPEG"
    return None if not suffix and path.is_file() and _has_content_of_image(path) else _NO_IMAGE


def _has_content_of_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return format_of(file.read(HEAD)) is not None
    except OSError:  # it may not be read: nothing says that it is an image
        return False


def _leave_out_hidden(intake: Intake, path: Path, entry: os.DirEntry) -> None:
    """Only what might be missed: a hidden folder, or a hidden file that is named like an image."""
    if is_folder(entry) or path.suffix.lower() in EXTENSIONS:
        _leave_out(intake, _HIDDEN, path)


def _leave_out(intake: Intake, reason: str, path: Path) -> None:
    name = printable(path)
    intake.leave_out(reason, [name])
    logger.info("%s: left out: %s", name, reason)
