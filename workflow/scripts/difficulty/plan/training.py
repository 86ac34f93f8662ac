"""Labels, runs and evaluations: trained here, restored from others' checkpoints, read from records, or probes."""

from collections.abc import Iterator
from pathlib import Path

from difficulty.config.core.problems import Place
from difficulty.config.training.linear_probe import is_linear_probe
from difficulty.config.training.shared_labels import source_of_labels
from difficulty.config.training.snapshots import files_in_order
from difficulty.hash_chain import hash_chain
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered
from difficulty.plan.user_files import require_files

LABEL_KEYS = ("label_noise",)
EVALUATION_KEYS = ("device", "precision", "folds", "records", "batch_norm")
PROBE_KEYS = ("folds", "strength")
SNAPSHOT_KEYS = ("architecture", "width", "depth", "stem", "normalization", "device", "precision", "batch_norm")
# What does not change a run: the seeds are in its name; the data set and the labels are its inputs; who decodes; and
# what other networks make of the examples.
_NOT_OF_A_RUN = {"dataset", "seeds", "workers", "probabilities", *LABEL_KEYS}
_PER_RUN = (paths.CHECKPOINTS, paths.RECORDS, paths.ONLINE_RECORDS, paths.HISTORY, paths.STEPS, paths.TIMING)


