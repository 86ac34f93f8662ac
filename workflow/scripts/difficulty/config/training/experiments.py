"""Experiments resolved from defaults and overrides, each mistake reported once and where it was made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from difficulty.config.core.problems import Place, unknown_name
from difficulty.config.core.section import findings
from difficulty.config.data.datasets import AnySource, Records
from difficulty.config.data.subsets import Subset
from difficulty.config.training.experiment import Experiment
from difficulty.config.training.grids import Layer
from difficulty.config.training.inheritance import experiment_settings, is_inherited, merged
from difficulty.config.training.linear_probe import is_linear_probe, probe_faults, probe_filled
from difficulty.config.training.shared_labels import shared_label_faults
from difficulty.config.training.snapshots import filled

_Fault = tuple[Place, str, bool]  # place, problem, whether a required key is missing
_Sources = Mapping[str, AnySource | None]


@dataclass(frozen=True)
class CheckedExperiments:
    """resolved: the valid experiments. known: name -> valid settings, of every experiment. faults: (place, problem)."""

    resolved: dict[str, Experiment]
    known: dict[str, dict]
    faults: list[tuple[Place, str]]


def check_experiments(
    defaults: Mapping, experiments: Mapping[str, Sequence[Layer]], sources: _Sources | None, is_complete: bool = True
) -> CheckedExperiments:
    """Resolves every experiment.

    experiments: name -> the layers that change the defaults, the last one last. sources: data sets by name, None for
    one that is not valid itself; None: not known. is_complete: whether these are all experiments. A mistake in
    `defaults` is reported there and not again for the experiments that inherit it; a required key that all of them lack
    is reported once, too.
    """
    resolved, known, own_faults = {}, {}, {}
    for name, layers in experiments.items():
        experiment, settings, faults = _checked(_settings(defaults, layers), sources)
        if isinstance((sources or {}).get(settings.get("dataset")), Records):
            experiment, settings, faults = _imported(experiment, settings, faults, sources[settings["dataset"]])
        elif _have_several_labels(settings.get("dataset"), sources or {}):
            faults = [*faults, *_faults_of_label_sets(settings)]
        if is_linear_probe(settings):
            dataset = settings.get("dataset")
            source, several = _source_of_images(dataset, sources or {}), _have_several_labels(dataset, sources or {})
            faults = [*faults, *(((key,), text, False) for key, text in probe_faults(settings, source, several))]
        known[name], own_faults[name] = settings, faults
        if experiment:
            resolved[name] = experiment
    for name in experiments if sources and is_complete else ():
        texts = shared_label_faults(name, known, sources)
        own_faults[name] = [*own_faults[name], *((("label_noise", "experiment"), text, False) for text in texts)]
    default_faults = _checked(defaults, sources)[2]
    located = {
        name: [(_origin(fault[0], defaults, layers), fault) for fault in own_faults[name]]
        for name, layers in experiments.items()
    }
    lacking = [{fault for origin, fault in each if fault[2] and origin is None} for each in located.values()]
    lacking_everywhere = [fault for fault in default_faults if fault[2] and all(fault in faults for faults in lacking)]
    if not (defaults and experiments):
        lacking_everywhere = []
    told = [(("defaults", *place), text) for place, text, is_missing in default_faults if not is_missing]
    told += [
        (("defaults", *place), f"{text}; give it here or in every experiment") for place, text, _ in lacking_everywhere
    ]
    told_in_defaults = {fault for fault in default_faults if not fault[2] or fault in lacking_everywhere}
    own = {
        name: [(origin, fault) for origin, fault in each if origin or fault not in told_in_defaults]
        for name, each in located.items()
    }
    return CheckedExperiments(resolved, known, [*told, *_told_where_written(experiments, own)])


def _settings(defaults: Mapping, layers: Sequence[Layer]) -> Mapping:
    """A grid's own settings are to its options what the defaults are to an experiment."""
    shared, *options = (layer.settings for layer in layers)
    settings = experiment_settings(experiment_settings(defaults, shared), *options)
    return probe_filled(settings) if is_linear_probe(settings) else filled(settings)


