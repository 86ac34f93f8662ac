"""The image files of a data set: placed by link or copy, and checked before anything depends on them.

A hard link shares its content with the file that it was made from, so a change of that file is a change of the data
set. Inode, size and time of every file are therefore kept beside it and compared at every read; where they differ,
as they do after a copy of the whole folder, the content's checksum decides.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pyarrow as pa

from difficulty.errors import UserError
from difficulty.file_digests import sha256_of
from difficulty.shared_disk import has_shared_disk
from difficulty.tables import Column, Schema, read_table

FILES = Schema(
    "files",
    {
        "file": Column(pa.string(), "image file, relative to the data set's images folder"),
        "inode": Column(pa.int64(), "its inode when the data set was made"),
        "size": Column(pa.int64(), "its size in bytes"),
        "modified_ns": Column(pa.int64(), "when its content was last changed, nanoseconds since 1970"),
        "sha256": Column(pa.string(), "SHA-256 of its content"),
    },
    key=("file",),
)
_SHOWN = 3


def link_files(source: Path, files: Iterable[str], target: Path, names: Iterable[str], link: str = "hard") -> None:
    """Places the files of one folder in another, under names of their own, both relative to their folders.

    link: hard, symlink or copy. Sources stay as they are. Raises UserError if the kind of link cannot be made.
    """
    names = list(names)
    for folder in {name.rpartition("/")[0] for name in names}:
        os.makedirs(os.path.join(target, folder), exist_ok=True)
    if link != "hard":
        for file, name in zip(files, names, strict=True):
            link_file(os.path.join(source, file), os.path.join(target, name), link)
        return
    of, into = (os.open(folder, os.O_RDONLY) for folder in (source, target))
    try:
        for file, name in zip(files, names, strict=True):
            os.link(file, name, src_dir_fd=of, dst_dir_fd=into)  # of what a symbolic link leads to
    except OSError as error:
        _raise_no_link(os.path.join(source, file), link, error)
    finally:
        os.close(of)
        os.close(into)


def link_file(source, path, link: str = "hard") -> None:
    """Places one file at `path`: a hard link to what it leads to, a symbolic link, or a copy."""
    try:
        if link == "copy":
            shutil.copyfile(source, path)
        elif link == "symlink":
            os.symlink(os.path.realpath(source), path)
        else:
            os.link(os.path.realpath(source), path)
    except OSError as error:
        _raise_no_link(source, link, error)


def _raise_no_link(source, link: str, error: OSError) -> NoReturn:
    """Raises the error for a file that could not be placed; one that is its own cause would have no end."""
    if error.errno == errno.ENOSPC or link == "copy":
        raise error
    reason = "it is on another file system" if error.errno == errno.EXDEV else error.strerror
    others = "copy or symlink" if link == "hard" else "copy"
    raise UserError(f"{source}: no {link} link to it can be made ({reason}); set link: {others}") from error


def describe_files(folder: Path, files: pd.Series, sha256: pd.Series) -> pd.DataFrame:
    """A FILES table of files (N,), relative to `folder`, with the given checksums."""
    found = [os.stat(os.path.join(folder, file)) for file in files]
    return pd.DataFrame(
        {
            "file": files.to_numpy(),
            "inode": [each.st_ino for each in found],
            "size": [each.st_size for each in found],
            "modified_ns": [each.st_mtime_ns for each in found],
            "sha256": sha256.to_numpy(),
        }
    )


def check_files(table: Path, rows: Sequence[int] | None = None) -> None:
    """Compares the images folder next to a FILES table with the table. rows: positions of what is compared; None: all.

    Raises UserError with the number and the first names of files that are missing or not what they were. Without a
    shared disk, a job that reads none of the files has not fetched them.
    """
    folder = Path(table).parent / "images"
    if not has_shared_disk() and not folder.exists():
        return
    files = read_table(table, FILES)
    files = files if rows is None else files.iloc[rows]
    wrong = []
    for file, *was, sha256 in files.itertuples(index=False):
        path = os.path.join(folder, file)
        try:
            now = os.stat(path)
            same = [now.st_ino, now.st_size, now.st_mtime_ns] == was
            if not same and sha256_of(path) != sha256:
                wrong.append(f"{path} has changed")
        except OSError as error:
            wrong.append(f"{path} is missing" if error.errno == errno.ENOENT else f"{path}: {error.strerror}")
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more files" if len(wrong) > _SHOWN else ""
        raise UserError(
            f"{'; '.join(wrong[:_SHOWN])}{more} since the data set was made; put back what was there, "
            f"or remove {folder.parent}, to have the data set made again from its source"
        )
