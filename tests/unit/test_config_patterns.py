"""Patterns: where experiments are listed, `noise-*` stands for all whose name fits."""

import copy

import pytest
import yaml

from difficulty.config.core.patterns import spelled_out
from difficulty.config.file import ConfigurationFile
from difficulty.config.resolve import resolve
from tests.support.grids import GRID, NAMES, SCHEMA


@pytest.mark.parametrize(
    "entries, names",
    [
        (["noise-half-*"], ["noise-half-sgd", "noise-half-rm3"]),
        (["*-rm3", "plain"], ["noise-clean-rm3", "noise-half-rm3", "plain"]),
        (["*"], NAMES),
        (["noise-*-sgd"], ["noise-clean-sgd", "noise-half-sgd"]),
        (
            ["last", "*s*", "plain*"],
            ["last", "noise-clean-sgd", "noise-clean-rm3", "noise-half-sgd", "noise-half-rm3", "plain"],
        ),
        (["n*-rm3", "noise-clean-rm3"], ["noise-half-rm3", "noise-clean-rm3"]),
        (["plain", "last"], ["plain", "last"]),
    ],
)
def test_a_pattern_stands_for_what_its_list_does_not_name(entries, names):
    spelled = spelled_out({"analyses": {"vog": {"experiments": entries}}}, NAMES, ConfigurationFile)
    assert spelled.config == {"analyses": {"vog": {"experiments": names}}}


def test_patterns_wherever_experiments_are_listed():
    analyses = yaml.safe_load("""
    agreement: {groups: {optimizers: [noise-half-*]}}
    comparisons: {noise: [noise-*]}
    vog: {experiments: [noise-*-sgd]}
    prediction_depth: {experiments: [last, noise-clean-*]}
    influence: {experiments: ["*"], queries: {some: {experiments: ["*-sgd"]}}}
    coherence: {experiments: [p*]}
    images: {}
    relations: {experiments: ["*-rm3"]}
    """)
    configuration = resolve({**GRID, "analyses": analyses})
    assert configuration.agreement_groups["optimizers"] == ["noise-half-sgd", "noise-half-rm3"]
    assert configuration.analyses["comparisons"] == {"noise": NAMES[1:5]}
    assert list(configuration.vog_stages) == ["noise-clean-sgd", "noise-half-sgd"]
    assert list(configuration.probed_epochs) == ["last", "noise-clean-sgd", "noise-clean-rm3"]
    assert list(configuration.influence_epochs) == NAMES
    queries = configuration.analyses["influence"]["queries"]
    assert queries["some"]["experiments"] == ["noise-clean-sgd", "noise-half-sgd"]
    assert list(configuration.coherent_epochs) == ["plain"]
    assert configuration.related_experiments == ["noise-clean-rm3", "noise-half-rm3"]


def lists_called_experiments(section: dict, place: tuple = ()):
    """Places of all keys `experiments` below a section of the schema."""
    for key, value in section["properties"].items():
        if key == "experiments":
            yield (*place, key)
        for part in [value, *value.get("anyOf", [])]:
            below = part.get("additionalProperties") or {}
            for reference, further in ((part.get("$ref"), (key,)), (below.get("$ref"), (key, "any"))):
                if reference:
                    yield from lists_called_experiments(SCHEMA["$defs"][reference.split("/")[-1]], (*place, *further))


def test_no_list_of_experiments_of_an_analysis_or_a_figure_is_forgotten():
    found = list(lists_called_experiments(SCHEMA["$defs"]["Analyses"], ("analyses",)))
    found += lists_called_experiments(SCHEMA["$defs"]["Figures"], ("figures",))
    assert ("figures", "image_maps", "experiments") in found
    assert ("analyses", "influence", "queries", "any", "experiments") in found
    for place in found:
        written, wanted = ["plain*"], ["plain"]
        for key in reversed(place):
            written, wanted = {key: written}, {key: wanted}
        assert spelled_out(written, NAMES, ConfigurationFile).config == wanted


def test_an_experiments_own_evaluations_count_before_those_of_patterns():
    evaluations = {"noise-*-sgd": ["photos"], "*": ["digits"], "noise-half-sgd": ["digits", "photos"]}
    found = resolve({**GRID, "evaluations": evaluations}).evaluations
    assert found == {name: ["digits"] for name in NAMES} | {
        "noise-clean-sgd": ["photos"],
        "noise-half-sgd": ["digits", "photos"],
    }


def test_configuration_is_not_changed():
    config = {**GRID, "evaluations": {"*": ["digits"]}, "analyses": {"vog": {"experiments": ["noise-*"]}}}
    before = copy.deepcopy(config)
    resolve(config)
    assert config == before
