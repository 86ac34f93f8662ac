"""The JSON schema of config.yaml, for editors and tests, from the models of its sections.

Every file may be partial, and `defaults` and `experiments` are merged before they are checked. So nothing of an
experiment is required here, and every key that may be left out may also be null.
"""

import json

from pydantic.json_schema import models_json_schema

from difficulty.config.core.section import Section
from difficulty.config.file import ConfigurationFile
from difficulty.config.training.experiment import Experiment
from difficulty.config.training.grids import WrittenExperiment

_REFERENCE = "#/$defs/"


def config_schema() -> dict:
    """The schema, with a description of every key."""
    models = [(ConfigurationFile, "validation"), (WrittenExperiment, "validation")]
    definitions = models_json_schema(models)[1]["$defs"]
    for name in _reached(WrittenExperiment.__name__, definitions):
        definitions[name].pop("required", None)
    _refer_to_experiments(definitions)
    for definition in definitions.values():
        _tidy(definition)
    root = definitions.pop(ConfigurationFile.__name__)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "config.yaml", **root} | {
        "$defs": definitions
    }


def _refer_to_experiments(definitions: dict) -> None:
    """`defaults`, `experiments` and the options of a grid hold experiments, which the models check once merged."""
    keys = definitions[ConfigurationFile.__name__]["properties"]
    keys["defaults"] = _reference(Experiment) | {"description": keys["defaults"]["description"]}
    _values_by_name(keys["experiments"], _or_null(_reference(WrittenExperiment)))
    options = definitions[WrittenExperiment.__name__]["properties"]["grid"]["anyOf"][0]["additionalProperties"]
    _values_by_name(options, *options["patternProperties"].values())


def _tidy(definition: dict) -> None:
    """Removes titles and the defaults of sections, and lets every optional key be null."""
    required = definition.get("required", [])
    for key, value in definition["properties"].items():
        value.pop("title", None)
        if isinstance(value.get("default"), dict):  # its parts have defaults of their own
            del value["default"]
        if "patternProperties" in value:
            _values_by_name(value, *value["patternProperties"].values())
        definition["properties"][key] = value if key in required else _or_null(value)
    del definition["title"]


def _reference(model: type[Section]) -> dict:
    return {"$ref": _REFERENCE + model.__name__}


def _reached(name: str, definitions: dict) -> set[str]:
    """The definition of that name, and all that it refers to."""
    found, waiting = set(), {name}
    while waiting:
        found.add(current := waiting.pop())
        text = json.dumps(definitions[current])
        waiting |= {other for other in definitions if f'"{_REFERENCE}{other}"' in text} - found
    return found


def _values_by_name(mapping: dict, values: dict) -> None:
    """Refuses keys that do not match the pattern of names, which patternProperties alone lets pass."""
    (pattern,) = mapping.pop("patternProperties")
    mapping["propertyNames"] |= {"pattern": pattern}
    mapping["additionalProperties"] = values


def _or_null(value: dict) -> dict:
    if "const" in value:
        return value
    if "enum" in value:
        return {key: part for key, part in value.items() if key != "type"} | {"enum": [*value["enum"], None]}
    if isinstance(value.get("type"), str):
        return value | {"type": [value["type"], "null"]}
    kinds = value.get("anyOf", [{"$ref": value["$ref"]}] if "$ref" in value else [])
    others = {key: part for key, part in value.items() if key not in ("anyOf", "$ref")}
    return {"anyOf": [kind for kind in kinds if kind != {"type": "null"}] + [{"type": "null"}], **others}
