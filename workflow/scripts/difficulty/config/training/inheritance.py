"""Overrides: how an experiment's settings change the defaults, and one file's those of another."""

from collections.abc import Mapping
from functools import reduce

from difficulty.config.core.problems import Place
from difficulty.config.training.architectures import OWN_SETTINGS

# The keys that say what a section is: where they differ, the other keys have another meaning.
_KINDS = ("name", "kind", "source", "by")


def merged(base: Mapping, override: Mapping) -> dict:
    """`base` with the keys of `override`.

    Sections merge key by key, unless `override` makes another kind of one: then it replaces the section whole.
    A key that is null in `override` is removed. Neither argument is changed.
    """
    result = dict(base)
    for key, value in override.items():
        if value is None and key in base:
            del result[key]
        elif _merges(base.get(key), value):
            result[key] = merged(base[key], value)
        else:
            result[key] = value
    return result


def experiment_settings(defaults: Mapping, *overrides: Mapping) -> dict:
    """The settings of an experiment: `defaults`, changed by each override in turn.

    With another architecture than that of `defaults`, the settings of `defaults` that belong to it (width, depth,
    stem, weights) are left behind; those of the overrides are not.
    """
    architecture = defaults.get("architecture")
    named = [override["architecture"] for override in overrides if "architecture" in override]
    if architecture is not None and named and named[-1] != architecture:
        defaults = {key: value for key, value in defaults.items() if key not in OWN_SETTINGS}
    return reduce(merged, overrides, dict(defaults))


def is_inherited(place: Place, base: Mapping, override: Mapping) -> bool:
    """Whether the value at `place` of the merged settings comes from `base`."""
    for key in place:
        if not isinstance(override, Mapping):
            return False
        if key not in override:
            return True
        below = base.get(key) if isinstance(base, Mapping) else None
        if not _merges(below, override[key]):
            return False
        base, override = below, override[key]
    return False


def _merges(base, override) -> bool:
    if not (isinstance(base, Mapping) and isinstance(override, Mapping)):
        return False
    return all(base.get(key) == override[key] for key in _KINDS if isinstance(override.get(key), str))
