"""What a configuration file holds, and what of it is valid."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from difficulty.config.analyses import Analyses
from difficulty.config.annotations import CheckedBy
from difficulty.config.datasets import AnySource
from difficulty.config.evaluations import Evaluations
from difficulty.config.figures import Figures
from difficulty.config.names import Name
from difficulty.config.problems import Place, expected
from difficulty.config.section import Section, findings
from difficulty.config.subset_references import faults

_DEEPEST = 6  # keys that lead to a value, at most
# Checked as experiments once they are merged.
_Settings = Annotated[dict[Any, Any], BeforeValidator(lambda value: {} if value is None else value)]


class ConfigurationFile(Section):
    """Configuration of the workflow."""

    datasets: Annotated[dict[Name, AnySource], CheckedBy(faults)] = Field({}, description="named sources of images")
    defaults: _Settings = Field({}, description="settings of every experiment that does not say otherwise")
    experiments: dict[Name, _Settings] = Field(
        {},
        description="training configurations by name: what differs from the defaults; null removes a default; with "
        "the key `grid`, one for each combination of its options",
    )
    evaluations: Evaluations = Field(
        {},
        description="experiment -> further data sets whose test split each of its runs is evaluated on; noise-* stands "
        "for all whose name fits and that have no entry of their own or an earlier one",
    )
    analyses: Analyses = Field(Analyses(), description="what is computed from the records of the experiments")
    figures: Figures = Field(Figures(), description="what is drawn")


def checked_file(config) -> tuple[ConfigurationFile, list[tuple[Place, str]]]:
    """What is valid of the sections, and what is wrong with the rest."""
    if not isinstance(config, dict):
        return ConfigurationFile(), [((), expected("a mapping", config))]
    faults = []
    for _ in range(_DEEPEST):  # leave out what is wrong, then what cannot be without it
        try:
            return ConfigurationFile.model_validate(config), faults
        except ValidationError as error:
            found = [(place, text) for place, text, _ in findings(error)]
        faults = faults or found
        for place in [_present(config, place) for place, _ in found]:
            config = _without(config, place)
    return ConfigurationFile(), faults


def _present(config: dict, place: Place) -> Place:
    """As much of a place as there is; a missing key leads to the section that lacks it."""
    for depth, key in enumerate(place):
        if not isinstance(config, dict) or str(key) not in map(str, config):
            return place[: max(depth, 1)]
        config = config.get(key)
    return place


def _without(config: dict, place: Place) -> dict:
    """Without the key at `place`, or the one whose list it is in."""
    key, *rest = place
    below = config.get(key)
    if rest and isinstance(below, dict):
        return {**config, key: _without(below, tuple(rest))}
    return {name: value for name, value in config.items() if str(name) != str(key)}
