"""Costs of prediction depth."""

from math import log2

from difficulty.costs.job import Job
from difficulty.costs.work import MIB, Work

_DISTANCE = 3.1  # bytes
_TILED = 1.3  # products of tiles, over those of the pairs that are needed
_PROBES, _LAYERS = 9, 30


def _examples(job: Job) -> int:
    return sum(getattr(job.data, split) for split in job.plan.depth.settings["splits"])


def _probes(job: Job) -> int:
    return max(_PROBES, len(job.plan.depth.settings["probes"].get(job.settings["architecture"], ())) + 2)


def probe_neighbors(job: Job) -> Work:
    """Each probe is compared with the training examples, in the memory that the setting allows.

    A probe whose activations need more than half of it goes through a file.
    """
    settings, data = job.plan.depth.settings, job.data
    examples = _examples(job) / settings["shards"]
    bank = min(settings.get("bank") or job.trained, job.trained)
    probes = job.facts.probes or (job.facts.activations / _LAYERS,) * _probes(job)  # where modules are named
    numbers = [min(each, settings["numbers"]) for each in probes]
    others = max(examples - bank, 0) if settings["shards"] == 1 else examples
    among = bank / 2 if settings["shards"] == 1 else 0  # each pair of them once
    products = _TILED * sum(numbers) * bank * (others + among)
    passed = bank + others
    held, largest = sum(numbers) * 4 * passed / MIB, max(numbers) * 4 * passed / MIB
    budget = settings["memory"]
    comparing = min(largest, budget / 2)
    k, neighbor = min(settings["k_max"], bank), _DISTANCE + log2(max(bank, 2)) / 8
    work = job.passes(forward=passed, products=products, kept=neighbor * examples * k * len(numbers))
    return work.plus(
        seconds=0.4 + 4e-9 * bank * (others + among) * len(numbers) + 2e-7 * examples * k * len(numbers),
        memory=min(min(held, budget / 2) + comparing + 48 * examples * k / MIB, budget - data.decoded / MIB),
        temporary=largest * MIB if largest > budget / 2 else 0,
    )


def compute_consensus(job: Job) -> Work:
    return job.tables(0.05 + 1e-6 * job.rows, 250 * job.rows, 6000 + 2 * job.examples)


def vote_probes(job: Job) -> Work:
    neighbors = _examples(job) * job.plan.depth.settings["k_max"] * _probes(job)
    return job.tables(0.05 + 1e-7 * neighbors, 72 * neighbors, 8 * _examples(job))


def score_prediction_depth(job: Job) -> Work:
    return job.tables(0.05 + 1e-6 * job.rows, 250 * job.rows, 5000 + 5 * job.examples)


def compute_depth_analysis(job: Job) -> Work:
    return job.tables(0.2 + 2e-6 * job.rows, 500 * job.rows, 13_000)
