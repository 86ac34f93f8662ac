"""Merges configuration files: a later one replaces sections of an earlier one, and drops what refers to them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from pathlib import Path

from difficulty.config.core.annotations import ANY, KEYS, ExperimentPatterns, GoesWith, marked
from difficulty.config.core.problems import ConfigurationError, Place, told
from difficulty.config.core.sizes import size_faults
from difficulty.config.core.yaml_files import mapping_of, read_yaml
from difficulty.config.file import ConfigurationFile
from difficulty.config.training.architectures import OWN_SETTINGS
from difficulty.config.training.experiment import Experiment
from difficulty.config.training.grids import expanded, only
from difficulty.config.training.inheritance import merged

_SEEDS = Experiment.model_fields["seeds"].default


def load(paths: Sequence[str | Path], given: Sequence[str] = ()) -> dict:
    """Merges files into one configuration; later files override earlier ones key by key, and null removes a key.

    A later file's experiments and data sets replace the earlier ones; subsets that an earlier file chooses by seeds
    which a later one no longer trains are chosen by the others.
    given: settings of the command line, such as `defaults={epochs: 5}`; they override key by key and replace nothing.
    Raises ConfigurationError with one line for each file or setting that cannot be read.
    """
    files, lines = _read([(str(path), partial(read_yaml, path)) for path in paths])
    settings, others = _read([("--config", partial(mapping_of, "--config", _as_yaml(entry))) for entry in given])
    if lines or others:
        raise ConfigurationError([*lines, *others])
    result = {}
    for file in files:
        for section in ("datasets", "experiments"):
            for place in [(section,), *_going_with(section)] if section in file else ():
                result = _without(result, place)
        if "datasets" in file and not _names_dataset(result.get("defaults"), file["datasets"]):
            result = _without(result, ["defaults", "dataset"])
        if "datasets" in file:
            result = _without(result, ["defaults", "batch_size"])  # it fits the number of images
            result = _without_homeless(result, file["datasets"])
        if _names_another_architecture(result.get("defaults"), file.get("defaults")):
            for key in OWN_SETTINGS:
                result = _without(result, ["defaults", key])
        if "experiments" in file:
            result = _without_orphans(result, file["experiments"])
        result = _overridden(result, file)
    return reduce(_overridden, settings, result)


def _read(readers: Iterable[tuple[str, Callable[[], dict]]]) -> tuple[list[dict], list[str]]:
    """(the mappings that could be read, a line for whatever is wrong with one). readers: (source, function) of each."""
    mappings, lines = [], []
    for source, read in readers:
        try:
            mappings.append(read())
            lines += told(source, size_faults(mappings[-1]))
        except ConfigurationError as error:
            lines += error.lines
    return mappings, lines


def _as_yaml(setting: str) -> str:
    return setting.replace("=", ": ", 1)


def _overridden(config: dict, override: Mapping) -> dict:
    """A configuration with what a later file, or the command line, says."""
    result = merged(config, override)
    return _with_trained_seeds(result) if config and override and "datasets" not in override else result


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
        chooser, like = (select.get(key) if isinstance(select, dict) else None for key in ("experiment", "like"))
        if settings.get("of") in gone or like in gone or chooser not in (None, *expansion.layers):
            gone.append(name)
    return {**config, "datasets": {name: value for name, value in datasets.items() if name not in gone}}


def _without_homeless(config: dict, datasets) -> dict:
    """Drops experiments on data sets that no longer exist."""
    experiments = config.get("experiments")
    if not isinstance(experiments, dict) or not isinstance(datasets, dict):
        return config
    return {**config, "experiments": only(experiments, lambda own: own.get("dataset") in (None, *datasets))}


def _with_trained_seeds(config: dict) -> dict:
    """Drops seeds that subsets are chosen by and that are no longer trained; where none is left, all that are count."""
    datasets, defaults = config.get("datasets"), config.get("defaults", {})
    if not isinstance(datasets, dict) or not isinstance(defaults, dict):
        return config
    trained = {
        name: reduce(merged, [layer.settings for layer in layers], defaults).get("seeds", _SEEDS)
        for name, layers in expanded(config.get("experiments")).layers.items()
    }
    return {**config, "datasets": {name: _by_trained_seeds(each, trained) for name, each in datasets.items()}}


def _by_trained_seeds(dataset, trained: Mapping):
    """The settings of one data set. trained: experiment -> seeds; lists of anything, since nothing is checked yet."""
    select = dataset.get("select") if isinstance(dataset, dict) else None
    if not isinstance(select, dict) or not isinstance(select.get("experiment"), str):
        return dataset
    seeds, known = select.get("seeds"), trained.get(select["experiment"])
    if not isinstance(seeds, list) or not isinstance(known, list):
        return dataset
    return {**dataset, "select": {**select, "seeds": [seed for seed in seeds if seed in known] or known}}


def _names_dataset(defaults, datasets) -> bool:
    return isinstance(defaults, dict) and isinstance(datasets, dict) and defaults.get("dataset") in list(datasets)


def _names_another_architecture(defaults, later) -> bool:
    if not isinstance(defaults, dict) or not isinstance(later, dict) or "architecture" not in later:
        return False
    return later["architecture"] != defaults.get("architecture")


def _going_with(section: str) -> list[Place]:
    """Places of fields that refer to names in a section; for `experiments`, lists of experiments as well.

    Fields that go as a whole come first, so that no emptied mapping is left of them.
    """
    found = [place for place, mark in marked(ConfigurationFile, GoesWith) if section in mark.sections]
    if section == "experiments":
        lists = [place for place, _ in marked(ConfigurationFile, ExperimentPatterns)]
        found += [place[:-1] if place[-1] == KEYS else place for place in lists]
    return found


def _without(config: dict, place: Sequence[str]) -> dict:
    """A copy without what is at a place, if there is anything; ANY stands for every key."""
    key, *rest = place
    if not rest:
        return {name: value for name, value in config.items() if key not in (name, ANY)}
    return {
        name: _without(value, rest) if key in (name, ANY) and isinstance(value, dict) else value
        for name, value in config.items()
    }
