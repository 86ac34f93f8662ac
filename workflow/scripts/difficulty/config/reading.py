"""Merges configuration files: a later one replaces sections of an earlier one, and drops what refers to them."""

from collections.abc import Sequence
from pathlib import Path

from difficulty.config.core.annotations import ANY, KEYS, ExperimentPatterns, GoesWith, marked
from difficulty.config.core.problems import ConfigurationError, Place, told
from difficulty.config.core.sizes import size_faults
from difficulty.config.core.yaml_files import read_yaml
from difficulty.config.file import ConfigurationFile
from difficulty.config.training.grids import expanded, only
from difficulty.config.training.inheritance import merged


def load(paths: Sequence[str | Path]) -> dict:
    """Merges files into one configuration; later files override earlier ones key by key, and null removes a key.

    A later file's experiments and data sets replace the earlier ones.
    Raises ConfigurationError with one line for each file that cannot be read.
    """
    files, lines = [], []
    for path in paths:
        try:
            files.append(read_yaml(path))
            lines += told(str(path), size_faults(files[-1]))
        except ConfigurationError as error:
            lines += error.lines
    if lines:
        raise ConfigurationError(lines)
    result = {}
    for file in files:
        for section in ("datasets", "experiments"):
            for place in [(section,), *_going_with(section)] if section in file else ():
                result = _without(result, place)
        if "datasets" in file and not _names_dataset(result.get("defaults"), file["datasets"]):
            result = _without(result, ["defaults", "dataset"])
        if "datasets" in file:
            result = _without_homeless(result, file["datasets"])
        if "experiments" in file:
            result = _without_orphans(result, file["experiments"])
        result = merged(result, file)
    return result


def _without_orphans(config: dict, experiments) -> dict:
    """Drops subsets whose selecting experiment no longer exists, and subsets of those."""
    datasets, expansion = config.get("datasets"), expanded(experiments)
    if not isinstance(datasets, dict) or not isinstance(experiments, dict) or not expansion.is_complete:
        return config
    gone = []
    for name, settings in datasets.items():
        if not isinstance(settings, dict):
            continue
        select = settings.get("select")
        chooser = select.get("experiment") if isinstance(select, dict) else None
        if settings.get("of") in gone or chooser not in (None, *expansion.layers):
            gone.append(name)
    return {**config, "datasets": {name: value for name, value in datasets.items() if name not in gone}}


def _without_homeless(config: dict, datasets) -> dict:
    """Drops experiments on data sets that no longer exist."""
    experiments = config.get("experiments")
    if not isinstance(experiments, dict) or not isinstance(datasets, dict):
        return config
    return {**config, "experiments": only(experiments, lambda own: own.get("dataset") in (None, *datasets))}


def _names_dataset(defaults, datasets) -> bool:
    return isinstance(defaults, dict) and isinstance(datasets, dict) and defaults.get("dataset") in list(datasets)


def _going_with(section: str) -> list[Place]:
    """Places of fields that refer to names in a section; for `experiments`, lists of experiments as well."""
    found = [place for place, mark in marked(ConfigurationFile, GoesWith) if section in mark.sections]
    if section == "experiments":
        lists = [place for place, _ in marked(ConfigurationFile, ExperimentPatterns)]
        found += [place for place in lists if not {ANY, KEYS} & {*place}]
    return found


def _without(config: dict, place: Sequence[str]) -> dict:
    """A copy without what is at a place, if there is anything."""
    key, *rest = place
    if not rest:
        return {name: value for name, value in config.items() if name != key}
    below = config.get(key)
    return {**config, key: _without(below, rest)} if isinstance(below, dict) else config
