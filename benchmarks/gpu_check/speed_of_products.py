"""Nearest neighbours and influence, whose limit is the matrix product."""

from collections.abc import Callable

import torch

from benchmarks.arithmetic import operations
from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import Check
from benchmarks.gpu_check.speed import against_rate, compare, product_rate, send, timed
from difficulty.scores.depth.neighbors import nearest_neighbors
from difficulty.scores.influence.scoring import (
    assemble,
    covariance_sums,
    eigenbases,
    pairwise_influence,
    second_moment_sums,
    self_influence,
)

_K = 50
_MEMORY = 8 << 30
_BATCH = 512
_TILE = 8192  # rows of the bare product that is compared with


def neighbors(check: Check) -> None:
    """Of rows among themselves and of a fifth of them, against the bare products of all pairs."""
    rows = check.size.rows
    for dimension in check.size.dimensions:
        bank = torch.relu(torch.randn(rows, dimension, device=check.device))
        own = torch.arange(rows)
        for what, queries, exclude in (
            ("among themselves", bank, own),
            ("of a fifth of as many others", torch.relu(torch.randn(rows // 5, dimension, device=check.device)), None),
        ):
            pairs = rows * len(queries)
            compare(
                check,
                f"{_K} nearest neighbours of {rows:,} rows of {dimension:,} numbers, {what}",
                lambda b=bank, q=queries, e=exclude: nearest_neighbors(b, q, _K, e, _MEMORY),
                lambda b=bank, q=queries: _bare_products(b, q),
                pairs,
                "pairs",
                "the bare matrix product of all pairs in float32",
            )
        del bank, queries


def _bare_products(bank: torch.Tensor, queries: torch.Tensor) -> None:
    for part in queries.split(_TILE):
        part @ bank.T


def influence(check: Check) -> None:
    """Each stage of EK-FAC, against its operations at the rate of a large product in float32."""
    size, rate = check.size, product_rate(check)
    model = stand_ins.network(size.width).to(check.device, memory_format=torch.channels_last).eval()
    images, labels = stand_ins.pictures(size.influential + size.asked)
    images = stand_ins.NORMALIZATION(images.permute(0, 3, 1, 2).to(check.device))
    labels = labels.to(check.device)
    count = size.influential
    # All of the same size, so that the operations of one are those of each.
    batches = list(zip(images[:count].split(min(_BATCH, count)), labels[:count].split(min(_BATCH, count)), strict=True))
    asked = [(images[count:], labels[count:])]
    sums = covariance_sums(model, batches)
    bases = eigenbases(sums)
    factors = assemble("ekfac", second_moment_sums(model, bases, batches), bases)
    stages: dict[str, Callable[[list], object]] = {
        "covariances": lambda some: covariance_sums(model, some),
        "second moments": lambda some: second_moment_sums(model, bases, some),
        "self-influence": lambda some: self_influence(model, factors, some),
        f"pairwise influence on {size.asked} queries": lambda some: pairwise_influence(
            model, factors, some, asked, memory=_MEMORY
        ),
    }
    network = f"ResNet-9 of width {size.width}, {count:,} images of 32x32"
    for name, stage in stages.items():
        own = operations(lambda stage=stage: stage(batches[:1])) * len(batches)
        against_rate(check, f"{name}: {network}", lambda s=stage: s(batches), own, rate, count, "images")
    largest = max(each.shape[-1] for each in sums.tensors.values())
    what = f"eigenbases of {len(sums.tensors)} matrices of up to {largest:,} rows, in float64"
    seconds = [timed(check.device, lambda: eigenbases(sums)).wall for _ in range(size.repeats)]
    send(check, what, seconds, [], len(sums.tensors), "matrices", "", "")
