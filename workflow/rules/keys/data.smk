"""What identifies a data set: its settings, its code, the paths that it is read from."""

from difficulty.datasets.folders import folders_below
from difficulty.datasets.path_names import is_utf8
from difficulty.datasets.split_folders import watched_folders


def dataset_code(dataset):
    return source_digest("prepare_dataset", f"datasets.{datasets[dataset]['source']}")


subsets = [name for name, settings in datasets.items() if settings["source"] == "subset"]
recorded = [name for name, settings in datasets.items() if settings["source"] == "records"]
sources = [name for name in datasets if name not in {*subsets, *recorded}]


def ancestors(dataset):
    """The data set, what it is a subset of, what that is a subset of, and so on."""
    return [dataset, *(ancestors(datasets[dataset]["of"]) if dataset in subsets else [])]


def root(dataset):
    """The data set itself, or what it is, in the end, a subset of."""
    return ancestors(dataset)[-1]


@lru_cache
def dataset_key(dataset):
    if dataset in subsets:
        return subset_key(dataset)
    if dataset in recorded:
        return recorded_key(dataset)
    return hash_chain(settings_json(datasets[dataset]), dataset_code(dataset))


@lru_cache
def source_paths(dataset):
    """What a data set is read from: files, or folders, whose times change when an image is added or removed."""
    settings = datasets[dataset]
    kind = settings["source"]
    files = settings.get("files", [])
    parts = files.values() if isinstance(files, dict) else files
    paths = [path for part in parts for path in ([part] if isinstance(part, str) else part)]
    if kind == "flat_folder" and "labels" in settings:
        paths.append(settings["labels"])
    if kind == "voc":
        paths += voc_lists(settings)
    for path in paths:
        if os.path.isdir(path):
            print(f"datasets.{dataset}: {path} is a folder, expected a file; name the files in it", file=sys.stderr)
            sys.exit(1)
    for path in [*paths, settings.get("path", ".")]:
        if not os.path.exists(path):
            print(f"datasets.{dataset}: no such file or folder: {path}; fix the path", file=sys.stderr)
            sys.exit(1)
    if kind == "image_folder":
        try:
            paths += watched_folders(Path(settings["path"]), settings.get("test_folder"))
        except UserError as error:
            print(f"datasets.{dataset}: {error}", file=sys.stderr)
            sys.exit(1)
    if kind == "flat_folder":
        paths += flat_folders(settings["path"], settings["recursive"])
    if kind == "voc":
        folders = dict.fromkeys(path.rpartition(f"{os.sep}ImageSets{os.sep}")[0] for path in paths)
        paths += [os.path.join(folder, part) for folder in folders for part in ("JPEGImages", "Annotations")]
    if kind == "kth_tips2b":
        paths += sample_folders(settings["path"])
    return list(dict.fromkeys(paths))


def voc_lists(settings):
    """The lists that datasets/voc.py reads."""
    entries = [*settings["train"], *settings.get("test", [])]
    parts = [os.path.split(entry) for entry in entries]
    return [os.path.join(settings["path"], folder, "ImageSets", "Main", f"{name}.txt") for folder, name in parts]


def sample_folders(root):
    """The class and sample folders that datasets/kth_tips2b.py reads; never `root`, which may hold results/ too."""
    samples = sorted(str(path) for path in Path(root).glob("[!.]*/sample_?") if path.is_dir())
    return sorted({os.path.dirname(path) for path in samples}) + samples


def flat_folders(root, recursive):
    """The folders that datasets/flat_folder.py reads."""
    folders = [root, *folders_below(Path(root))] if recursive else [root]
    return [os.path.normpath(folder) for folder in folders if is_utf8(str(folder))]


def dataset_files(dataset):
    """The tables and the folder that a data set has; records of other runs have no images."""
    names = ["examples.parquet"]
    names += [] if dataset in recorded else ["pixels.parquet", "files.parquet", "images"]
    return [f"results/datasets/{dataset}/{name}" for name in names]


used_datasets = sorted(
    {settings["dataset"] for settings in experiments.values()}
    | {dataset for further in configuration.evaluations.values() for dataset in further}
    | set(configuration.analyses.get("vog", {}).get("out_of_distribution", []))
)
# All that must be there for these: subsets are linked from the images of others.
needed_datasets = sorted({name for dataset in used_datasets for name in ancestors(dataset)})
