"""What the settings of an experiment are held against before it is trained, and which settings these are."""

CHECKED_KEYS = ["normalization", "folds", "batch_size", "drop_last", "gpus"]
NETWORK_KEYS = ["architecture", "width", "depth", "stem", "weights", "batch_size"]


def subset_chain(dataset):
    """The settings of a data set if it is a subset, after those of what it is a subset of, and so on."""
    return [*subset_chain(datasets[dataset]["of"]), datasets[dataset]] if dataset in subsets else []


def choosers(dataset):
    """The experiments that a data set depends on."""
    return [each["select"]["experiment"] for each in subset_chain(dataset) if "experiment" in each["select"]]


def checked_dataset(dataset):
    """Whose tables stand for a data set: its own, or, where something is trained before these are made, its root's."""
    return root(dataset) if choosers(dataset) else dataset


def out_of_distribution(experiment):
    """Further data sets whose images its networks do not know."""
    wanted = configuration.analyses.get("vog", {}).get("out_of_distribution", [])
    return wanted if experiment in configuration.vog_stages else []


def chosen_subsets(experiment):
    """The subsets that depend on an experiment: those that it chooses, and theirs."""
    return [dataset for dataset in subsets if experiment in choosers(dataset)]


@lru_cache
def checked_datasets(experiment):
    """Data sets whose tables are read, the experiment's own first."""
    own, *further = evaluated_datasets(experiment)
    further = [checked_dataset(dataset) for dataset in [*further, *out_of_distribution(experiment)]]
    return list(dict.fromkeys([own, *further, *map(root, chosen_subsets(experiment))]))


def checked_tables(experiment, table):
    return [f"results/datasets/{dataset}/{table}.parquet" for dataset in checked_datasets(experiment)]


def described(wanted):
    """Data sets to test on, for the check."""
    return [
        {
            "name": dataset,
            "table": checked_dataset(dataset),
            "draws_test": bool(choosers(dataset)) and any("test" in each for each in subset_chain(dataset)),
        }
        for dataset in wanted
    ]


def training_checks(experiment):
    settings = experiments[experiment]
    own = {key: value for key, value in settings.items() if key in CHECKED_KEYS}
    own |= {"groups": settings["optimizer"].get("groups", 1)}
    return {**own, "noise_map": settings.get("label_noise", {}).get("map", {})}


def network_checks(experiment):
    settings = experiments[experiment]
    architecture, analyses = settings["architecture"], configuration.analyses
    named = {
        "modules": analyses.get("influence", {}).get("modules", {}).get(architecture),
        "probes": analyses.get("prediction_depth", {}).get("probes", {}).get(architecture),
    }
    used = {
        "modules": experiment in configuration.influence_epochs,
        "probes": experiment in configuration.probed_epochs,
    }
    own = {key: value for key, value in settings.items() if key in NETWORK_KEYS}
    own |= {key: names for key, names in named.items() if names and used[key]}
    return {**own, "tracked": used["modules"], "probed": used["probes"]}


def query_checks(experiment):
    """What the query sets of an experiment name."""
    queries = configuration.analyses["influence"]["queries"].items()
    own = {name: each for name, each in queries if experiment in each.get("experiments", [experiment])}
    return {name: {key: each[key] for key in ("example_ids", "classes") if key in each} for name, each in own.items()}


@lru_cache
def check_settings(experiment):
    analyses = configuration.analyses
    own = {
        "experiment": training_checks(experiment),
        "network": network_checks(experiment),
        "evaluations": described(evaluated_datasets(experiment)[1:]),
        "subsets": {
            name: {
                "root": root(name),
                "chain": [{key: part[key] for key in SUBSET_KEYS if key in part} for part in subset_chain(name)],
            }
            for name in chosen_subsets(experiment)
        },
    }
    if experiment in configuration.vog_stages:
        own["vog"] = {key: analyses["vog"][key] for key in ("target", "splits", "shards")}
        own["vog"]["out_of_distribution"] = described(out_of_distribution(experiment))
    if experiment in configuration.probed_epochs:
        own["prediction_depth"] = {key: analyses["prediction_depth"][key] for key in ("splits", "shards")}
    if experiment in configuration.influence_epochs:
        own["influence"] = {"shards": analyses["influence"]["shards"], "queries": query_checks(experiment)}
    return settings_json(own)


def check_upstream(experiment):
    return hash_chain([dataset_key(dataset) for dataset in checked_datasets(experiment)])
