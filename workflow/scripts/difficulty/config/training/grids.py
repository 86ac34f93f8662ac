"""Grids of experiments: settings that all of them share, and axes whose options are combined, each with each."""

import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Annotated

from pydantic import Field

from difficulty.config.core.names import Name, Text, name_fault
from difficulty.config.core.problems import Place, did_you_mean, expected, shown, unknown_key
from difficulty.config.training.experiment import Experiment
from difficulty.config.training.inheritance import merged

_EXPERIMENTS, _GRID = "experiments", "grid"
_MOST_EXPERIMENTS = 1000

_Options = Annotated[dict[Name, Experiment | None], Field(min_length=1)]


class WrittenExperiment(Experiment):
    """What stands under a name in `experiments`: one experiment, or a grid of them."""

    grid: Annotated[dict[Text, _Options], Field(min_length=1)] | None = Field(
        None,
        description="axis -> option -> settings: one experiment for each combination of options, called "
        "{name}-{option of the first axis}-{option of the second}...; settings next to `grid` are shared, options "
        "override them, those of later axes the earlier ones; the names of axes count for nothing",
    )


@dataclass(frozen=True)
class Layer:
    """Settings that change those of the layers below, and where they are written."""

    place: Place
    settings: Mapping


@dataclass(frozen=True)
class Expansion:
    """The experiments that the section `experiments` makes.

    layers: name -> what is written of the experiment: its own settings or those of its grid, then its options.
    faults: (place, problem) of what is wrong with grids.
    is_complete: false where a grid is so wrong that the names of its experiments are not known.
    """

    layers: dict[str, tuple[Layer, ...]]
    faults: list[tuple[Place, str]]
    is_complete: bool


def expanded(experiments) -> Expansion:
    """Experiments and grids in the order of the file, a grid's last axis fastest.

    experiments: the section as it is written. What is wrong with settings themselves is not reported here.
    """
    written = _with_names(experiments)
    taken = {name for name, settings in written.items() if settings.get(_GRID) is None}
    layers, faults, is_complete = {}, [], True
    for name, settings in written.items():
        place, grid = (_EXPERIMENTS, name), settings.get(_GRID)
        own = Layer(place, {key: value for key, value in settings.items() if key != _GRID})
        if unusable := list(_misspelt(own) if grid is None else _shape_faults((*place, _GRID), grid)):
            faults += unusable
            is_complete = False
        elif grid is None:
            layers[name] = (own,)
        else:
            combined = list(_combined(own, grid))
            names = [each for each, _ in combined]
            faults += list(_option_faults((*place, _GRID), grid)) or list(_name_faults(own, names, taken))
            layers |= dict(combined)
            taken.update(names)
    return Expansion(layers, faults, is_complete)


def only(experiments: Mapping, is_kept: Callable[[Mapping], bool]) -> dict:
    """The section without the experiments whose settings (defaults left out) are not to be kept.

    Of grids, without the options that no other experiment has. What is too wrong to be expanded stays.
    """
    layers = expanded(experiments).layers.values()
    places = {layer.place for each in layers for layer in each}
    used = {
        layer.place
        for each in layers
        if is_kept(reduce(merged, [layer.settings for layer in each], {}))
        for layer in each
    }
    return _without(experiments, (_EXPERIMENTS,), places - used)


def _with_names(experiments) -> dict[str, Mapping]:
    """Name -> settings; none where they are no mapping, which is reported elsewhere."""
    section = experiments if isinstance(experiments, Mapping) else {}
    return {
        name: settings if isinstance(settings, Mapping) else {}
        for name, settings in section.items()
        if isinstance(name, str)
    }


def _combined(own: Layer, grid: Mapping) -> Iterator[tuple[str, tuple[Layer, ...]]]:
    """(name, layers) of every experiment of a grid; an option that is no mapping changes nothing."""
    *_, name = own.place
    axes = [
        [
            (option, Layer((*own.place, _GRID, str(axis), str(option)), value if isinstance(value, Mapping) else {}))
            for option, value in options.items()
        ]
        for axis, options in grid.items()
    ]
    for chosen in itertools.product(*axes):
        yield "-".join([name, *(str(option) for option, _ in chosen)]), (own, *(layer for _, layer in chosen))


def _misspelt(own: Layer) -> Iterator[tuple[Place, str]]:
    for key in own.settings:
        if key not in Experiment.model_fields and did_you_mean(key, WrittenExperiment.model_fields) == _GRID:
            yield (*own.place, key), unknown_key(key, [_GRID])


def _shape_faults(place: Place, grid) -> Iterator[tuple[Place, str]]:
    """What keeps a grid from being expanded."""
    if not (isinstance(grid, Mapping) and grid):
        yield place, expected("axes, each a mapping of options", grid) if grid != {} else "expected at least one axis"
        return
    wrong = {axis: options for axis, options in grid.items() if not (isinstance(options, Mapping) and options)}
    for axis, options in wrong.items():
        what = "options, each a name with settings, e.g. {half: {epochs: 5}}"
        yield (*place, str(axis)), expected(what, options) if options != {} else "expected at least one option"
    if not wrong and (count := math.prod(map(len, grid.values()))) > _MOST_EXPERIMENTS:
        yield place, f"makes {count} experiments, expected at most {_MOST_EXPERIMENTS}; leave options out or split it"


def _option_faults(place: Place, grid: Mapping) -> Iterator[tuple[Place, str]]:
    """Axes and options that are not called as they may be, and options that are no settings."""
    for axis, options in grid.items():
        if not isinstance(axis, str):
            yield (*place, str(axis)), f"{expected('text', axis)}; write it in quotes"
        for option, settings in options.items():
            if text := name_fault(option):
                yield (*place, str(axis), str(option)), text
            if not (settings is None or isinstance(settings, Mapping)):
                yield (*place, str(axis), str(option)), expected("a mapping", settings)


def _name_faults(own: Layer, names: Iterable[str], taken: Collection[str]) -> Iterator[tuple[Place, str]]:
    """The first name that cannot be one, or that another experiment has; not if the grid's own is no name."""
    seen, place = set(taken), (*own.place, _GRID)
    for name in names if name_fault(own.place[-1]) is None else ():
        if text := name_fault(name):
            yield place, f"makes a wrong name: {text}"
            return
        if name in seen:
            yield place, f"makes an experiment {shown(name)}, and there is another one; rename an option"
            return
        seen.add(name)


def _without(section: Mapping, place: Place, unused: Collection[Place]) -> dict:
    """A copy without what stands at one of the places `unused`, whatever its depth."""
    return {
        key: _without(value, (*place, str(key)), unused) if isinstance(value, Mapping) else value
        for key, value in section.items()
        if (*place, str(key)) not in unused
    }
