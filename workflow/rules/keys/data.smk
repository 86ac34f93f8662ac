"""What identifies a data set: its settings, its code, the paths that it is read from."""


def dataset_code(dataset):
    return source_digest("prepare_dataset", f"datasets.{datasets[dataset]['source']}")


@lru_cache
def dataset_key(dataset):
    return hash_chain(settings_json(datasets[dataset]), dataset_code(dataset))


@lru_cache
def source_paths(dataset):
    """What a data set is read from: files, or folders, whose times change when an image is added or removed."""
    settings = datasets[dataset]
    files = settings.get("files", {}).values()
    paths = [path for part in files for path in ([part] if isinstance(part, str) else part)]
    if "path" in settings:
        paths.append(settings["path"])
    for path in paths:
        if not os.path.exists(path):
            print(f"datasets.{dataset}: no such file or folder: {path}; mend the configuration", file=sys.stderr)
            sys.exit(1)
    folders = [path for path in paths if os.path.isdir(path)]
    for _ in ("splits", "classes"):
        folders = [entry.path for folder in folders for entry in os.scandir(folder) if entry.is_dir()]
        paths += sorted(folders)
    return paths


used_datasets = sorted(
    {settings["dataset"] for settings in experiments.values()}
    | {dataset for further in configuration.evaluations.values() for dataset in further}
)