def _origin(place: Place, defaults: Mapping, layers: Sequence[Layer]) -> Layer | None:
    """The layer that the value at `place` comes from, or that keeps it from being there; None: the defaults."""
    origin, below = None, defaults
    for layer in layers:
        if not is_inherited(place, below, layer.settings):
            origin = layer
        below = merged(below, layer.settings)
    return origin


def _told_where_written(
    experiments: Mapping[str, Sequence[Layer]], faults: Mapping[str, list[tuple[Layer | None, _Fault]]]
) -> Iterator[tuple[Place, str]]:
    """Each fault of a layer once, with an example where not all experiments that have the layer have the fault."""
    having: dict[tuple[Place, Place, str], list[str]] = {}
    for name, layers in experiments.items():
        for origin, (place, text, is_missing) in faults[name]:
            remark = "" if origin or is_missing else "from defaults"
            having.setdefault(((origin or layers[0]).place, place, text, remark), []).append(name)
    for (written, place, text, remark), names in having.items():
        is_general = len(names) == sum(any(layer.place == written for layer in each) for each in experiments.values())
        remarks = ", ".join(filter(None, (remark, "" if is_general else f"in {names[0]}")))
        yield (*written, *place), f"{text} ({remarks})" if remarks else text


def _checked(settings: Mapping, sources: _Sources | None) -> tuple[Experiment | None, dict, list[_Fault]]:
    """The experiment if it is valid, those of its settings that are, and what is wrong."""
    experiment, faults, invalid = None, [], set()
    try:
        experiment = Experiment.model_validate(settings)
    except ValidationError as error:
        faults = findings(error)
        invalid = {place[0] for place, *_ in faults}
    if experiment:
        known = experiment.model_dump()
    else:
        known = _valid_settings({key: value for key, value in settings.items() if key not in invalid})
    dataset = settings.get("dataset")
    if sources is not None and isinstance(dataset, str) and "dataset" not in invalid and dataset not in sources:
        faults.append((("dataset",), unknown_name("data set", dataset, sources), False))
        invalid.add("dataset")
    return experiment, {key: value for key, value in known.items() if key not in invalid}, faults


def _imported(
    experiment: Experiment | None, known: dict, faults: list[_Fault], records: Records
) -> tuple[Experiment | None, dict, list[_Fault]]:
    """The same for an experiment on records of other runs: a seed per file, and neither folds nor noise."""
    own = {"seeds": list(range(len(records.files))), "folds": None, "records": "clean"}
    if known.get("label_noise") is not None:
        text = "records of other runs come with the labels that training saw; set it to null"
        faults = [*faults, (("label_noise",), text, False)]
    if known.get("probabilities") is not None:
        text = "records of other runs come with their own predictions; set it to null"
        faults = [*faults, (("probabilities",), text, False)]
    return experiment and experiment.model_copy(update=own), {**known, **own}, faults


def _have_several_labels(dataset: str | None, sources: _Sources) -> bool:
    """Whether the images of a data set, or of what it is a subset of, have several labels."""
    return getattr(_source_of_images(dataset, sources), "is_multi_label", False)


def _source_of_images(dataset: str | None, sources: _Sources) -> AnySource | None:
    """The data set itself, or what it is in the end a subset of; None if that is not valid itself."""
    seen = set()
    while isinstance(source := sources.get(dataset), Subset) and dataset not in seen:
        seen.add(dataset)
        dataset = source.of
    return None if isinstance(source, Subset) else source


def _faults_of_label_sets(settings: Mapping) -> list[_Fault]:
    """What is defined for single labels only."""
    texts = {
        "label_noise": "images with several labels each have no wrong one to be planted",
        "folds": "of images with several labels each none can be held out",
        "probabilities": "images with several labels each have no probability for each class",
    }
    return [((key,), f"{text}; set it to null", False) for key, text in texts.items() if settings.get(key) is not None]


def _valid_settings(settings: Mapping) -> dict:
    try:
        return Experiment.model_validate(settings).model_dump()
    except ValidationError:
        return {}
