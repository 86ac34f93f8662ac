"""Data sets: sources of images, records of other training runs, and subsets."""

import os
from collections.abc import Iterator
from pathlib import Path

from difficulty.config.core.problems import Place, told
from difficulty.config.training.experiment import run_names
from difficulty.datasets.folders import entries_of, folders_below, identity, is_folder, own_results
from difficulty.datasets.formats import EXTENSIONS
from difficulty.datasets.path_names import is_utf8
from difficulty.datasets.split_folders import watched_folders
from difficulty.errors import UserError
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered
from difficulty.plan.user_files import require_files, require_folder

_DECODED = {"cifar10", "cifar100", "digits", "npz", "shapes"}  # sources that have images as arrays
SUBSET_KEYS = ("select", "per_class", "train", "test", "seed", "link")


class Data:
    """subsets, recorded, sources: names of the data sets of each kind; recorded ones are records of other runs.

    used: what experiments are trained or tested on. needed: what these are linked from, as well.
    """

    def __init__(self, plan):
        self.plan, self.settings = plan, plan.datasets
        kinds = {name: settings["source"] for name, settings in self.settings.items()}
        self.subsets = [name for name, kind in kinds.items() if kind == "subset"]
        self.recorded = [name for name, kind in kinds.items() if kind == "records"]
        self.sources = [name for name in kinds if name not in {*self.subsets, *self.recorded}]
        trained = {settings["dataset"] for settings in plan.experiments.values()}
        tested = {dataset for further in plan.configuration.evaluations.values() for dataset in further}
        self.used = sorted(trained | tested | {*plan.analyses.get("vog", {}).get("out_of_distribution", [])})
        self.needed = sorted(self._with_parents(self.used))

    def _with_parents(self, datasets: list[str]) -> set[str]:
        """The data sets, and all that they are linked from or as large as."""
        found, wanted = set(), [*datasets]
        while wanted:
            if (name := wanted.pop()) not in found:
                found.add(name)
                wanted += [*self.ancestors(name)[1:], *self._like(name)]
        return found

    def _like(self, dataset: str) -> list[str]:
        """The data set that says how many examples a random one has, if there is one."""
        return list(only(self.settings[dataset].get("select", {}), ["like"]).values())

    def choosers(self, dataset: str) -> list[str]:
        """The experiments that a data set depends on."""
        found = []
        for name in self.ancestors(dataset)[:-1]:
            found += only(self.settings[name]["select"], ["experiment"]).values()
            found += [chooser for other in self._like(name) for chooser in self.choosers(other)]
        return found

    def of(self, experiment: str) -> str:
        """The data set of an experiment."""
        return self.plan.experiments[experiment]["dataset"]

    def shared_tests(self) -> dict[str, str]:
        """Data set that is used -> the data set whose test split it has as well."""
        holders = self.plan.configuration.test_splits
        return {name: holders[name] for name in self.used if holders[name] != name}

    def path(self, pattern: str, experiment: str) -> str:
        """A path of the data set of an experiment."""
        return pattern.format(dataset=self.of(experiment))

    def parent(self, pattern: str, dataset: str) -> str:
        """A path of the data set that a subset is chosen from."""
        return pattern.format(dataset=self.settings[dataset]["of"])

    def ancestors(self, dataset: str) -> list[str]:
        """The data set, what it is a subset of, what that is a subset of, and so on."""
        return [dataset, *(self.ancestors(self.settings[dataset]["of"]) if dataset in self.subsets else [])]

    def root(self, dataset: str) -> str:
        """The data set itself, or what it is, in the end, a subset of."""
        return self.ancestors(dataset)[-1]

    @remembered
    def image_storage(self) -> dict[str, str]:
        """Data set with images -> memory, files or auto; where others are linked from it, its files are always read."""
        images = [name for name in self.needed if name not in self.recorded]
        parents = {self.settings[name]["of"] for name in images if name in self.subsets}
        wanted = {name: self.settings[self.root(name)].get("storage") or "auto" for name in images}
        return {name: "files" if name in parents else kind for name, kind in wanted.items()}

    def corrections(self, dataset: str) -> int:
        """How many lists of a user's have chosen its examples, one after another."""
        chosen = [self.settings[name]["select"] for name in self.ancestors(dataset) if name in self.subsets]
        return sum(select["by"] == "list" for select in chosen)

    def outputs(self, dataset: str) -> list[str]:
        """The tables and the folder that a data set has; records of other runs have no images."""
        patterns = [paths.EXAMPLES]
        patterns += [] if dataset in self.recorded else [paths.PIXELS, paths.FILES, paths.IMAGES]
        patterns += [paths.CHOSEN] if dataset in self.subsets else []
        return [pattern.format(dataset=dataset) for pattern in patterns]

    @remembered
    def key(self, dataset: str) -> str:
        if dataset in self.subsets:
            return self.link_subset(dataset).key
        if dataset in self.recorded:
            return self.import_examples(dataset).key
        return self.prepare_dataset(dataset).key

    @remembered
    def prepare_dataset(self, dataset: str) -> Stage:
        settings = {key: value for key, value in self.settings[dataset].items() if key != "features"}
        listed = [found] if (found := _listed_here(settings)) is not None else []
        return self.plan.stage("prepare_dataset", settings, *listed, modules=[f"datasets.{settings['source']}"])

    def processes(self, dataset: str) -> int:
        """How many may decode the images of a data set side by side."""
        return 1 if self.settings[dataset]["source"] in _DECODED else 4

    def import_settings(self, dataset: str) -> dict:
        """Settings of records, without the paths, which are inputs."""
        return {key: value for key, value in self.settings[dataset].items() if key != "files"}

    @remembered
    def import_examples(self, dataset: str) -> Stage:
        return self.plan.stage("import_examples", self.import_settings(dataset))

    @remembered
    def link_subset(self, dataset: str) -> Stage:
        settings = self.settings[dataset]
        upstream = [self.key(settings["of"])]
        if evidence := self._evidence_key(dataset):
            upstream.append(evidence)
        modules = ["subsets.verdicts"] if settings["select"]["by"] == "verdict" else []
        return self.plan.stage("link_subset", only(settings, SUBSET_KEYS), *upstream, modules=modules)

    def _evidence_key(self, dataset: str) -> str | None:
        select, chosen = self.settings[dataset]["select"], tuple(self.subset_runs(dataset))
        if select["by"] == "learned":
            return self.plan.training.runs_key(select["experiment"], chosen)
        if select["by"] == "verdict":
            return self.plan.scores.rank_suspects(select["experiment"]).key
        if select["by"] == "truth":
            return self.plan.training.labels_key(select["experiment"])
        if "like" in select:
            return self.key(select["like"])
        if select["by"] != "score":
            return None
        if self.plan.images.chooses(dataset):
            return self.plan.images.evidence_key(dataset)
        family = self.plan.configuration.score_families[select["score"]]
        return self.plan.families[family](select["experiment"], chosen).key

    def evidence(self, dataset: str) -> list[str]:
        """Tables that say which examples of a subset are chosen: made here, or the user's list."""
        select = self.settings[dataset]["select"]
        if select["by"] == "score":
            return [self._scores(dataset)]
        if select["by"] == "learned":
            return self.plan.of_runs(paths.RECORDS, select["experiment"], select["seeds"])
        if select["by"] == "verdict":
            tables = (paths.SUSPECTS_TABLE, paths.LABEL_ERRORS)
            return [pattern.format(experiment=select["experiment"]) for pattern in tables]
        if select["by"] == "truth":
            return [paths.LABELS.format(experiment=select["experiment"])]
        if "like" in select:
            return [paths.EXAMPLES.format(dataset=select["like"])]
        return [select["path"]] if select["by"] == "list" else []

    def _scores(self, dataset: str) -> str:
        """The table with the score by which a subset is chosen, of each run."""
        if self.plan.images.chooses(dataset):
            return self.plan.images.evidence(dataset)
        select = self.settings[dataset]["select"]
        if self._is_of_seeds(dataset):
            return paths.LABEL_ERROR_OF_SEEDS.format(experiment=select["experiment"])
        family = self.plan.configuration.score_families[select["score"]]
        return paths.family(family).format(experiment=select["experiment"])

    def _is_of_seeds(self, dataset: str) -> bool:
        """Whether a subset is chosen by a score that the folds of a seed have together."""
        score = self.settings[dataset]["select"].get("score")
        return self.plan.configuration.score_families.get(score) == "label_error"

    def subset_runs(self, dataset: str) -> list[str]:
        """Runs whose scores or predictions choose the examples, as the tables call them."""
        select = self.settings[dataset]["select"]
        if self._is_of_seeds(dataset):
            return run_names(select["seeds"], None)
        return self.plan.runs(select["experiment"], select["seeds"]) if "seeds" in select else []

    def require_test_split(self, dataset: str, place: Place, what: str) -> None:
        """Raises UserError for folders without a test split; of other sources the configuration has asked.

        place: in the configuration. what: what the error calls the data set.
        """
        settings = self.settings[dataset]
        folders = [Path(settings.get("path", ""), name) for name in ("test", "val")]
        is_there = settings["source"] == "image_folder" and folders[0].parent.is_dir()  # else its path is wrong
        if is_there and not any(folder.is_dir() for folder in folders):
            text = f"{what} has no test split; add {folders[0]}"
            raise UserError(*told(self.plan.configuration.source, [(place, text)]))

    def first_source_path(self, dataset: str) -> str:
        """The file that records are read from first: all others need the same examples."""
        return self.source_paths(dataset)[0]

    @remembered
    def source_paths(self, dataset: str) -> list[str]:
        """What a data set is read from: files, or folders, whose times change when an image is added or removed.

        Raises UserError for what is not there.
        """
        settings, source, place = self.settings[dataset], self.plan.configuration.source, ("datasets", dataset)
        require_folder(source, (*place, "path"), settings.get("path", "."))
        named = list(_named_files(settings))
        require_files(source, (((*place, *below), path) for below, path in named))
        found = [path for _, path in named]
        try:
            return list(dict.fromkeys([*found, *_folders(settings, found)]))
        except UserError as error:
            raise UserError(*told(source, [(place, str(error))])) from error


