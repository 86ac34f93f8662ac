"""Experiments resolved from defaults and overrides, each mistake told once and where it was made."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from difficulty.config.datasets import Records
from difficulty.config.inheritance import experiment_settings, is_inherited
from difficulty.config.problems import Place, unknown_name
from difficulty.config.section import findings
from difficulty.config.snapshots import filled
from difficulty.config.training import Experiment

_Fault = tuple[Place, str, bool]  # place, problem, whether a required key is missing


@dataclass(frozen=True)
class CheckedExperiments:
    """resolved: the valid experiments. known: name -> valid settings, of every experiment. faults: (place, problem)."""

    resolved: dict[str, Experiment]
    known: dict[str, dict]
    faults: list[tuple[Place, str]]

    def with_imports(self, datasets: Mapping) -> "CheckedExperiments":
        """The same, where experiments on records of other runs have a seed per file and neither folds nor noise."""
        files = {name: source.files for name, source in datasets.items() if isinstance(source, Records)}
        resolved, known, faults = dict(self.resolved), dict(self.known), list(self.faults)
        for name, settings in self.known.items():
            if settings.get("dataset") not in files:
                continue
            own = {"seeds": list(range(len(files[settings["dataset"]]))), "folds": None, "records": "clean"}
            known[name] = {**settings, **own}
            if name in resolved:
                resolved[name] = resolved[name].model_copy(update=own)
            if settings.get("label_noise") is not None:
                text = "records of other runs come with the labels that training saw; set it to null"
                faults.append((("experiments", name, "label_noise"), text))
        return replace(self, resolved=resolved, known=known, faults=faults)


def check_experiments(
    defaults: Mapping, overrides: Mapping[str, Mapping], datasets: Collection[str] | None
) -> CheckedExperiments:
    """Resolves every experiment.

    datasets: names that exist; None: not known. A mistake in `defaults` is told there and not again for the
    experiments that inherit it; a required key that all of them lack is told once, too.
    """
    resolved, known, own_faults = {}, {}, {}
    for name, override in overrides.items():
        experiment, known[name], own_faults[name] = _checked(filled(experiment_settings(defaults, override)), datasets)
        if experiment:
            resolved[name] = experiment
    default_faults = _checked(defaults, datasets)[2]
    lacking = [
        {fault for fault in own_faults[name] if fault[2] and is_inherited(fault[0], defaults, override)}
        for name, override in overrides.items()
    ]
    lacking_everywhere = [fault for fault in default_faults if fault[2] and all(fault in faults for faults in lacking)]
    if not (defaults and overrides):
        lacking_everywhere = []
    told = [(("defaults", *place), text) for place, text, is_missing in default_faults if not is_missing]
    told += [
        (("defaults", *place), f"{text}; give it here or in every experiment") for place, text, _ in lacking_everywhere
    ]
    for name, override in overrides.items():
        for fault in own_faults[name]:
            place, text, is_missing = fault
            inherited = is_inherited(place, defaults, override)
            if inherited and (fault in lacking_everywhere or (fault in default_faults and not is_missing)):
                continue
            origin = " (from defaults)" if inherited and not is_missing else ""
            told.append((("experiments", name, *place), text + origin))
    return CheckedExperiments(resolved, known, told)


def _checked(settings: Mapping, datasets: Collection[str] | None) -> tuple[Experiment | None, dict, list[_Fault]]:
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
    if datasets is not None and isinstance(dataset, str) and "dataset" not in invalid and dataset not in datasets:
        faults.append((("dataset",), unknown_name("data set", dataset, datasets), False))
        invalid.add("dataset")
    return experiment, {key: value for key, value in known.items() if key not in invalid}, faults


def _valid_settings(settings: Mapping) -> dict:
    try:
        return Experiment.model_validate(settings).model_dump()
    except ValidationError:
        return {}
