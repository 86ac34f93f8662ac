"""What every section of the configuration has in common: strict types, no unknown keys, readable errors."""

import itertools
import re
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError, core_schema

from difficulty.config.core.problems import Place, alternatives, did_you_mean, expected, unknown_key

MISSING = "missing"


def problem(text: str, kind: str = "problem") -> PydanticCustomError:
    """An error for a validator to raise; `text` reaches the user as it is."""
    return PydanticCustomError(kind, "{text}", {"text": text})


def problems_at(located: Iterable[tuple[Place, str]]) -> ValidationError:
    """One error for a validator to raise, with places relative to the validated value."""
    return _as_error([{"type": problem(text), "loc": place, "input": None} for place, text in located])


def findings(error: ValidationError) -> list[tuple[Place, str, bool]]:
    """(place, text, whether a required key is missing) of each error that a section raised."""
    return [
        (_without_marks(line["loc"]), line["msg"], line["type"] == MISSING)
        for line in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def without_repeats(values: list) -> list:
    """Validator of a list whose entries must differ."""
    first = {}  # of each value, which is text or a number
    repeated = [index for index, value in enumerate(values) if first.setdefault(value, index) != index]
    if repeated:
        raise problems_at(((index,), f"{values[index]!r} occurs twice") for index in repeated)
    return values


def ascending(values: list) -> list:
    """Validator of a list of numbers that must not decrease."""
    if any(later < earlier for earlier, later in itertools.pairwise(values)):
        raise problem(f"expected the smaller number first, got {values}")
    return values


class Section(BaseModel):
    """A mapping of the configuration. A key whose value is null counts as not given, unless null switches it off."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    # Keys that one would expect here, and why they are not.
    refused: ClassVar[Mapping[str, str]] = {}
    # Keys that have another default than null, and that null switches off.
    switched_off_by_null: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, data, handler):
        if isinstance(data, dict):
            not_given = cls.model_fields.keys() - set(cls.switched_off_by_null)
            data = {key: value for key, value in data.items() if value is not None or key not in not_given}
        try:
            return handler(data)
        except ValidationError as error:
            raise _explained(error, cls) from None


class ChosenBy:
    """Annotation of a union of sections: the value of `key` says which of them the data is."""

    def __init__(self, key: str):
        self.key = key

    def __get_pydantic_core_schema__(self, source, handler):
        members = typing.get_args(source) if isinstance(source, types.UnionType) else (source,)
        kinds = {typing.get_args(member.model_fields[self.key].annotation)[0]: member for member in members}

        def choose(data, _):
            if not isinstance(data, dict):
                raise problem(expected(f"a mapping with the key {self.key!r}", data))
            name = data.get(self.key)
            if isinstance(name, str) and name in kinds:
                return kinds[name].model_validate(data)
            what = alternatives(kinds)
            if name is not None:
                raise problems_at([((self.key,), expected(what, name, kinds))])
            if likely := next((key for key in data if did_you_mean(key, [self.key])), None):
                raise problems_at([((likely,), unknown_key(likely, [self.key]))])
            raise problems_at([((self.key,), f"missing (expected {what})")])

        return core_schema.no_info_wrap_validator_function(choose, handler(source))


def _explained(error: ValidationError, section: type[Section]) -> ValidationError:
    """Translates pydantic's errors into the user's terms; reports a misspelt required key once."""
    lines = error.errors(include_url=False)
    unknown = [line["loc"][0] for line in lines if line["type"] in ("extra_forbidden", "invalid_key")]
    misspelt = {did_you_mean(key, section.model_fields) for key in unknown}
    return _as_error(
        [
            {"type": _told(line, section), "loc": line["loc"], "input": None}
            for line in lines
            if not (line["type"] == "missing" and line["loc"][0] in misspelt and len(line["loc"]) == 1)
        ]
    )


def _told(line: dict[str, Any], section: type[Section]) -> PydanticCustomError:
    kind, value, context = line["type"], line["input"], line.get("ctx", {})
    match kind:
        case "extra_forbidden" | "invalid_key":
            key = line["loc"][0]
            return problem(section.refused.get(key) or unknown_key(key, section.model_fields))
        case "missing":
            told = "text" in context  # by a deeper section
            text = line["msg"] if told else f"missing ({_in_short(section, line['loc'][0])})"
            return problem(text, MISSING)
        case "literal_error":
            words = re.findall(r"'([^']*)'", context["expected"])
            return problem(expected(alternatives(words), value, words))
        case "model_type" | "dict_type" | "model_attributes_type":
            return problem(expected("a mapping", value))
        case "list_type":
            return problem(expected("a list", value))
        case "bool_type":
            return problem(expected("true or false", value))
        case "too_short":
            return problem(f"expected at least {_entries(context['min_length'])}, got {context['actual_length']}")
        case "too_long":
            return problem(f"expected at most {_entries(context['max_length'])}, got {context['actual_length']}")
    return problem(line["msg"])


def _in_short(section: type[Section], key: str) -> str:
    return section.model_fields[key].description.split(";")[0]


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _without_marks(place: Place) -> Place:
    return place[:-1] if place and place[-1] == "[key]" else place


def _as_error(lines: list[dict]) -> ValidationError:
    return ValidationError.from_exception_data("configuration", lines)
