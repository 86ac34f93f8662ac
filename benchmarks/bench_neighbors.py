"""Nearest neighbours against scikit-learn, faiss and the bare matrix product, on the same vectors; and their memory.

Compared, on one thread of one process and in turns, for vectors of 512 to 65,536 numbers, 50 neighbours each: the
library's `nearest_neighbors` of other rows, and of rows among themselves; scikit-learn's KNeighborsClassifier, by
brute force; faiss's IndexFlatL2, where it is installed; and the matrix product alone. Goals, CPU time: at least 1.7
times faster than scikit-learn, 3.0 times among themselves; not slower than faiss; at most 1.2 times the product from
4,096 numbers on.

With --memory MIB instead: the peak memory of finding the neighbours of 10,000 images at one probe of 65,536 numbers
(2.4 GiB of activations) within that budget, beyond what the process has after its imports. Goal: at most 1.10 times
the budget.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from measuring import in_turns, show, time_function
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.models.probing import ProbePoint, Probes
from difficulty.scores.depth.activations import Activations
from difficulty.scores.depth.prediction_depth import nearest_neighbors
from difficulty.scores.depth.probe_queries import Queries, probed_neighbors

NEIGHBORS = 50
ROWS = {512: 8000, 4096: 6000, 16384: 6000, 65536: 3000}


def compare(dimension: int, rows: int, repeats: int) -> None:
    draws = np.random.default_rng(0)
    # A ReLU's output has a mean far from 0, which centring is for.
    bank, queries = (np.maximum(draws.standard_normal((rows, dimension), np.float32), 0) for _ in range(2))
    tensors = torch.from_numpy(bank), torch.from_numpy(queries)
    labels, own = draws.integers(0, 10, rows), np.arange(rows)
    peer = KNeighborsClassifier(NEIGHBORS, algorithm="brute").fit(bank, labels)
    measured = {
        "product": lambda: tensors[1] @ tensors[0].T,
        "neighbors": lambda: nearest_neighbors(bank, queries, NEIGHBORS, memory=4 << 30),
        "of themselves": lambda: nearest_neighbors(bank, bank, NEIGHBORS, own, memory=4 << 30),
        "scikit-learn": lambda: peer.kneighbors(queries),
    }
    if index := flat_index(bank):
        measured["faiss"] = lambda: index.search(queries, NEIGHBORS)
    found, expected = nearest_neighbors(bank, queries, NEIGHBORS, memory=4 << 30)[0], peer.kneighbors(queries)[1]
    print(f"\n{rows} x {rows} rows of {dimension} numbers; {(found == expected).mean():.4%} of neighbours in place")
    show(in_turns({name: lambda f=f: time_function(f) for name, f in measured.items()}, repeats), "product")


def flat_index(bank: np.ndarray):
    """faiss's exact index; None where faiss is not installed."""
    try:
        import faiss
    except ImportError:
        return None
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(bank.shape[1])
    index.add(bank)
    return index


def measure_memory(budget: int, count: int = 10_000) -> None:
    """One probe, a convolution of 64 channels on 32 x 32 pixels, within `budget` MiB."""
    torch.set_num_threads(2)
    images = torch.zeros(count, 3, 32, 32, dtype=torch.uint8).random_(generator=torch.Generator().manual_seed(0))
    pooled = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    probes = Probes(pooled, [ProbePoint("stem", "0")])
    activations = Activations(
        probes, {"stem": 65536}, lambda: (each / 255 for each in images.split(64)), count, count, torch.device("cpu")
    )
    everyone = np.arange(count)
    started, before = (
        time.perf_counter(),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - images.nbytes / 2**20,
    )
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        for _ in probed_neighbors(
            activations, Queries.of(everyone, everyone), NEIGHBORS, (budget << 20) - images.nbytes, Path(folder)
        ):
            pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    size = 4 * count * 65536 / 2**20
    print(
        f"{count} images, {size:,.0f} MiB of activations, budget {budget} MiB: peak {peak:,.0f} MiB beyond imports, "
        f"{peak / budget:.2f} of the budget, {time.perf_counter() - started:.0f} s on two threads"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--dimensions", type=int, nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--memory", type=int, metavar="MIB", help="measure memory within this budget instead")
    args = parser.parse_args()
    if args.memory:
        measure_memory(args.memory)
    else:
        torch.set_num_threads(1)
        with threadpool_limits(1):
            for dimension in args.dimensions:
                compare(dimension, ROWS[dimension], args.repeats)
