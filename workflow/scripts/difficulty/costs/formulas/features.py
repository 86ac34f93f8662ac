"""Costs of features from outside and linear probes on them."""

from difficulty.costs.job import Job
from difficulty.costs.work import MIB, Work

_FEATURES = 512  # numbers of an image, which only the user's file tells


def _bytes(job: Job) -> float:
    root = job.sizes_of(job.plan.data.root(job.dataset))
    return 4.0 * _FEATURES * root.examples


def collect_features(job: Job) -> Work:
    return job.tables(0.2 + 5e-9 * _bytes(job), 4 * _bytes(job), _bytes(job))


def find_similar(job: Job) -> Work:
    examples = job.examples
    return Work(
        seconds=0.5 + 5e-9 * examples**2, products=_FEATURES * examples**2, memory=3 * _bytes(job) / MIB, kept=10_000
    )


def map_features(job: Job) -> Work:
    slow = job.plan.features.settings.get("map") == "umap"
    return job.tables(1.0 + 4e-9 * _bytes(job) + slow * (8 + 2e-3 * job.examples), 4 * _bytes(job), 12 * job.examples)


def score_features(job: Job) -> Work:
    return _probe(job, job.plan.features.settings.get("folds", 5), 3)


def fit_linear_probe(job: Job) -> Work:
    return _probe(job, 1, 1)


def _probe(job: Job, fits: int, tables: int) -> Work:
    products = 300.0 * fits * job.data.train * _FEATURES * job.data.classes
    products += _FEATURES * job.data.train * job.examples * (tables > 1)
    memory = (3 * _bytes(job) + 40 * job.examples * job.data.classes) / MIB
    return Work("network", products=products, seconds=1.0, memory=memory, kept=50 * job.examples * tables)
