"""Patterns: where experiments are listed, `noise-*` stands for all whose name fits, in the order of the configuration.

They are replaced before the sections are checked, which see names only.
"""

import fnmatch
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from difficulty.config.core.annotations import ANY, KEYS, ExperimentPatterns, marked
from difficulty.config.core.problems import Place, choices, shown
from difficulty.config.core.section import Section

_ANY_TEXT = "*"  # in a pattern


@dataclass(frozen=True)
class Spelled:
    """A configuration whose lists name every experiment.

    origins: place of an experiment -> place of what was written for it.
    unmatched: place of a pattern that no experiment fits -> what is wrong with it.
    """

    config: dict
    origins: dict[Place, Place]
    unmatched: dict[Place, str]

    def as_written(self, faults: Iterable[tuple[Place, str]]) -> list[tuple[Place, str]]:
        """The faults at the places that were written, one for all that a pattern stands for.

        Nothing else is reported of an unmatched pattern or of a list that has one: it only seems too short.
        """
        told = {*self.unmatched, *(place[:-1] for place in self.unmatched)}
        found = []
        for place, text in faults:
            entry = next((place[:depth] for depth in range(len(place) + 1) if place[:depth] in self.origins), None)
            written = place if entry is None else (*self.origins[entry], *place[len(entry) :])
            if written not in told:
                found.append((written, text))
            if entry is not None:
                told.add(written)
        return found


def spelled_out(config: dict, experiments: Collection[str], model: type[Section]) -> Spelled:
    """Replaces patterns by the experiments that fit them, wherever `model` has `ExperimentPatterns`.

    A pattern stands for none that its list names otherwise. Of keys, an experiment's own name counts before a pattern,
    an earlier pattern before a later one.
    """
    origins, unmatched = {}, {}

    def in_list(place: Place, entries):
        if not (isinstance(entries, list) and any(map(_is_pattern, entries))):
            return entries
        found = _spelled(entries, experiments)
        origins.update({(*place, position): (*place, index) for position, (index, _) in enumerate(found)})
        unmatched.update({(*place, index): name for index, name in found if _is_pattern(name)})
        return [name for _, name in found]

    def in_keys(place: Place, section):
        if not (isinstance(section, dict) and any(map(_is_pattern, section))):
            return section
        keys, values = list(section), list(section.values())
        found = _spelled(keys, experiments)
        origins.update({(*place, name): (*place, keys[index]) for index, name in found})
        unmatched.update({(*place, name): name for _, name in found if _is_pattern(name)})
        return {name: values[index] for index, name in found}

    for path, _ in marked(model, ExperimentPatterns):
        config = _changed(config, path[:-1], in_keys) if path[-1] == KEYS else _changed(config, path, in_list)
    wanted = f"expected a pattern for {choices(list(experiments))}" if experiments else "there is none"
    faults = {place: f"no experiment fits {shown(pattern)}, {wanted}" for place, pattern in unmatched.items()}
    return Spelled(config, origins, faults)


def _spelled(entries: Sequence, experiments: Collection[str]) -> list[tuple[int, str]]:
    """Returns (index of the entry, experiment) for everything that entries stand for; unmatched patterns stay."""
    found, named = [], {entry for entry in entries if isinstance(entry, str)}
    for index, entry in enumerate(entries):
        fitting = [name for name in experiments if _fits(name, entry)] if _is_pattern(entry) else []
        found += [(index, name) for name in fitting if name not in named] if fitting else [(index, entry)]
        named.update(fitting)
    return found


def _is_pattern(entry) -> bool:
    return isinstance(entry, str) and _ANY_TEXT in entry


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, re.sub(r"([?[])", r"[\1]", pattern))


def _changed(config, path: Place, change: Callable, place: Place = ()):
    """A copy with `change(place, value)` for each value that `path` leads to."""
    if not path:
        return change(place, config)
    if not isinstance(config, dict):
        return config
    key, *rest = path
    return {
        name: _changed(value, tuple(rest), change, (*place, name)) if key in (name, ANY) else value
        for name, value in config.items()
    }