class Training:
    """imported, probes, snapshots, trained: names of the experiments of each kind: records of other runs, linear probes
    on features, networks that were trained elsewhere, and what is trained here. with_checkpoints: the last two.
    with_images: all but the first. with_probabilities: those with held-out probabilities from elsewhere.
    with_others_labels, with_own_labels: those that have the labels of another experiment, and all others.
    """

    def __init__(self, plan):
        self.plan, self.settings, self.data = plan, plan.experiments, plan.data
        self.imported = [name for name in self.settings if self.data.of(name) in self.data.recorded]
        self.with_images = [name for name in self.settings if name not in self.imported]
        self.probes = [name for name in self.with_images if is_linear_probe(self.settings[name])]
        others = [name for name in self.with_images if name not in self.probes]
        self.snapshots = [name for name in others if isinstance(self.settings[name]["checkpoints"], dict)]
        self.trained = [name for name in others if name not in self.snapshots]
        self.with_checkpoints = [*self.trained, *self.snapshots]
        self.with_others_labels = [name for name, settings in self.settings.items() if source_of_labels(settings)]
        self.with_own_labels = [name for name in self.settings if name not in self.with_others_labels]
        self.with_probabilities = [name for name, settings in self.settings.items() if "probabilities" in settings]

    @remembered
    def corrupt_labels(self, experiment: str) -> Stage:
        settings = only(self.settings[experiment], LABEL_KEYS)
        return self.plan.stage("corrupt_labels", settings, self.data.key(self.data.of(experiment)))

    @remembered
    def share_labels(self, experiment: str) -> Stage:
        """Where labels are replaced, the suspects count too."""
        noise, data = self.settings[experiment]["label_noise"], self.data.key(self.data.of(experiment))
        keys, modules = [self.labels_key(noise["experiment"])], []
        if "relabel" in noise:
            keys.append(self.plan.scores.rank_suspects(noise["experiment"]).key)
            modules.append("subsets.verdicts")
        return self.plan.stage("share_labels", only(noise, ["relabel"]), data, *keys, modules=modules)

    def others_labels(self, experiment: str) -> str:
        """The labels of the experiment that an experiment has its labels from."""
        return paths.LABELS.format(experiment=self.settings[experiment]["label_noise"]["experiment"])

    def has_corrected_labels(self, experiment: str) -> bool:
        """Whether labels of an experiment were replaced by what networks predict."""
        noise = self.settings[experiment].get("label_noise", {})
        return "relabel" in noise or ("experiment" in noise and self.has_corrected_labels(noise["experiment"]))

    def others_suspects(self, experiment: str) -> list[str]:
        """The suspects of that experiment and what their verdicts are worth, where they are labelled anew."""
        noise = self.settings[experiment].get("label_noise", {})
        if "relabel" not in noise:
            return []
        return [path.format(experiment=noise["experiment"]) for path in (paths.SUSPECTS_TABLE, paths.LABEL_ERRORS)]

    @remembered
    def given_probabilities(self, experiment: str) -> Stage | None:
        """None for an experiment without probabilities from elsewhere."""
        if experiment not in self.with_probabilities:
            return None
        settings = {key: value for key, value in self.settings[experiment]["probabilities"].items() if key != "file"}
        return self.plan.stage("collect_probabilities", settings, self.data.key(self.data.of(experiment)))

    @remembered
    def train_model(self, experiment: str) -> Stage:
        own, modules = self.own_settings(experiment), self.training_modules(experiment)
        return self.plan.stage("train_model", own, self.labels_key(experiment), modules=modules)

    @remembered
    def import_records(self, experiment: str) -> Stage:
        settings = self.data.import_settings(self.data.of(experiment))
        return self.plan.stage("import_records", settings, self.labels_key(experiment))

    @remembered
    def fit_linear_probe(self, experiment: str) -> Stage:
        features = self.plan.features
        settings = only(features.settings, PROBE_KEYS)
        return self.plan.stage("fit_linear_probe", settings, features.key_of(experiment), self.labels_key(experiment))

    @remembered
    def import_checkpoints(self, experiment: str) -> Stage:
        """The files count as well, by name and in order, which says what is early: a sorted mapping would lose it."""
        settings = self.settings[experiment]
        own = {**only(settings, SNAPSHOT_KEYS), "files": files_in_order(settings["checkpoints"])}
        modules = [self.model_module(experiment)]
        return self.plan.stage("import_checkpoints", own, self.labels_key(experiment), modules=modules)

    @remembered
    def evaluate_run(self, experiment: str) -> Stage:
        datasets = [self.data.key(dataset) for dataset in self.evaluated_datasets(experiment)]
        settings, modules = only(self.settings[experiment], EVALUATION_KEYS), [self.model_module(experiment)]
        return self.plan.stage("evaluate_run", settings, self.run_key(experiment), datasets, modules=modules)

    @remembered
    def collect_evaluations(self) -> Stage:
        evaluations = [[name, self.plan.runs(name), self.evaluate_run(name).key] for name in self.with_checkpoints]
        return self.plan.stage("collect_evaluations", {}, evaluations)

    def own_settings(self, experiment: str) -> dict:
        """The settings of an experiment that change a run."""
        return {key: value for key, value in self.settings[experiment].items() if key not in _NOT_OF_A_RUN}

    def training_modules(self, experiment: str) -> list[str]:
        """What the settings of an experiment's training select by name."""
        settings = self.settings[experiment]
        return [
            self.model_module(experiment),
            f"training.optimizers.{settings['optimizer']['name']}",
            f"training.schedules.{settings['schedule']['name']}",
            *(["models.initialization"] if "initialization" in settings else []),
        ]

    def labels_key(self, experiment: str) -> str:
        own = self.share_labels if experiment in self.with_others_labels else self.corrupt_labels
        return own(experiment).key

    @remembered
    def run_key(self, experiment: str) -> str:
        """What any run of an experiment is identified by, apart from its name."""
        if experiment in self.imported:
            return self.import_records(experiment).key
        if experiment in self.probes:
            return self.fit_linear_probe(experiment).key
        if experiment in self.snapshots:
            return self.import_checkpoints(experiment).key
        return self.train_model(experiment).key

    @remembered
    def runs_key(self, experiment: str, chosen: tuple[str, ...] | None = None) -> str:
        """Of all runs of an experiment, or of those chosen."""
        return hash_chain(self.run_key(experiment), list(chosen or self.plan.runs(experiment)))

    def model_module(self, experiment: str) -> str:
        """The module that builds an experiment's network."""
        architecture = self.settings[experiment]["architecture"]
        return "models." + ("torchvision_model" if architecture.startswith("torchvision:") else architecture)

    def evaluated_datasets(self, experiment: str) -> list[str]:
        """The experiment's own data set and the further ones it is evaluated on."""
        further = self.plan.configuration.evaluations.get(experiment, [])
        return list(dict.fromkeys([self.data.of(experiment), *further]))

    def tested_tables(self, pattern: str, experiment: str) -> list[str]:
        """A path of each data set that an experiment is evaluated on."""
        return [pattern.format(dataset=dataset) for dataset in self.evaluated_datasets(experiment)]

    def evaluations(self) -> list[str]:
        """The evaluation of every run that has checkpoints."""
        return [path for name in self.with_checkpoints for path in self.plan.of_runs(paths.EVALUATION, name)]

    def steps(self, experiment: str) -> list[str]:
        """The steps of every run, of an experiment that is trained here."""
        return self.plan.of_runs(paths.STEPS, experiment) if experiment in self.trained else []

    def outputs(self, experiment: str) -> list[str]:
        """All that the runs of an experiment leave."""
        if experiment in self.imported:
            patterns = (paths.RECORDS, paths.HISTORY)
        elif experiment in self.probes:
            patterns = (paths.RECORDS, paths.HISTORY, paths.RUN_PROBE)
        elif experiment in self.snapshots:
            patterns = (paths.CHECKPOINTS, paths.RECORDS, paths.HISTORY, paths.EVALUATION)
        else:
            patterns = (*_PER_RUN, paths.EVALUATION)
        return [path for pattern in patterns for path in self.plan.of_runs(pattern, experiment)]

    def workers(self, experiment: str) -> int:
        """Processes that decode images next to the one that trains or evaluates, where images stay in their files."""
        return self.settings[experiment].get("workers", 2)

    def threads(self, experiment: str) -> int:
        """One, and one for each worker if it is known that there will be any."""
        storage = self.plan.datasets[self.data.root(self.data.of(experiment))].get("storage")
        expected = "workers" in self.settings[experiment] or storage == "files"
        return 1 + (self.workers(experiment) if expected else 0)

    def gpus(self, experiment: str) -> int:
        """Processes that train a run together."""
        return self.settings[experiment].get("gpus", 1)

    def own_records(self, experiment: str, run: str) -> str:
        """The user's table of a run; the place in `files` is the seed."""
        return self.data.source_paths(self.data.of(experiment))[int(run.removeprefix("seed-"))]

    def all_records(self, experiment: str) -> list[str]:
        """The user's tables of all runs, in the order of the seeds."""
        return self.data.source_paths(self.data.of(experiment))

    def first_records(self, experiment: str) -> str:
        return self.own_records(experiment, "seed-0")

    def first_snapshot(self, experiment: str) -> str:
        """The first file of the first run."""
        return self.snapshot_files(experiment, self.plan.runs(experiment)[0])[0]

    def snapshot_files(self, experiment: str, run: str) -> list[str]:
        """Weights that were trained elsewhere, in order; {seed} in their names stands for the run's seed.

        Raises UserError for a file that is not there.
        """
        named = files_in_order(self.settings[experiment]["checkpoints"])
        files = [path.replace("{seed}", run.removeprefix("seed-")) for path in named]
        place = ("experiments", experiment, "checkpoints")
        require_files(self.plan.configuration.source, ((place, path) for path in files))
        return files

    def weight_files(self, experiment: str) -> list[str]:
        """The user's file of weights that training starts from; none where the weights are torchvision's, by name."""
        weights = self.settings[experiment].get("weights")
        return [weights] if weights and Path(weights).suffix else []

    def probability_file(self, experiment: str) -> str:
        """The user's probabilities of an experiment. Raises UserError if they are not there."""
        path = self.settings[experiment]["probabilities"]["file"]
        require_files(self.plan.configuration.source, [(("experiments", experiment, "probabilities", "file"), path)])
        return path

    def noise_files(self, experiment: str) -> list[str]:
        """The user's table of an experiment's labels, if it has one."""
        return list(only(self.settings[experiment].get("label_noise", {}), ["path"]).values())

    def require_named_files(self) -> None:
        """Raises UserError with a line for every file that experiments and subsets name and that is not there.

        Snakemake would name the rules that miss them, but not where they are configured.
        """
        require_files(self.plan.configuration.source, self._named_files())

    def _named_files(self) -> Iterator[tuple[Place, str]]:
        """(place, path) of each single file that experiments and subsets in use are told to read."""
        for name in self.settings:
            yield from ((("experiments", name, "label_noise", "path"), path) for path in self.noise_files(name))
            if name in self.trained:
                yield from ((("experiments", name, "weights"), path) for path in self.weight_files(name))
        for dataset in self.data.used:
            for subset in self.data.ancestors(dataset)[:-1]:
                if "path" in (select := self.data.settings[subset]["select"]):
                    yield ("datasets", subset, "select", "path"), select["path"]
