"""Figures: which there are, and what each depends on: its own settings, and the tables that it shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from difficulty.plan import paths
from difficulty.plan.stage import Stage, remembered

_OF_RUNS = ("training", "panel")
_OF_SCORES = ("data_map", "correlation", "stability", "label_errors")
_OF_RELATIONS = ("relations", "statistics_histograms")
_OF_VOG = ("vog_errors", "vog_correlation", "vog_stages")
_OF_DEPTH = ("depth_histogram", "depth_levels", "probe_accuracy", "depth_learning", "depth_classes")
_GALLERY = {"examples_per_class": 25, "classes": 10}


@dataclass(frozen=True)
class Drawing(Stage):
    """The stage of one or more figures, and their names: modules below difficulty/figures/."""

    figures: tuple[str, ...] = ()


class Figures:
    """formats: what every figure is written as; png is among them. shown: experiments with figures of their own."""

    def __init__(self, plan):
        self.plan, self.settings = plan, plan.configuration.figures
        self.formats = self.settings["formats"]
        self.shown = self.settings.get("experiments", list(plan.experiments))

    def _figure(self, name: str | list[str], *upstream, section: str | None = None, **settings) -> Drawing:
        """name: of the figure, or of several that one job draws, all with the same settings."""
        names = (name,) if isinstance(name, str) else tuple(name)
        own = self.settings[section] if section else {}
        shown = {"dpi": self.settings["dpi"], **own, **settings}
        stage = self.plan.stage("plot", shown, *upstream, modules=[f"figures.{each}" for each in names])
        return Drawing(stage.settings, stage.code, stage.upstream, names)

    @remembered
    def plot_samples(self, dataset: str) -> Drawing:
        return self._figure("data.samples", self.plan.data.key(dataset), section="samples")

    @remembered
    def plot_runs(self, experiment: str) -> Drawing:
        figures = ["experiments.training", "experiments.panel"]
        return self._figure(figures, self.plan.training.runs_key(experiment), section="panel")

    @remembered
    def plot_evaluations(self) -> Drawing:
        evaluations, shared = self.plan.training.collect_evaluations().key, self.plan.data.shared_tests()
        return self._figure("experiments.evaluations", evaluations, shared_tests=shared)

    @remembered
    def plot_comparison(self, comparison: str, measure: str) -> Drawing:
        runs = [self.plan.training.runs_key(name) for name in self.comparisons[comparison]]
        return self._figure("experiments.comparison", runs, comparison=comparison, measure=measure)

    @remembered
    def plot_average_precision(self, experiment: str) -> Drawing:
        precision = self.plan.scores.collect_average_precision(experiment).key
        return self._figure("scores.average_precision", precision)

    @remembered
    def plot_scores(self, experiment: str) -> Drawing:
        figures = ["scores.data_map", "scores.correlation", "scores.stability", "scores.label_errors"]
        upstream = self.plan.scores.key(experiment), self.plan.scores.compute_correlation(experiment).key
        return self._figure(figures, *upstream)

    @remembered
    def plot_truth_correlation(self, experiment: str) -> Drawing:
        return self._figure("scores.truth_correlation", self.plan.scores.compute_truth_correlation(experiment).key)

    @remembered
    def plot_gallery(self, experiment: str) -> Drawing:
        return self._figure("scores.gallery", self.plan.scores.key(experiment), section="gallery")

    @remembered
    def plot_agreement(self, group: str) -> Drawing:
        return self._figure("agreement.over_epochs", self.plan.agreement.compute_agreement(group).key)

    @remembered
    def plot_order_stability(self, group: str) -> Drawing:
        return self._figure("agreement.order_stability", self.plan.agreement.compute_order_stability(group).key)

    @remembered
    def plot_agreed_statistics(self, group: str) -> Drawing:
        return self._figure("images.agreed", self.plan.agreement.describe_agreed(group).key)

    @remembered
    def plot_detection(self, detection: str) -> Drawing:
        families = self.plan.configuration.score_families
        return self._figure("detection.truths", self.plan.scores.compute_detection(detection).key, families=families)

    @remembered
    def plot_image_maps(self, experiment: str) -> Drawing:
        """Its settings, and the size at which statistics see an image."""
        shown = {key: value for key, value in self.settings["image_maps"].items() if key != "experiments"}
        seen = {key: value for key, value in self.plan.images.settings.items() if key == "size"}
        settings = {**shown, **seen, "statistics": self.plan.images.mapped[experiment]}
        return self._figure("images.maps", self.plan.scores.key(experiment), **settings)

    @remembered
    def plot_relations(self, experiment: str) -> Drawing:
        upstream = self.plan.images.compute_relations(experiment).key, self.plan.scores.key(experiment)
        drawn = self.plan.analyses["relations"]["drawn"]
        return self._figure(["images.relations", "images.histograms"], *upstream, drawn=drawn)

    @remembered
    def plot_vog(self, experiment: str) -> Drawing:
        """With the stages as a list in the order of the configuration, which a mapping in settings would lose."""
        figures = ["vog.errors", "vog.correlation", "vog.stages"]
        upstream = self.plan.vog.compute_vog_analysis(experiment).key, self.plan.scores.key(experiment)
        return self._figure(figures, *upstream, stages=list(self.plan.vog.stages[experiment].items()))

    @remembered
    def plot_vog_gallery(self, experiment: str) -> Drawing:
        """By one stage's score: the configured one where an experiment has it, else the last."""
        stages, wanted = list(self.plan.vog.stages[experiment]), self.settings["vog"].get("stage")
        score = f"vog_{wanted if wanted in stages else stages[-1]}"
        return self._figure("scores.gallery", self.plan.scores.key(experiment), score=score, **_GALLERY)

    @remembered
    def plot_out_of_distribution(self, experiment: str, dataset: str) -> Drawing:
        comparison = self.plan.vog.compare_distributions(experiment, dataset)
        families = self.plan.configuration.score_families
        return self._figure("detection.out_of_distribution", comparison.key, families=families)

    @remembered
    def plot_vog_toy_boundary(self) -> Drawing:
        return self._of_vog_toy("vog_toy.boundary")

    @remembered
    def plot_vog_toy_distance(self, split: str) -> Drawing:
        return self._of_vog_toy("vog_toy.distance", split=split)

    @remembered
    def plot_vog_toy_correlation(self) -> Drawing:
        return self._of_vog_toy("vog_toy.correlation")

    def _of_vog_toy(self, name: str, **settings) -> Drawing:
        reference = {key: value for key, value in self.plan.vog_toy.settings.items() if key == "reference"}
        return self._figure(name, self.plan.vog_toy.compute_vog_toy().key, **reference, **settings)

    @remembered
    def plot_depth(self, experiment: str) -> Drawing:
        """The scores' key holds that of prediction depth and of the dynamics."""
        figures = ["histogram", "levels", "probe_accuracy", "learning", "classes"]
        upstream = self.plan.depth.compute_depth_analysis(experiment).key, self.plan.scores.key(experiment)
        return self._figure([f"prediction_depth.{figure}" for figure in figures], *upstream)

    @remembered
    def plot_depth_votes(self, experiment: str) -> Drawing:
        upstream = self.plan.depth.vote_probes(experiment).key, self.plan.scores.key(experiment)
        return self._figure("prediction_depth.votes", *upstream)

    @remembered
    def plot_depth_gallery(self, experiment: str) -> Drawing:
        return self._figure("scores.gallery", self.plan.scores.key(experiment), score="prediction_depth", **_GALLERY)

    @remembered
    def plot_depth_plane(self, experiment: str) -> Drawing:
        return self._figure("prediction_depth.plane", self.plan.scores.key(experiment))

    @remembered
    def plot_influential(self, experiment: str, variant: str, queries: str) -> Drawing:
        """Next to what is ranked it shows what the runs predict."""
        influence = self.plan.influence
        damping = " ".join(f"{value:g} {kind}" for kind, value in influence.settings["damping"].items())
        facts = {"damping": damping, "measurement": influence.settings["measurement"]}
        ranked = influence.rank_influential(experiment, variant, queries).key
        return self._figure("influence.influential", ranked, self.plan.training.runs_key(experiment), **facts)

    @remembered
    def plot_influence_agreement(self, experiment: str) -> Drawing:
        agreement = self.plan.influence.compute_influence_agreement(experiment)
        return self._figure("influence.agreement", agreement.key)

    @remembered
    def plot_coherence(self, experiment: str) -> Drawing:
        runs = self.plan.coherence.measure_coherence(experiment).key, self.plan.runs(experiment)
        return self._figure("coherence.groups", *runs)

    @remembered
    def plot_generalization(self, study: str) -> Drawing:
        return self._figure("generalization.accuracy", self.plan.generalization.collect_generalization(study).key)

    @remembered
    def plot_traits(self, study: str) -> Drawing:
        return self._figure("generalization.traits", self.plan.generalization.compute_traits(study).key)

    @remembered
    def plot_removal(self, removal: str) -> Drawing:
        plan = self.plan.removal
        return self._figure(plan.figure(removal), plan.collect_removal(removal).key)

    @property
    def comparisons(self) -> dict[str, list[str]]:
        """Name -> experiments whose training curves are drawn in one figure."""
        return self.plan.analyses["comparisons"]

    def compared_histories(self, comparison: str) -> list[str]:
        """The history of every run of the experiments of a comparison."""
        return [path for name in self.comparisons[comparison] for path in self.plan.of_runs(paths.HISTORY, name)]

    def paths(self) -> list[str]:
        """Every figure, in every format."""
        return [paths.figure(place, format) for place in self.places() for format in self.formats]

    def places(self) -> list[str]:
        """Where every figure is, below results/figures/ and without its ending."""
        return [place for place, _, _ in _drawn_figures(self)]

    def keys(self) -> list[str]:
        """Keys of all drawings."""
        return list(dict.fromkeys(method(*arguments).key for _, method, arguments in _drawn_figures(self)))


