"""Seeds under which a subset was chosen, and experiments on it that repeat them.

Networks of one seed and architecture start from the same weights, so a part that networks chose looks easier, or
harder, to networks of the same seeds than to others.
"""

from collections.abc import Iterator, Mapping

from difficulty.config.training.linear_probe import is_linear_probe


def with_pooled_seeds(datasets: Mapping[str, Mapping], experiments: Mapping[str, Mapping]) -> dict[str, dict]:
    """The data sets; subsets chosen by verdicts, which all runs of an experiment give, name all its seeds.

    datasets, experiments: resolved settings by name.
    """
    found = {}
    for name, settings in datasets.items():
        select = settings.get("select", {})
        if select.get("by") == "verdict":
            select = {**select, "seeds": experiments[select["experiment"]]["seeds"]}
        found[name] = {**settings, "select": select} if select else settings
    return found


def choosers(dataset: str, datasets: Mapping[str, Mapping]) -> dict[str, list[int]]:
    """Experiment -> its seeds that chose the examples of a data set, or of one that it is a subset of.

    datasets: resolved settings by name.
    """
    found: dict[str, list[int]] = {}
    while (settings := datasets[dataset])["source"] == "subset":
        select = settings["select"]
        if "seeds" in select:
            seeds = [*found.get(select["experiment"], []), *select["seeds"]]
            found[select["experiment"]] = sorted(set(seeds))
        dataset = settings["of"]
    return found


def choosing_networks(
    dataset: str, datasets: Mapping[str, Mapping], experiments: Mapping[str, Mapping]
) -> dict[str, list[int]]:
    """The same without linear probes, whose seeds draw folds alone and no weights."""
    found = choosers(dataset, datasets)
    return {name: seeds for name, seeds in found.items() if not is_linear_probe(experiments.get(name, {}))}


def choosing_seeds(dataset: str, datasets: Mapping[str, Mapping], experiments: Mapping[str, Mapping]) -> list[int]:
    """All seeds of networks that chose the examples of a data set, of whatever experiment."""
    return sorted({seed for seeds in choosing_networks(dataset, datasets, experiments).values() for seed in seeds})


def seeds_that_chose(experiment: str, datasets: Mapping[str, Mapping], experiments: Mapping[str, Mapping]) -> list[int]:
    """All seeds that chose an experiment's examples, or corrected its labels, of whatever experiment."""
    settings = experiments[experiment]
    correcting = _corrector(settings, experiments)
    return sorted({*choosing_seeds(settings["dataset"], datasets, experiments), *correcting.get("seeds", [])})


def _corrector(settings: Mapping, experiments: Mapping[str, Mapping]) -> Mapping:
    """Settings of the experiment whose suspects corrected the labels of one with these settings; none if none did."""
    noise = settings.get("label_noise", {})
    corrector = experiments[noise["experiment"]] if noise.get("relabel") else {}
    return {} if is_linear_probe(corrector) else corrector


def repeated_seeds(datasets: Mapping[str, Mapping], experiments: Mapping[str, Mapping]) -> Iterator[str]:
    """A line for each experiment that is trained under seeds that chose its examples, or corrected its labels."""
    drawing = {name: settings for name, settings in experiments.items() if not is_linear_probe(settings)}
    for name, settings in drawing.items():
        if shared := sorted({*_corrector(settings, experiments).get("seeds", [])} & {*settings.get("seeds", [])}):
            yield _line(name, shared, f"of {settings['label_noise']['experiment']!r} corrected its labels")
        for chooser, seeds in choosing_networks(settings["dataset"], datasets, experiments).items():
            if shared := sorted({*seeds} & {*settings.get("seeds", [])}):
                yield _line(name, shared, f"of {chooser!r} chose its data set {settings['dataset']!r}")


def _line(experiment: str, seeds: list[int], what: str) -> str:
    under = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
    start = f"experiments.{experiment}.seeds: {under} {what}"
    return f"{start}: networks of one seed start alike; other seeds are independent of the choice"
