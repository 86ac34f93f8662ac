"""A field says by annotation how it refers to others; no list elsewhere has to know of it."""

from typing import Annotated

from pydantic import Field

from difficulty.config.core.annotations import ANY, KEYS, CheckedBy, ExperimentPatterns, GoesWith, marked
from difficulty.config.core.lists import ExperimentNames
from difficulty.config.core.names import Text
from difficulty.config.core.patterns import spelled_out
from difficulty.config.core.section import Section
from difficulty.config.file import Analyses, ConfigurationFile
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


def test_every_list_of_experiments_takes_patterns():
    taking = {place for place, _ in marked(ConfigurationFile, ExperimentPatterns)}
    named = {
        ("analyses", name, "experiments")
        for name, field in Analyses.model_fields.items()
        for section in getattr(field.annotation, "__args__", (field.annotation,))
        if isinstance(section, type) and issubclass(section, CheckedSection) and "experiments" in section.model_fields
    }
    assert named and named <= taking
