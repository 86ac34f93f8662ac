"""Costs of influence: curvature, self-influence, influence on queries."""

from difficulty.costs.job import Job
from difficulty.costs.work import MIB, Work

_EIGEN = 12  # operations of an eigendecomposition for each third power of a side
_OF_SYMMETRIC = 0.45  # of a product that is symmetric, and often one of shifted images
_PART, _AT_ONCE = 0.3, 512  # of the memory; gradients of examples by the largest layer
_NUMBER = 4


def _passes(job: Job, images: float, products: float, **amounts: float) -> Work:
    """Passes, with gradients of some examples at once in a part of the memory that the setting allows."""
    largest = max((inputs * outputs for inputs, outputs, _ in job.facts.layers), default=0)
    at_once = min(_PART * job.plan.influence.memory, _AT_ONCE * _NUMBER * largest / MIB)
    work = job.passes(gradient=images, products=products, **amounts)
    return work.plus(seconds=0.5, memory=at_once + 2 * _NUMBER * job.facts.factors / MIB)


def _covariances(job: Job) -> float:
    """Operations for the covariances of an image's inputs and output gradients."""
    return _OF_SYMMETRIC * sum((inputs**2 + outputs**2) * positions for inputs, outputs, positions in job.facts.layers)


def _in_bases(job: Job) -> float:
    """Operations for the gradient of an image in the bases of the factors."""
    return sum(
        inputs * outputs * positions + min(inputs, positions) * outputs**2 + min(outputs, positions) * inputs**2
        for inputs, outputs, positions in job.facts.layers
    )


def _curvature(job: Job, images: float) -> Work:
    strategy = job.wildcards["variant"].partition("_")[0]
    passes = {"identity": 0, "diagonal": 1, "kfac": 1, "ekfac": 2}[strategy]
    products = 0.0
    if strategy in ("kfac", "ekfac"):
        products += images * _covariances(job) + _EIGEN * job.facts.decompositions
    if strategy == "ekfac":
        products += images * _in_bases(job)
    kept = _NUMBER * (job.facts.factors if "kfac" in strategy else job.facts.parameters * (strategy == "diagonal"))
    return _passes(job, passes * images, products, kept=kept + 8000)


def fit_factors(job: Job) -> Work:
    return _curvature(job, job.trained)


def sum_curvature(job: Job) -> Work:
    work = _curvature(job, job.trained / len(job.plan.influence.shards))
    return work.plus(kept=-work.kept, temporary=work.kept)


def merge_factors(job: Job) -> Work:
    size, facts = _NUMBER * job.facts.factors, job.facts
    return Work("network", seconds=0.3, products=_EIGEN * facts.decompositions, memory=3 * size / MIB, kept=size + 8000)


def score_self_influence(job: Job) -> Work:
    splits = job.plan.influence.settings["splits"]
    images = sum(getattr(job.data, split) for split in splits)
    return _passes(job, images, images * _in_bases(job), kept=10 * images)


def score_pairwise_influence(job: Job) -> Work:
    """Gradients of training examples are multiplied with those of all queries."""
    queries = job.plan.influence.queries[job.wildcards["queries"]].get("count") or job.data.test
    positions = [(inputs * outputs, positions) for inputs, outputs, positions in job.facts.layers]
    size = _NUMBER * job.facts.parameters * queries / MIB
    blocks = max(1, round(2 * size / max(job.plan.influence.memory, 1)))
    products = job.trained * sum(size * (queries + places) for size, places in positions)
    kept = 10_000 + 2.5 * job.trained * queries
    work = _passes(job, blocks * job.trained + queries, products, kept=kept)
    return work.plus(memory=min(2 * size, job.plan.influence.memory / 2))


def score_influence(job: Job) -> Work:
    rows = job.rows * len(job.plan.influence.variants)
    return job.tables(0.05 + 1e-6 * rows, 300 * rows, 4000 + 7 * rows)


def choose_queries(job: Job) -> Work:
    records = job.rows_of_run * job.runs
    return job.tables(0.05 + 4e-7 * records, 30 * records, 2000)


def rank_influential(job: Job) -> Work:
    queries = job.plan.influence.queries[job.wildcards["queries"]].get("count") or job.data.test
    pairs = job.trained * queries * job.runs
    return job.tables(0.05 + 1e-7 * pairs, 60 * pairs, 40_000)


def compute_influence_agreement(job: Job) -> Work:
    rows = job.examples * len(job.plan.influence.variants)
    return job.tables(1.0 + 1e-5 * rows, 500 * rows, 60_000)
