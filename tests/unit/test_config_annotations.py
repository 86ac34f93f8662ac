"""A field says by annotation how it refers to others; no list elsewhere has to know of it."""

from collections.abc import Iterator
from typing import Annotated

import pytest
import yaml
from pydantic import Field

from difficulty.config.core.annotations import ANY, KEYS, CheckedBy, ExperimentPatterns, GoesWith, marked
from difficulty.config.core.lists import ExperimentNames
from difficulty.config.core.names import Text
from difficulty.config.core.patterns import spelled_out
from difficulty.config.core.section import Section
from difficulty.config.file import ConfigurationFile
from difficulty.config.reading import load
from difficulty.config.suite import CheckedSection


def faults(value, suite):
    return []


class Part(Section):
    """One of several parts."""

    experiments: ExperimentNames | None = Field(None, description="experiments")


class Analysis(CheckedSection):
    """A new analysis."""

    parts: Annotated[dict[Text, Part], GoesWith(("datasets",)), CheckedBy(faults)] = Field({}, description="parts")
    by_name: dict[Annotated[Text, ExperimentPatterns()], int] = Field({}, description="by experiment")


class File(Section):
    """A configuration with the new analysis."""

    new: Analysis | None = Field(None, description="the new analysis")


def test_annotations_are_found_wherever_a_field_lies():
    assert [place for place, _ in marked(File, ExperimentPatterns)] == [
        ("new", "parts", ANY, "experiments"),
        ("new", "by_name", KEYS),
    ]
    assert [(place, mark.sections) for place, mark in marked(File, GoesWith)] == [(("new", "parts"), ("datasets",))]
    assert [(place, mark.faults) for place, mark in marked(File, CheckedBy)] == [(("new", "parts"), faults)]


def test_patterns_of_a_new_analysis_are_spelled_out():
    written = {"new": {"parts": {"a": {"experiments": ["noise-*"]}}, "by_name": {"*": 1}}}
    names = ["plain", "noise-10", "noise-20"]
    found = spelled_out(written, names, File).config["new"]
    assert found == {"parts": {"a": {"experiments": names[1:]}}, "by_name": dict.fromkeys(names, 1)}


def lists_of_experiments(schema: dict, definitions: dict, place=()) -> Iterator[tuple]:
    """Places of all keys called `experiments` below a JSON schema."""
    for each in (schema, *schema.get("anyOf", [])):
        below = definitions[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for key, value in below.get("properties", {}).items():
            if key == "experiments":
                yield (*place, key)
            yield from lists_of_experiments(value, definitions, (*place, key))
        named = [below.get("additionalProperties"), *below.get("patternProperties", {}).values()]
        for values in filter(lambda values: isinstance(values, dict), named):
            yield from lists_of_experiments(values, definitions, (*place, ANY))


def test_every_list_of_experiments_takes_patterns():
    schema = ConfigurationFile.model_json_schema()
    named = {*lists_of_experiments(schema, schema["$defs"])} - {("experiments",)}
    taking = {place for place, _ in marked(ConfigurationFile, ExperimentPatterns)}
    assert ("analyses", "influence", "queries", ANY, "experiments") in named <= taking


@pytest.mark.parametrize("place", [place for place, _ in marked(ConfigurationFile, ExperimentPatterns)])
def test_no_list_names_experiments_that_another_file_has_replaced(tmp_path, place):
    value = {"gone": ["digits"]} if place[-1] == KEYS else ["gone"]
    for key in reversed(place[:-1] if place[-1] == KEYS else place):
        value = {"some" if key == ANY else key: value}
    earlier, later = tmp_path / "earlier.yaml", tmp_path / "later.yaml"
    earlier.write_text(yaml.safe_dump({"experiments": {"gone": {}}, **value}))
    later.write_text("experiments: {mine: {}}")
    assert "gone" not in str(load([earlier, later]))
