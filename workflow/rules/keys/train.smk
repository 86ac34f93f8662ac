"""What identifies labels, runs and evaluations: settings, code and the chain up to the data set."""

LABEL_KEYS = ["label_noise"]
EVALUATION_KEYS = ["device", "precision", "folds", "records", "batch_norm"]
# What does not change a run: the seeds are in its name; the data set and the labels are its inputs; and who decodes.
NOT_OF_A_RUN = {"dataset", "seeds", "workers", *LABEL_KEYS}
PER_RUN = ["records", "online_records", "history", "steps", "timing", "evaluation"]
PER_IMPORTED_RUN = ["records", "history"]
PER_SNAPSHOT_RUN = ["records", "history", "evaluation"]
SNAPSHOT_KEYS = ["architecture", "width", "depth", "stem", "normalization", "device", "precision", "batch_norm"]

imported = [name for name, settings in experiments.items() if settings["dataset"] in recorded]
snapshots = [
    name for name in experiments if name not in imported and isinstance(experiments[name]["checkpoints"], dict)
]
trained = [name for name in experiments if name not in {*imported, *snapshots}]
with_checkpoints = [*trained, *snapshots]


def labels_settings(experiment):
    return settings_json(experiments[experiment], LABEL_KEYS)


def training_settings(experiment):
    return settings_json({k: v for k, v in experiments[experiment].items() if k not in NOT_OF_A_RUN})


def model_module(experiment):
    """The module that builds an experiment's network."""
    architecture = experiments[experiment]["architecture"]
    return "models." + ("torchvision_model" if architecture.startswith("torchvision:") else architecture)


def training_code(experiment):
    settings = experiments[experiment]
    optimizer = f"training.optimizers.{settings['optimizer']['name']}"
    schedule = f"training.schedules.{settings['schedule']['name']}"
    initialization = ["models.initialization"] if "initialization" in settings else []
    return source_digest("train_model", model_module(experiment), optimizer, schedule, *initialization)


def snapshot_settings(experiment):
    """The files count as well, by name and in order, which says what is early: a sorted mapping would lose it."""
    own = {key: value for key, value in experiments[experiment].items() if key in SNAPSHOT_KEYS}
    return settings_json({**own, "files": files_in_order(experiments[experiment]["checkpoints"])})


def snapshot_code(experiment):
    return source_digest("import_checkpoints", model_module(experiment))


def snapshot_files(experiment, run):
    """Weights that were trained elsewhere, in order; {seed} in their names stands for the run's seed."""
    named = files_in_order(experiments[experiment]["checkpoints"])
    paths = [path.replace("{seed}", run.removeprefix("seed-")) for path in named]
    for path in paths:
        if not os.path.isfile(path):
            print(f"experiments.{experiment}.checkpoints: no such file: {path}; fix the path", file=sys.stderr)
            sys.exit(1)
    return paths


def weight_files(experiment):
    """The user's file of weights that training starts from; none where the weights are torchvision's, by name."""
    weights = experiments[experiment].get("weights")
    return [weights] if weights and os.path.splitext(weights)[1] else []


def evaluation_code(experiment):
    return source_digest("evaluate_run", model_module(experiment))


@lru_cache
def labels_key(experiment):
    dataset = experiments[experiment]["dataset"]
    return hash_chain(dataset_key(dataset), labels_settings(experiment), source_digest("corrupt_labels"))


@lru_cache
def run_key(experiment):
    if experiment in imported:
        return imported_run_key(experiment)
    if experiment in snapshots:
        return hash_chain(labels_key(experiment), snapshot_settings(experiment), snapshot_code(experiment))
    return hash_chain(labels_key(experiment), training_settings(experiment), training_code(experiment))


def runs_key(experiment, chosen=None):
    """Of all runs of an experiment, or of those chosen."""
    return hash_chain(run_key(experiment), list(chosen or runs(experiment)))


def named_files():
    """(place, path) of each single file that experiments and subsets in use are told to read."""
    for experiment, settings in experiments.items():
        if "path" in settings.get("label_noise", {}):
            yield f"experiments.{experiment}.label_noise.path", settings["label_noise"]["path"]
        if experiment in trained and os.path.splitext(settings.get("weights", ""))[1]:
            yield f"experiments.{experiment}.weights", settings["weights"]
    for dataset in used_datasets:
        while dataset in subsets:
            if "path" in datasets[dataset]["select"]:
                yield f"datasets.{dataset}.select.path", datasets[dataset]["select"]["path"]
            dataset = datasets[dataset]["of"]


def refuse_missing_files():
    """All at once; Snakemake would name the rules that miss them, but not where they are configured."""
    missing = dict.fromkeys((place, path) for place, path in named_files() if not os.path.isfile(path))
    for place, path in missing:
        found = f"{path} is a folder, expected a file" if os.path.isdir(path) else f"no such file: {path}"
        print(f"{place}: {found}; fix the path", file=sys.stderr)
    if missing:
        sys.exit(1)


refuse_missing_files()


def checks_of(experiment):
    """The table that says that an experiment's settings fit its data; records of other runs need none."""
    return [ancient(f"results/experiments/{experiment}/checked.parquet")] if experiment in with_checkpoints else []


def evaluated_datasets(experiment):
    """The experiment's own data set and the further ones it is evaluated on."""
    return list(dict.fromkeys([experiments[experiment]["dataset"], *configuration.evaluations.get(experiment, [])]))


@lru_cache
def evaluation_upstream(experiment):
    return hash_chain(run_key(experiment), *[dataset_key(dataset) for dataset in evaluated_datasets(experiment)])


def evaluation_key(experiment):
    settings = settings_json(experiments[experiment], EVALUATION_KEYS)
    return hash_chain(evaluation_upstream(experiment), settings, evaluation_code(experiment))


def pixels_of(experiment):
    return f"results/datasets/{experiments[experiment]['dataset']}/pixels.parquet"


def files_of(experiment):
    return f"results/datasets/{experiments[experiment]['dataset']}/files.parquet"


def dataset_tables(table):
    return lambda w: [f"results/datasets/{dataset}/{table}.parquet" for dataset in evaluated_datasets(w.experiment)]


def workers(wildcards):
    """Processes that decode images beside the one that trains or evaluates, where images stay in their files."""
    return experiments[wildcards.experiment].get("workers", 2)


def threads_with_workers(wildcards):
    """One, and one for each worker if it is known that there will be any."""
    settings = experiments[wildcards.experiment]
    expected = "workers" in settings or datasets[root(settings["dataset"])].get("storage") == "files"
    return 1 + (workers(wildcards) if expected else 0)


def gpus(experiment):
    """Processes that train a run together."""
    return experiments[experiment].get("gpus", 1)


def training_threads(wildcards):
    return threads_with_workers(wildcards) * gpus(wildcards.experiment)


def run_files(experiment):
    """All that the runs of an experiment leave."""
    if experiment in imported:
        return experiment_files(experiment, *(f"{table}.parquet" for table in PER_IMPORTED_RUN))
    tables = PER_SNAPSHOT_RUN if experiment in snapshots else PER_RUN
    return experiment_files(experiment, "checkpoints", *(f"{table}.parquet" for table in tables))


def experiment_files(experiment, *names, seeds=None):
    """Files of every run of an experiment, of all seeds or of those given."""
    folder = f"results/experiments/{experiment}"
    return [f"{folder}/{run}/{name}" for run in runs(experiment, seeds) for name in names]
