"""Files and folders of the user's that a configuration names, and how one that is not there is reported."""

from collections.abc import Iterable
from pathlib import Path

from difficulty.config.core.problems import Place, told
from difficulty.errors import UserError


def require_files(source: str, named: Iterable[tuple[Place, str]]) -> None:
    """Raises UserError with a line for each path that is not a file.

    source: what error messages call the configuration. named: (place in the configuration, path).
    """
    faults = [(place, text) for place, path in dict.fromkeys(named) if (text := _fault(path))]
    if faults:
        raise UserError("\n".join(told(source, faults)))


def require_folder(source: str, place: Place, path: str) -> None:
    """Raises UserError if there is nothing at the path of a folder."""
    if not Path(path).exists():
        raise UserError(*told(source, [(place, _missing("folder", path))]))


def _fault(path: str) -> str | None:
    if Path(path).is_dir():
        return f"{path} is a folder, expected a file; fix the path"
    return None if Path(path).exists() else _missing("file", path)


def _missing(kind: str, path: str) -> str:
    where = "" if Path(path).is_absolute() else f", relative to {Path.cwd()}"
    return f"no such {kind}: {path}{where}; fix the path"