def _named_files(settings: dict) -> Iterator[tuple[Place, str]]:
    """(place below the data set, path) of each file that a data set is read from."""
    yield from _paths_in(settings.get("files", []), ("files",))
    if settings["source"] == "flat_folder" and "labels" in settings:
        yield ("labels",), settings["labels"]
    if settings["source"] == "voc":  # the lists that datasets/voc.py reads
        for split in ("train", "test"):
            for index, entry in enumerate(settings.get(split, [])):
                folder, name = os.path.split(entry)
                yield (split, index), str(Path(settings["path"], folder, "ImageSets", "Main", f"{name}.txt"))


def _paths_in(value: str | list | dict, place: Place) -> Iterator[tuple[Place, str]]:
    """(place, path) of each path in lists and mappings."""
    if isinstance(value, str):
        yield place, value
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _paths_in(part, (*place, key))


def _listed_here(settings: dict) -> list[str] | None:
    """Names of the images and folders in the working directory, where these are a data set; otherwise None.

    The time of that folder would change with results/ and with each edit of the configuration, so it is no input.
    """
    if settings["source"] != "flat_folder" or identity(Path(settings["path"])) != identity(Path()):
        return None
    own = own_results()
    found = [entry for entry in entries_of(Path()) if not entry.name.startswith(".")]
    folders = [entry.name for entry in found if is_folder(entry) and identity(Path(entry)) not in own]
    return folders + [entry.name for entry in found if Path(entry).suffix.lower() in EXTENSIONS]


def _folders(settings: dict, files: list[str]) -> list[str]:
    """The folders that a source reads: its own, never one that may hold results/ too."""
    kind = settings["source"]
    if kind == "image_folder":
        return watched_folders(Path(settings["path"]), settings.get("test_folder"))
    if kind == "flat_folder":
        root = settings["path"]
        folders = [root, *folders_below(Path(root))] if settings["recursive"] else [root]
        here = identity(Path())
        folders = [folder for folder in folders if is_utf8(str(folder)) and identity(Path(folder)) != here]
        return [os.path.normpath(folder) for folder in folders]
    if kind == "voc":
        parents = dict.fromkeys(path.rpartition(f"{os.sep}ImageSets{os.sep}")[0] for path in files)
        return [str(Path(folder, part)) for folder in parents for part in ("JPEGImages", "Annotations")]
    if kind == "kth_tips2b":
        samples = sorted(path for path in Path(settings["path"]).glob("[!.]*/sample_?") if path.is_dir())
        return [str(folder) for folder in (*sorted({path.parent for path in samples}), *samples)]
    return []