def _drawn_figures(figures: Figures) -> Iterator[tuple[str, Callable[..., Drawing], tuple]]:
    """Every figure: its place below results/figures/, the method that returns its stage, and the method's arguments."""
    plan, draw = figures.plan, figures
    for dataset in plan.data.used:
        if dataset not in plan.data.recorded:
            yield f"datasets/{dataset}/samples", draw.plot_samples, (dataset,)
    if plan.training.with_checkpoints:
        yield "evaluations", draw.plot_evaluations, ()
    for experiment in figures.shown:
        for figure, method, *more in _of_experiment(figures, experiment):
            yield f"experiments/{experiment}/{figure}", method, (experiment, *more)
    hidden = plan.experiments.keys() - {*figures.shown}  # a group of one experiment has its name
    for group in plan.agreement.groups:
        if group not in hidden:
            yield f"agreement/{group}", draw.plot_agreement, (group,)
    for group in plan.agreement.of_several:
        yield f"agreement/{group}/order", draw.plot_order_stability, (group,)
    for group in plan.agreement.related:
        if group not in hidden:
            yield f"agreement/{group}/statistics", draw.plot_agreed_statistics, (group,)
    for detection in plan.scores.detections:
        yield f"detection/{detection}", draw.plot_detection, (detection,)
    for name in figures.comparisons:
        for measure in ("loss", "top1"):
            yield f"comparisons/{name}/{measure}", draw.plot_comparison, (name, measure)
    for study in plan.generalization.studies:
        yield f"generalization/{study}/accuracy", draw.plot_generalization, (study,)
    for study in plan.generalization.with_traits:
        yield f"generalization/{study}/traits", draw.plot_traits, (study,)
    for removal in plan.removal.removals:
        yield f"removal/{removal}", draw.plot_removal, (removal,)
    if plan.vog_toy.settings:
        yield "vog-toy/boundary", draw.plot_vog_toy_boundary, ()
        yield "vog-toy/correlation", draw.plot_vog_toy_correlation, ()
        for split in ("train", "test"):
            yield f"vog-toy/distance-{split}", draw.plot_vog_toy_distance, (split,)


