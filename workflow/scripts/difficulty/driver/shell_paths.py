"""Paths on the terminal: as they can be opened from the folder in which the user's shell stands."""

import os
from pathlib import Path


def from_shell(path: str | Path) -> str:
    """A path relative to the shell's folder if it is below it, else absolute.

    path: relative to the working directory, which `--directory` makes another folder than the shell's, or absolute; an
    address in a storage stays as it is.
    """
    if "://" in str(path):
        return str(path)
    shell, path = os.environ.get("PWD", ""), Path.cwd() / path
    if not Path(shell).is_absolute() or not Path(shell).is_dir():
        return str(path)
    folder = Path(shell).resolve()  # as the working directory is
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
