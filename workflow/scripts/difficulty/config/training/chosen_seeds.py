"""Seeds under which a subset was chosen, and experiments on it that repeat them.

Networks of one seed and architecture start from the same weights, so a part that networks chose looks easier, or
harder, to networks of the same seeds than to others.
"""

from collections.abc import Iterator, Mapping


def choosers(dataset: str, datasets: Mapping[str, Mapping]) -> dict[str, list[int]]:
    """Experiment -> its seeds that chose the examples of a data set, or of one that it is a subset of.

    datasets: resolved settings by name.
    """
    found: dict[str, list[int]] = {}
    while (settings := datasets[dataset])["source"] == "subset":
        select = settings["select"]
        if "experiment" in select:
            seeds = [*found.get(select["experiment"], []), *select["seeds"]]
            found[select["experiment"]] = sorted(set(seeds))
        dataset = settings["of"]
    return found


def choosing_seeds(dataset: str, datasets: Mapping[str, Mapping]) -> list[int]:
    """All seeds that chose the examples of a data set, of whatever experiment."""
    return sorted({seed for seeds in choosers(dataset, datasets).values() for seed in seeds})


def repeated_seeds(datasets: Mapping[str, Mapping], experiments: Mapping[str, Mapping]) -> Iterator[str]:
    """A line for each experiment that is trained under seeds that chose its examples."""
    for name, settings in experiments.items():
        for chooser, seeds in choosers(settings["dataset"], datasets).items():
            if shared := sorted({*seeds} & {*settings.get("seeds", [])}):
                under = f"seed{'s' if len(shared) > 1 else ''} {', '.join(map(str, shared))}"
                yield (
                    f"experiments.{name}.seeds: {under} of {chooser!r} chose its data set {settings['dataset']!r}: "
                    "networks of one seed start alike; other seeds are independent of the choice"
                )
