"""Where every figure of a configuration is, and the stage of its drawing."""

from collections.abc import Callable, Iterator

_OF_RUNS = ("training", "panel")
_OF_SCORES = ("data_map", "correlation", "stability", "label_errors")
_OF_RELATIONS = ("relations", "statistics_histograms")
_OF_VOG = ("vog_errors", "vog_correlation", "vog_stages")
_OF_DEPTH = ("depth_histogram", "depth_levels", "probe_accuracy", "depth_learning", "depth_classes")

Drawn = tuple[str, Callable, tuple]  # place below results/figures/, method of Figures, its arguments


def drawn_figures(figures) -> Iterator[Drawn]:
    """Every figure of a plan's part `figures`."""
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


def _of_experiment(draw, experiment: str) -> Iterator[tuple]:
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
