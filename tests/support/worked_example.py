"""The worked example of docs/extending.md: the files that it makes, and the lines that it adds to others."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
_BLOCK = re.compile(r"^(In )?`([\w/.]+)`:\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def new_files() -> dict[str, str]:
    """Path below the repository -> text of each file that the page makes."""
    return {path: text for edits, path, _, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")) if not edits}


def edited_files() -> dict[str, list[tuple[str, str]]]:
    """Path -> (lines that are there, lines that are added below them), of each file that the page changes."""
    found = {}
    for edits, path, kind, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if edits:
            assert kind == "diff", path
            places = re.findall(r"((?:^ .*\n)+)((?:^\+.*\n)+)", text, re.MULTILINE)
            found[path] = [tuple(re.sub(r"^.", "", lines, flags=re.MULTILINE) for lines in each) for each in places]
    return found


def apply(repository: Path) -> None:
    """Does to a copy of the repository what the page says."""
    for path, text in new_files().items():
        (repository / path).write_text(text, encoding="utf-8")
    for path, places in edited_files().items():
        text = (repository / path).read_text(encoding="utf-8")
        for there, added in places:
            assert text.count(there) == 1, f"{path} has {text.count(there)} times: {there}"
            text = text.replace(there, there + added)
        (repository / path).write_text(text, encoding="utf-8")
