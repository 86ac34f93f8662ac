"""Costs of figures and of the pages that show everything."""

from difficulty.costs.job import Job
from difficulty.costs.work import MIB, Work

# Rule -> CPU seconds beyond the start, MiB, bytes of its files, as measured of a small data set.
_DRAWN = {
    "plot_scores": (3.6, 165, 1_400_000),
    "plot_depth": (3.0, 115, 650_000),
    "plot_vog": (2.1, 50, 577_000),
    "plot_gallery": (1.5, 560, 240_000),
    "plot_vog_gallery": (1.5, 560, 240_000),
    "plot_depth_gallery": (1.5, 560, 240_000),
    "plot_samples": (0.2, 110, 60_000),
    "plot_depth_votes": (0.7, 235, 144_000),
    "plot_runs": (0.7, 95, 260_000),
    "plot_detection": (1.6, 55, 390_000),
    "plot_relations": (1.0, 48, 225_000),
    "plot_influential": (0.7, 190, 156_000),
    "plot_image_maps": (0.6, 277, 136_000),
    "plot_influence_agreement": (1.0, 60, 200_000),
    "plot_coherence": (0.6, 40, 100_000),
}
_OTHERS = (0.5, 30, 130_000)
_SMALL = 64  # numbers of an image there
_INFLUENTIAL = 170  # images of a figure with queries
_WITH_RECORDS = ("plot_runs", "plot_depth")
_WITH_IMAGES = ("gallery", "samples", "maps", "votes", "influential", "plot_runs")
_PAGE, _FIGURE, _SCALE = 330_000, 160_000, 4 / 3  # bytes of a page without figures, of a figure; of base64


def plot(job: Job, rule: str) -> Work:
    """Any figure: it reads the tables of its experiment, and images if it shows some."""
    seconds, memory, kept = _DRAWN.get(rule, _OTHERS)
    examples = job.examples if {"experiment", "detection", "dataset"} & job.wildcards.keys() else 0
    memory += 150 * examples / MIB
    if examples and any(name in rule for name in _WITH_IMAGES):
        memory += job.data.in_parts / MIB
    kept += _images(job, rule) * max(job.data.numbers - _SMALL, 0) if examples else 0
    if rule in _WITH_RECORDS:
        memory += 60 * job.rows_of_run / MIB
        seconds += 5e-7 * job.rows_of_run * job.runs
    kept *= len(job.plan.figures.formats)
    return Work("figures", seconds=seconds + 6e-6 * examples, memory=memory, kept=kept)


def _images(job: Job, rule: str) -> int:
    """Images that a figure shows."""
    section = next((name for name in ("samples", "gallery") if name in rule), None)
    if "influential" in rule:
        return _INFLUENTIAL
    settings = job.plan.figures.settings.get(section) or {}
    ends = 2 if section == "gallery" else 1  # the lowest and the highest
    return ends * settings.get("examples_per_class", 0) * settings.get("classes", 0)


def _shown(job: Job) -> float:
    """Bytes of images in all figures, and of the thumbnails."""
    atlas = job.plan.atlas.everything
    roots = [job.sizes_of(name) for name in atlas.roots]
    largest = max((sizes.numbers for sizes in roots), default=0)
    images = sum(_images(job, figure) for figure in job.plan.atlas.figures())
    return images * max(largest - _SMALL, 0) + sum(0.1 * sizes.numbers * sizes.examples for sizes in roots)


def build_atlas(job: Job) -> Work:
    """Figures are written into the page, and the examples of all experiments that are shown."""
    atlas = job.plan.atlas
    figures, shown = len(atlas.figures()), atlas.everything.experiments
    examples = sum(job.sizes_of(job.plan.data.of(name)).examples for name in shown)
    size = _PAGE + _SCALE * (figures * _FIGURE + _shown(job)) + 200 * examples
    return job.tables(0.5 + 0.22 * figures + 5e-5 * examples, 50e6 + 9 * size + 1500 * examples, size)


def build_review(job: Job) -> Work:
    experiments = job.plan.atlas.review.experiments
    examples = sum(job.sizes_of(job.plan.data.of(name)).examples for name in experiments)
    return job.tables(0.5 + 5e-5 * examples, 1500 * examples + 2 * _PAGE, _PAGE + 400 * examples)


def export_results(job: Job) -> Work:
    return job.tables(1.0 + 2e-5 * job.examples, 1500 * job.examples, 300 * job.examples)
