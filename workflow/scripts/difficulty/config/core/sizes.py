"""Limits of a configuration's size, checked before anything else: each check takes milliseconds."""

import math
from collections.abc import Iterator, Mapping

from difficulty.config.core.problems import Place

_MOST_KEYS = 1000  # of one mapping: data sets, experiments, ...
_MOST_ENTRIES = 10_000  # of one list: seeds, files, ...
_MOST_EXPERIMENTS = 1000  # of all grids together
_LONGEST_CHAIN = 50  # subsets of subsets
_FREE = ("map",)  # label_noise.map may name every class


def size_faults(config) -> list[tuple[Place, str]]:
    """(place, problem) of what is too large. config: as it is written, right or wrong."""
    if not isinstance(config, Mapping):
        return []
    crowded = list(_crowded((), config, ()))
    return crowded or [*_experiments(config.get("experiments")), *_chains(config.get("datasets"))]


def _crowded(place: Place, section: Mapping, outer: tuple) -> Iterator[tuple[Place, str]]:
    """Mappings with too many keys and lists with too many entries; what is in them is not checked.

    outer: identities of the mappings around this one, since YAML's aliases can put one into itself.
    """
    if len(section) > _MOST_KEYS and place[-1:] != _FREE:
        yield place, f"has {len(section):,} keys, expected at most {_MOST_KEYS:,}; leave some out"
        return
    for key, value in section.items():
        if isinstance(value, list) and len(value) > _MOST_ENTRIES:
            text = f"has {len(value):,} entries, expected at most {_MOST_ENTRIES:,}; leave some out"
            yield (*place, str(key)), text
        elif isinstance(value, Mapping) and id(value) not in outer:
            yield from _crowded((*place, str(key)), value, (*outer, id(value)))


def _experiments(section) -> Iterator[tuple[Place, str]]:
    """Too many experiments in all; a single grid that makes too many is reported when it is expanded."""
    settings = section.values() if isinstance(section, Mapping) else ()
    grids = [each["grid"] for each in settings if isinstance(each, Mapping) and isinstance(each.get("grid"), Mapping)]
    counts = [math.prod(len(axis) for axis in grid.values() if isinstance(axis, Mapping)) for grid in grids]
    count = sum(counts) + len(settings) - len(grids)
    if count > _MOST_EXPERIMENTS >= max(counts, default=0):
        text = f"makes {count:,} experiments, expected at most {_MOST_EXPERIMENTS:,}"
        yield ("experiments",), f"{text}; leave options out, or split it into several configurations"


def _chains(section) -> Iterator[tuple[Place, str]]:
    """The first subset that has too many others before it."""
    datasets = section if isinstance(section, Mapping) else {}
    of = {name: each.get("of") for name, each in datasets.items() if isinstance(each, Mapping)}
    depth: dict = {}
    for name in of:
        way = []
        while isinstance(name, str) and name in of and name not in depth:
            if len(way) > len(of):  # a circle, which is reported elsewhere
                break
            way.append(name)
            name = of[name]
        for each in reversed(way):
            depth.setdefault(each, depth.get(of[each], -1) + 1 if isinstance(of[each], str) else 0)
    if too_deep := [name for name, number in depth.items() if number > _LONGEST_CHAIN]:
        text = f"is a subset of a subset of ... {depth[too_deep[0]]:,} times, expected at most {_LONGEST_CHAIN} times"
        yield ("datasets", str(too_deep[0])), f"{text}; choose of a data set nearer to the source"
