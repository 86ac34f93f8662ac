"""Text in the configuration: names that become file names, and free text."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from difficulty.config.core.problems import expected
from difficulty.config.core.section import problem

_LONGEST_NAME = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_STAGE = re.compile(r"[a-z][a-z0-9]*", re.ASCII)
_RUN_NAME = re.compile(r"seed-[0-9]+(-fold-[0-9]+)?")


def name_fault(value) -> str | None:
    """Returns an error message if a data set, an experiment, a group or a truth cannot have this name."""
    if not isinstance(value, str) or not _NAME.fullmatch(value) or len(value) > _LONGEST_NAME:
        what = "a name of letters, digits, - and _ that starts with a letter or digit"
        what += f", at most {_LONGEST_NAME} characters" if isinstance(value, str) and len(value) > _LONGEST_NAME else ""
        return expected(what, value) + _in_quotes(value)
    if _RUN_NAME.fullmatch(value):
        return f"{value!r} is what a run is called; choose another name"
    return None


def _checked_name(value) -> str:
    if text := name_fault(value):
        raise problem(text)
    return value


def _checked_stage(value) -> str:
    """Part of a column's name, whose endings (`_raw`, `_test`) have a meaning."""
    if not isinstance(value, str) or not _STAGE.fullmatch(value):
        raise problem(expected("a stage's name of lower-case letters and digits, e.g. early", value))
    return value


def _checked_text(value) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise problem(expected("text", value) + _in_quotes(value))
    return value


def _checked_path(value) -> str:
    """A path that no program takes for one of its options; `~` is the home folder, as in a shell."""
    text = _checked_text(value)
    if text.startswith("-"):
        raise problem(f"{value!r} starts with -, as options of programs do; rename the file or the folder")
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError:
        raise problem(expected("a path; there is no such home folder", value)) from None


def _checked_class(value) -> str:
    """Classes called 3 or 7 need no quotes."""
    return _checked_text(str(value) if type(value) is int and 0 <= value < 10**9 else value)


def _in_quotes(value) -> str:
    return "; write it in quotes" if isinstance(value, bool | int | float) else ""


# Of a data set, an experiment, a group, a truth: part of file names, and never mistaken for a run.
Name = Annotated[
    str,
    PlainValidator(_checked_name),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^(?!{_RUN_NAME.pattern}$){_NAME.pattern}$",
            "maxLength": _LONGEST_NAME,
        }
    ),
]
# Of a named set of checkpoints.
StageName = Annotated[
    str, PlainValidator(_checked_stage), WithJsonSchema({"type": "string", "pattern": f"^{_STAGE.pattern}$"})
]
# A column, a reference to something named elsewhere.
Text = Annotated[str, PlainValidator(_checked_text), WithJsonSchema({"type": "string", "minLength": 1})]
ScoreName = Text
# A path of the user's own, relative to the working directory.
PathText = Annotated[
    str, PlainValidator(_checked_path), WithJsonSchema({"type": "string", "minLength": 1, "pattern": "^[^-]"})
]
ClassName = Annotated[str, PlainValidator(_checked_class), WithJsonSchema({"type": ["string", "integer"]})]
