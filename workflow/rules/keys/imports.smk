"""Which data sets and experiments are records of other training runs, and what identifies them."""


def import_settings(dataset):
    return settings_json({key: value for key, value in datasets[dataset].items() if key != "files"})


def own_records(experiment, run):
    """The user's table of a run; the place in `files` is the seed."""
    return source_paths(experiments[experiment]["dataset"])[int(run.removeprefix("seed-"))]


def recorded_key(dataset):
    return hash_chain(import_settings(dataset), source_digest("import_examples"))


def imported_run_key(experiment):
    dataset = experiments[experiment]["dataset"]
    return hash_chain(labels_key(experiment), import_settings(dataset), source_digest("import_records"))