def _of_experiment(draw: Figures, experiment: str) -> Iterator[tuple]:
    """(figure, method, its further arguments) of an experiment."""
    plan, vog, depth, influence = draw.plan, draw.plan.vog, draw.plan.depth, draw.plan.influence
    choices = (
        (_OF_RUNS, draw.plot_runs, True),
        (_OF_SCORES, draw.plot_scores, True),
        (("gallery",), draw.plot_gallery, experiment in plan.training.with_images),
        (("truth_correlation",), draw.plot_truth_correlation, experiment in plan.scores.with_truth),
        (("average_precision",), draw.plot_average_precision, experiment in plan.scores.with_label_sets),
        (("image_maps",), draw.plot_image_maps, experiment in plan.images.mapped),
        (_OF_RELATIONS, draw.plot_relations, experiment in plan.images.related),
        (("coherence",), draw.plot_coherence, experiment in plan.coherence.epochs),
        (_OF_VOG, draw.plot_vog, experiment in vog.stages),
        (("vog_gallery",), draw.plot_vog_gallery, experiment in vog.with_gallery),
        (_OF_DEPTH, draw.plot_depth, experiment in depth.epochs),
        (("depth_votes",), draw.plot_depth_votes, experiment in depth.with_images),
        (("depth_gallery",), draw.plot_depth_gallery, experiment in depth.with_images),
        (("depth_plane",), draw.plot_depth_plane, experiment in depth.with_plane),
    )
    for names, method, is_drawn in choices:
        yield from ((name, method) for name in names if is_drawn)
    for other in vog.strangers.get(experiment, []):
        yield f"out_of_distribution/{other}", draw.plot_out_of_distribution, other
    if experiment in influence.epochs:
        for name, queries, variant in influence.explained():
            if name == experiment:
                yield f"influential/{queries}/{variant}", draw.plot_influential, variant, queries
        if len(influence.variants) > 1:
            yield "influence_agreement", draw.plot_influence_agreement
