"""Detection by the scores of one seed alone, score by score, so that those of all seeds need not be in memory."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from difficulty.analysis.detection import report_table
from difficulty.analysis.detection_metrics import METRICS, Ranking, ranking_metrics
from difficulty.stage import warn


def reports_of_seeds(
    by_seed: Callable[[], Iterator[tuple[str, pd.DataFrame]]],
    truth: np.ndarray,
    directions: Mapping[str, int],
    name: str,
) -> Iterator[pd.DataFrame]:
    """Rows of DETECTION of each seed by itself; a warning for one where no example has all scores.

    by_seed: gives (score, its mean over the runs of each seed, (K, N)), a row for each seed, each time that it is
    called. truth: bool (N,). Scores that a seed has nowhere are left out of it, with a warning.
    """
    common, undefined = {}, {}
    for score, rows in by_seed():
        for seed, values in zip(rows.index, rows.to_numpy(), strict=True):
            known = ~np.isnan(values)
            common.setdefault(seed, np.ones(len(truth), bool))
            if known.any():
                common[seed] &= known
            else:
                undefined.setdefault(seed, []).append(score)
    for seed, scores in undefined.items():
        warn(f"{name}: {seed}: left out, as undefined for every example: {', '.join(scores)}")
    for seed in [seed for seed, known in common.items() if not known.any()]:
        warn(f"{name}: {seed}: left out, as no example has all scores")
        del common[seed]
    metrics: dict[str, dict[str, np.ndarray]] = {seed: {} for seed in common}
    for score, rows in by_seed():
        for seed in rows.index:
            if seed in common and score not in undefined.get(seed, ()):
                values, hard = rows.loc[seed].to_numpy()[common[seed]], truth[common[seed]]
                metrics[seed][score] = ranking_metrics(Ranking.of(directions[score] * values, hard))[0]
    for seed, found in metrics.items():
        matrix = np.stack([*found.values()]) if found else np.empty((0, len(METRICS)))
        yield report_table(list(found), directions, truth[common[seed]], matrix).assign(run=seed)
