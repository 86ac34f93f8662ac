"""The page of all settings: one table for each section of the configuration, from the JSON schema of its models."""

import itertools
import json
import re
from collections.abc import Iterator

_REFERENCE = "#/$defs/"
_BOUNDS = (("exclusiveMinimum", ">"), ("minimum", ">="), ("exclusiveMaximum", "<"), ("maximum", "<="))
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_MANY = 4  # keys that two sections must have in common for the second to refer to the first


def settings_page(definitions: dict[str, dict], root: str) -> str:
    """The tables of the section `root` and of all sections below it, in Markdown, in the order of the keys.

    definitions: name -> JSON schema of a section, whose properties have a `description` each.
    """
    places = _places(definitions, root)
    return "\n".join(line for name in places for line in _section(name, places, definitions))


def _places(definitions: dict, root: str) -> dict[str, str]:
    """Section -> the heading of its table, in the order in which the keys lead to them."""
    places: dict[str, str] = {}

    def visit(name: str, path: str, parent: str) -> None:
        if name in places:
            return
        properties = definitions[name]["properties"]
        own = ", ".join(f"`{key}: {value['const']}`" for key, value in properties.items() if "const" in value)
        heading = ", ".join(filter(None, [f"`{path}`" if path else "The file", own]))
        places[name] = f"{heading} of {parent}" if heading in places.values() else heading
        for key, value in properties.items():
            below = f"{path}.{key}" if path else key
            for other in _references(value):
                visit(other, f"{below}.NAME" if _is_mapping(value) else below, own)

    visit(root, "", "")
    return places


def _references(value) -> Iterator[str]:
    """The sections that a JSON schema refers to."""
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.removeprefix(_REFERENCE)
        for key, part in value.items():
            if key != "discriminator":
                yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _is_mapping(value: dict) -> bool:
    """Whether the value is a mapping of names, or may be one."""
    return any("patternProperties" in kind or "additionalProperties" in kind for kind in _kinds(value))


def _section(name: str, places: dict[str, str], definitions: dict) -> Iterator[str]:
    """Heading, description and table; keys that a section above has too are only named."""
    section, (above, common) = definitions[name], _in_common(name, places, definitions)
    yield from ("", f"## {places[name]}", "", _escaped(section["description"]), "")
    rows = [
        (f"`{key}`", _value(value, places), _default(key, section), _escaped(value["description"]))
        for key, value in section["properties"].items()
        if "const" not in value and key not in common
    ]
    if rows:
        yield from ("| key | value | default | meaning |", "|---|---|---|---|")
        yield from ("| " + " | ".join(row) + " |" for row in rows)
    if common:
        keys = ", ".join(f"`{key}`" for key in common)
        yield from ("", f"{keys}: as in [{places[above].replace('`', '')}](#{_anchor(places[above])}).")


def _in_common(name: str, places: dict[str, str], definitions: dict) -> tuple[str, list[str]]:
    """The first section above that has many of the same keys, and these."""
    for above in itertools.takewhile(lambda other: other != name, places):
        others = definitions[above]["properties"]
        same = [key for key, value in definitions[name]["properties"].items() if others.get(key) == value]
        if len(same) >= _MANY:
            return above, same
    return "", []


def _kinds(value: dict) -> list[dict]:
    """The alternatives of a value, null left out."""
    if kinds := value.get("anyOf") or value.get("oneOf"):
        return [each for kind in kinds for each in _kinds(kind)]
    types = value.get("type")
    alternatives = [value | {"type": each} for each in types] if isinstance(types, list) else [value]
    return [each for each in alternatives if each.get("type") != "null"]


def _value(value: dict, places: dict[str, str]) -> str:
    """What may be written for a key."""
    return " or ".join(dict.fromkeys(_kind(kind, places) for kind in _kinds(value)))


def _kind(kind: dict, places: dict[str, str]) -> str:
    if "$ref" in kind:
        place = places[kind["$ref"].removeprefix(_REFERENCE)]
        return f"[{place.rpartition(', ')[2]}](#{_anchor(place)})"
    if "enum" in kind or "const" in kind:
        return ", ".join(f"`{_yaml(each)}`" for each in kind.get("enum", [kind.get("const")]))
    if kind.get("type") == "array":
        return f"list of: {_value(kind.get('items', {}), places)}"
    if kind.get("type") == "object":
        inner = list(kind.get("patternProperties", {}).values()) or [kind.get("additionalProperties")]
        return f"name -> {_value(inner[0], places)}" if isinstance(inner[0], dict) else "mapping"
    bounds = " and ".join(f"{sign} {kind[name]}" for name, sign in _BOUNDS if name in kind)
    return f"{_TYPES.get(kind.get('type'), 'any')} {bounds}".strip()


def _default(key: str, section: dict) -> str:
    """The default, or nothing where the parts of a section below have defaults of their own."""
    if key in section.get("required", []):
        return "required"
    default = section["properties"][key].get("default", {})
    return "" if isinstance(default, dict) else f"`{_yaml(default)}`"


def _yaml(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in "-_ ")
    return kept.replace(" ", "-")


def _escaped(text: str) -> str:
    """Text as Markdown shows it, outside of code."""
    return re.sub(r"[|*<]", r"\\\g<0>", text)
