"""Scores of all runs of an experiment, and what is computed from them: correlation, suspects, detection of truth."""

from collections.abc import Iterator

from difficulty.hash_chain import hash_chain
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered
from difficulty.plan.training import EVALUATION_KEYS
from difficulty.scores.runs import ROLE_SUFFIXES

_LABEL_QUALITY_KEYS = ("device", "precision", "folds", "batch_norm")
_HELD_OUT = ROLE_SUFFIXES["validation"]


class Scores:
    """with_folds, with_truth, with_label_sets: the experiments that hold examples out, whose data sets have truth
    columns that are numbers, and whose images have several labels. held_out: those in which nothing has seen the
    training examples that it predicts. held_out_records: of these, the records of other runs.
    """

    def __init__(self, plan):
        self.plan, self.experiments, self.analyses = plan, plan.experiments, plan.analyses
        self.detections = plan.configuration.detections
        self.precision_epochs = plan.configuration.precision_epochs
        self.with_folds = [name for name, settings in self.experiments.items() if "folds" in settings]
        recorded = {name: plan.datasets[plan.data.of(name)] for name in plan.training.imported}
        self.held_out_records = [name for name, records in recorded.items() if records.get("held_out")]
        self.held_out = [*self.held_out_records, *plan.training.probes]
        self.with_truth = [name for name in self.experiments if plan.configuration.truth_columns[plan.data.of(name)]]
        self.with_label_sets = list(self.precision_epochs)

    def dynamics_records(self, experiment: str) -> list[str]:
        """The records of each run that learning-dynamics scores are computed from."""
        both = self.experiments[experiment]["records"] == "both"
        is_online = both and self.analyses["dynamics"]["records"] == "online"
        return self.plan.of_runs(paths.ONLINE_RECORDS if is_online else paths.RECORDS, experiment)

    @remembered
    def score_dynamics(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage:
        runs = self.plan.training.runs_key(experiment, chosen)
        is_probe = experiment in self.plan.training.probes  # one epoch, and one kind of records
        return self.plan.stage("score_dynamics", {} if is_probe else self.analyses["dynamics"], runs)

    @remembered
    def score_label_quality(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment without folds, which holds no examples out."""
        if experiment not in self.with_folds:
            return None
        settings = only(self.experiments[experiment], _LABEL_QUALITY_KEYS)
        runs, modules = self.plan.training.runs_key(experiment, chosen), [self.plan.training.model_module(experiment)]
        return self.plan.stage("score_label_quality", settings, runs, modules=modules)

    @remembered
    def score_held_out_records(self, experiment: str) -> Stage | None:
        """None for an experiment that is no records of held-out examples."""
        if experiment not in self.held_out_records:
            return None
        settings = self.plan.data.import_settings(self.plan.data.of(experiment))
        return self.plan.stage("score_held_out_records", settings, self.plan.training.runs_key(experiment))

    @remembered
    def score_linear_probes(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment with networks."""
        if experiment not in self.plan.training.probes:
            return None
        return self.plan.stage("score_linear_probes", {}, self.plan.training.runs_key(experiment, chosen))

    def label_quality(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """The one of these three that an experiment has, if any."""
        return (
            self.score_label_quality(experiment, chosen)
            or self.score_held_out_records(experiment)
            or self.score_linear_probes(experiment, chosen)
        )

    @remembered
    def score_memorization(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment without folds, whose runs are all trained on the same examples."""
        if experiment not in self.with_folds:
            return None
        settings = only(self.experiments[experiment], ("epochs",))
        return self.plan.stage("score_memorization", settings, self.plan.training.runs_key(experiment, chosen))

    @remembered
    def score_label_error(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage:
        evidence = [
            self.label_quality(experiment, chosen),
            self.plan.augmentation_sensitivity.score_augmentation_sensitivity(experiment, chosen),
            self.plan.features.score_features(experiment),
            self.plan.training.given_probabilities(experiment),
        ]
        keys = [stage.key for stage in evidence if stage]
        settings = {"are_probes": True} if experiment in self.plan.training.probes else {}
        if self.plan.training.has_corrected_labels(experiment):
            settings["corrected"] = True
        return self.plan.stage("score_label_error", settings, self.plan.training.runs_key(experiment, chosen), *keys)

    def held_out_probabilities(self, experiment: str) -> list[str]:
        """What networks that held the examples out make of them, if there are any."""
        has_any = experiment in self.with_folds or experiment in self.held_out
        return [paths.HELD_OUT.format(experiment=experiment)] if has_any else []

    def augmented_copies(self, experiment: str) -> list[str]:
        """What the networks make of augmented copies of the images, if that is computed."""
        has_any = experiment in self.plan.augmentation_sensitivity.experiments
        return [paths.family("augmentation_sensitivity").format(experiment=experiment)] if has_any else []

    def feature_tables(self, pattern: str, experiment: str) -> list[str]:
        """A table of what features of the images say of the labels, if there are any."""
        return [pattern.format(experiment=experiment)] if experiment in self.plan.features.scored else []

    def further_probe(self, experiment: str) -> list[str]:
        """What a linear probe on the features makes of the images, unless the experiment itself is such probes."""
        is_further = experiment not in self.plan.training.probes
        return self.feature_tables(paths.PROBE, experiment) if is_further else []

    def given_probabilities(self, experiment: str) -> list[str]:
        """What others' networks make of the examples, if that is given."""
        has_any = experiment in self.plan.training.with_probabilities
        return [paths.GIVEN_PROBABILITIES.format(experiment=experiment)] if has_any else []

    def families_of(self, experiment: str) -> list[str]:
        """Tables of the families of scores that an experiment has."""
        having = [family for family, stage in self.plan.families.items() if stage(experiment)]
        return [paths.family(family).format(experiment=experiment) for family in having]

    def families_over_seeds(self, experiment: str) -> list[str]:
        """The same, and the scores of each seed of the families that have none of single runs."""
        pooled = [paths.MEMORIZATION_OF_SEEDS] if experiment in self.with_folds else []
        pooled.append(paths.LABEL_ERROR_OF_SEEDS)
        return self.families_of(experiment) + [path.format(experiment=experiment) for path in pooled]

    @remembered
    def collect_scores(self, experiment: str) -> Stage:
        stages = [stage(experiment) for stage in self.plan.families.values()]
        keys = [stage.key for stage in stages if stage]
        return self.plan.stage("collect_scores", {}, self.plan.training.labels_key(experiment), keys)

    def key(self, experiment: str) -> str:
        return self.collect_scores(experiment).key

    @remembered
    def compute_correlation(self, experiment: str) -> Stage:
        return self.plan.stage("compute_correlation", self.analyses["correlation"], self.key(experiment))

    @remembered
    def rank_suspects(self, experiment: str) -> Stage:
        settings = self.analyses["suspects"]
        score = settings["score"]
        if experiment in self.held_out and self.plan.configuration.score_families.get(score) == "dynamics":
            settings = {**settings, "score": score + _HELD_OUT}
        similar = self.plan.features.similar_to(experiment)
        return self.plan.stage("rank_suspects", settings, self.key(experiment), *(stage.key for stage in similar))

    def near_duplicates(self, experiment: str) -> list[str]:
        """Pairs of images with nearly the same features, if there are features."""
        has_any = self.plan.features.similar_to(experiment)
        return [self.plan.features.path(paths.SIMILAR, experiment)] if has_any else []

    @remembered
    def compute_truth_correlation(self, experiment: str) -> Stage:
        return self.plan.stage("compute_truth_correlation", self.analyses["truth_correlation"], self.key(experiment))

    @remembered
    def compute_detection(self, detection: str) -> Stage:
        settings = dict(self.detections[detection])
        return self.plan.stage("compute_detection", settings, self.key(settings.pop("experiment")))

    def detected(self, pattern: str, detection: str) -> str:
        """A path of the experiment whose scores are tested."""
        return pattern.format(experiment=self.detections[detection]["experiment"])

    @remembered
    def collect_detection(self) -> Stage:
        keys = [self.compute_detection(detection).key for detection in self.detections]
        return self.plan.stage("collect_detection", {}, keys)

    @remembered
    def score_average_precision(self, experiment: str) -> Stage:
        keys = [key for key in EVALUATION_KEYS if key not in ("folds", "records")]
        settings = {**only(self.experiments[experiment], keys), "epochs": self.precision_epochs[experiment]}
        run, modules = self.plan.training.run_key(experiment), [self.plan.training.model_module(experiment)]
        return self.plan.stage("score_average_precision", settings, run, modules=modules)

    @remembered
    def collect_average_precision(self, experiment: str) -> Stage:
        runs = hash_chain(self.score_average_precision(experiment).key, self.plan.runs(experiment))
        return self.plan.stage("collect_average_precision", {}, runs)

    def suspects(self) -> list[str]:
        """The lists of labels to check, of all experiments."""
        return [paths.SUSPECTS.format(experiment=name) for name in self.experiments]

    def tables(self) -> Iterator[str]:
        for name in self.experiments:
            for pattern in (paths.SCORES, paths.CORRELATION, paths.STABILITY, paths.SEED_CORRELATION, paths.SUSPECTS):
                yield pattern.format(experiment=name)
            yield from self.families_of(name)
            further = (paths.SUSPECTS_TABLE, paths.EVIDENCE, paths.LABEL_ERRORS, paths.LABEL_ERROR_OF_SEEDS)
            further = (*further, paths.LABEL_CONFUSION)
            for pattern in further:
                yield pattern.format(experiment=name)
        for pattern in (paths.LABEL_QUALITY, paths.HELD_OUT):
            yield from (pattern.format(experiment=name) for name in (*self.with_folds, *self.held_out))
        yield from (paths.MEMORIZATION_OF_SEEDS.format(experiment=name) for name in self.with_folds)
        for name in self.plan.training.with_probabilities:
            yield paths.GIVEN_PROBABILITIES.format(experiment=name)
        yield from (paths.TRUTH_CORRELATION.format(experiment=name) for name in self.with_truth)
        for name in self.with_label_sets:
            yield from self.plan.of_runs(paths.RUN_AVERAGE_PRECISION, name)
            yield paths.AVERAGE_PRECISION.format(experiment=name)
        for pattern in (paths.DETECTION, paths.DETECTION_CURVES, paths.DETECTION_DIFFERENCES):
            yield from (pattern.format(detection=detection) for detection in self.detections)
        yield from [paths.DETECTIONS] if self.detections else []
        yield from [paths.EVALUATIONS] if self.plan.training.with_checkpoints else []
