"""How often the 95 % intervals of detection hold the truth: simulated scores whose metrics are known exactly.

Hardness of N examples, P of them positive, is drawn from two normal distributions, of equal spread or with positives
1.5 times as spread, shifted so that the AUROC is what is wanted. From each sample come the intervals of a score, those
of its difference from a second score (correlated 0.5 with it given the truth, AUROC lower by `LOWER`), and those for
other seeds, of a score that is the mean over three of them. A line per setting: of 100 intervals, how many hold the
true value; of 1,000 samples with a standard error of 0.7.

    .venv/bin/python benchmarks/coverage_of_intervals.py [--samples 1000]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.analysis.detection_intervals import (
    difference_intervals,
    example_covariances,
    metric_intervals,
    plain_half_widths,
    seed_covariances,
)
from difficulty.analysis.detection_metrics import METRICS, Ranking, inspected, ranking_metrics

SIZES = ((15, 300), (50, 500), (144, 1437))
AREAS = (0.8, 0.9, 0.95)
SPREADS = (1.0, 1.5)
LOWER = 0.05  # AUROC of the second score
SEEDS, SHARED, WOBBLE = 3, 0.5, 0.15  # of the variance of a score what seeds share; standard deviation of the shift


def shift_of(area: float, spread: float) -> float:
    """Mean of the positives, of standard deviation `spread`, if negatives are standard normal."""
    return ndtri(area) * np.sqrt(1 + spread**2)


def true_metrics(area: float, spread: float, positives: int, examples: int) -> np.ndarray:
    """The METRICS of the two normal distributions, if `positives` of `examples` are positive."""
    shift, prevalence = shift_of(area, spread), positives / examples

    def found(threshold):
        return ndtr((shift - threshold) / spread)

    def flagged(threshold):
        return prevalence * found(threshold) + (1 - prevalence) * ndtr(-threshold)

    def precision(share):
        threshold = shift - spread * ndtri(share)
        return prevalence * share / flagged(threshold)

    recalls = [
        found(brentq(lambda threshold, k=k: flagged(threshold) - k / examples, -20, 40))
        for k in (inspected(name, positives, examples) for name in METRICS[2:])
    ]
    return np.array([area, quad(precision, 0, 1, limit=200)[0], *recalls])


def intervals_of(hardness: np.ndarray, truth: np.ndarray, bootstrap: int):
    """Metrics of scores (S, N), their covariances over other examples, and both ends of their intervals."""
    rankings = [Ranking.of(values, truth) for values in hardness]
    metrics = np.concatenate([ranking_metrics(ranking) for ranking in rankings])
    covariances = example_covariances(rankings, hardness, truth, bootstrap)
    return metrics, covariances, metric_intervals(metrics, covariances, truth.sum(), (~truth).sum())


def sample_of_scores(random, truth, area, spread, bootstrap):
    """Ends of the intervals of a score, and of its difference from a second one, (2, 2, M)."""
    widths, common = np.where(truth, spread, 1.0), random.normal(size=len(truth))
    other = (common + np.sqrt(3) * random.normal(size=len(truth))) / 2
    hardness = np.stack(
        [
            np.where(truth, shift_of(value, spread), 0) + widths * noise
            for value, noise in ((area, common), (area - LOWER, other))
        ]
    )
    metrics, covariances, (low, high) = intervals_of(hardness, truth, bootstrap)
    pairs = np.array([[0, 1]])
    least = plain_half_widths(covariances, pairs, min(truth.sum(), (~truth).sum()))
    ends = difference_intervals(metrics, low, high, covariances, pairs, least)
    return np.stack([(low[0], high[0]), (ends[0][0], ends[1][0])])


def sample_over_seeds(random, truth, area, spread, bootstrap):
    """Ends of the interval over other seeds, too, of the mean of a score over `SEEDS` seeds, (2, M)."""
    widths, common = np.where(truth, spread, 1.0), random.normal(size=len(truth))
    own, wobble = random.normal(size=(SEEDS, len(truth))), random.normal(0, WOBBLE, (SEEDS, 1))
    # The mean over the seeds has unit variance.
    noise = (np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own) / np.sqrt(SHARED + (1 - SHARED) / SEEDS)
    seeds = truth * (shift_of(area, spread) + wobble) + widths * noise
    metrics, covariances, _ = intervals_of(seeds.mean(axis=0)[None], truth, bootstrap)
    rest = [np.delete(seeds, out, axis=0).mean(axis=0) for out in range(SEEDS)]
    left_out = np.stack([ranking_metrics(Ranking.of(values, truth)) for values in rest])
    numbers = truth.sum(), (~truth).sum()
    return np.stack(metric_intervals(metrics, covariances, *numbers, seed_covariances(left_out), SEEDS))[:, 0]


def coverage(positives: int, examples: int, area: float, spread: float, samples: int, bootstrap: int) -> np.ndarray:
    """Shares of the intervals that hold the truth, (3, M): of a score, of a difference, over seeds."""
    random, truth = np.random.default_rng(0), np.arange(examples) < positives
    of_area = true_metrics(area, spread, positives, examples)
    of_difference = of_area - true_metrics(area - LOWER, spread, positives, examples)
    hits = np.zeros((3, len(METRICS)))
    for _ in range(samples):
        (score, difference) = sample_of_scores(random, truth, area, spread, bootstrap)
        seeds = sample_over_seeds(random, truth, area, spread, bootstrap)
        for row, (ends, true) in enumerate(((score, of_area), (difference, of_difference), (seeds, of_area))):
            hits[row] += (ends[0] <= true) & (true <= ends[1])
    return hits / samples


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--bootstrap", type=int, default=200)
    args = parser.parse_args()
    print(f"{'':31}{'AUROC':>7}{'AP':>7}{'P@prev':>7}{'R@10':>7}{'R@20':>7}")
    for positives, examples in SIZES:
        for area in AREAS:
            for spread in SPREADS:
                found = coverage(positives, examples, area, spread, args.samples, args.bootstrap)
                place = f"{positives:>4} of {examples:<5} {area:<5} x{spread:<4}"
                for what, row in zip(("score", "difference", "seeds"), found, strict=True):
                    print(f"{place}{what:>11}" + "".join(f"{100 * share:7.1f}" for share in row), flush=True)


if __name__ == "__main__":
    main()
