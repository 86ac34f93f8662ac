"""Annotations that say how a field of the configuration refers to other sections, and how to find them.

A section that has such a field needs no entry in any list: patterns, files that replace one another and checks of names
look for the annotations.
"""

import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from difficulty.config.core.problems import Place
from difficulty.config.core.section import Section

ANY = "*"  # of a place, each key of a mapping
KEYS = "{keys}"  # of a place, last: the keys of a mapping instead of its values


@dataclass(frozen=True)
class ExperimentPatterns:
    """A list of experiments, or a mapping by experiment, in which `noise-*` stands for all whose name fits."""


@dataclass(frozen=True)
class GoesWith:
    """A field that refers to what these sections name: a file that replaces one of them drops it, too."""

    sections: tuple[str, ...]


@dataclass(frozen=True)
class CheckedBy:
    """A field that `faults` checks against the rest of the configuration.

    faults: (value, suite) -> (place below the field, problem) of each.
    """

    faults: Callable[[Any, Any], Iterable[tuple[Place, str]]]


def marked(annotation, kind: type, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yields (place, mark) for each annotation of this kind in a section or in the type of a value."""
    inner = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case typing.Annotated:
            yield from ((place, mark) for mark in inner[1:] if isinstance(mark, kind))
            yield from marked(inner[0], kind, place)
        case typing.Union | types.UnionType:
            for each in inner:
                yield from marked(each, kind, place)
        case origin if origin is dict:
            yield from marked(inner[0], kind, (*place, KEYS))
            yield from marked(inner[1], kind, (*place, ANY))
        case None if isinstance(annotation, type) and issubclass(annotation, Section):
            for name, field in annotation.model_fields.items():
                whole = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
                yield from marked(whole, kind, (*place, name))
