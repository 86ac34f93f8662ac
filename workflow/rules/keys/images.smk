"""Which images have statistics, what these depend on, and the family of scores that they are."""

image_experiments, image_maps = configuration.image_experiments, configuration.image_maps
joins = analyses["images"]["joins"]


def described_dataset(experiment):
    """The data set that has the statistics of an experiment's images: what its own is, in the end, a subset of."""
    return root(experiments[experiment]["dataset"])


def statistics_of(experiment):
    return f"results/datasets/{described_dataset(experiment)}/statistics.parquet"


def statistics_settings():
    return settings_json(analyses["images"], ["statistics", "size"])


@lru_cache
def statistics_key(dataset):
    return hash_chain(dataset_key(dataset), statistics_settings(), source_digest("compute_image_statistics"))


def joins_of(experiment):
    """Names of the statistics that somebody else measured of an experiment's images, in whatever order they stand."""
    return sorted(name for name, join in joins.items() if join["dataset"] == described_dataset(experiment))


def tables_of_statistics(experiment):
    """Of all images of the data set, the computed statistics first, if there are any."""
    computed = [statistics_of(experiment)] if analyses["images"]["statistics"] else []
    return computed + [joined_table(join) for join in joins_of(experiment)]


def image_scores_upstream(experiment):
    computed = [statistics_key(described_dataset(experiment))] if analyses["images"]["statistics"] else []
    own = dataset_key(experiments[experiment]["dataset"])
    return hash_chain(computed, [join_key(join) for join in joins_of(experiment)], own)


@lru_cache
def image_scores_key(experiment, chosen=None):
    """Runs have no part in statistics of images, whichever of them are chosen."""
    if experiment not in image_experiments:
        return None
    return hash_chain(image_scores_upstream(experiment), source_digest("select_statistics"))


def image_evidence(dataset):
    """The table by which a subset is chosen: the direction of a statistic is in no table of an experiment."""
    select = datasets[dataset]["select"]
    if select["score"] in joins:
        return f"results/datasets/{dataset}/chosen_by.parquet"
    return ancient(statistics_of(select["experiment"]))


def image_evidence_key(dataset):
    """Another statistic of the same images has no part in it."""
    select = datasets[dataset]["select"]
    if select["score"] in joins:
        return joined_order_key(dataset)
    return statistics_key(described_dataset(select["experiment"]))


def image_maps_settings(experiment):
    """Those of the figure, and the size at which statistics see an image."""
    shown = {key: value for key, value in configuration.figures["image_maps"].items() if key != "experiments"}
    seen = {key: analyses["images"][key] for key in ("size",) if key in analyses["images"]}
    return settings_json({"dpi": configuration.figures["dpi"], **shown, **seen, "statistics": image_maps[experiment]})


score_families["images"] = image_scores_key
family_figures += [
    f"results/figures/experiments/{experiment}/image_maps.{format}"
    for experiment in image_maps
    for format in ("png", "pdf")
]
