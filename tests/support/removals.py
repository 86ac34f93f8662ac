"""A removal of five experiments with accuracies that are drawn."""

import numpy as np
import pandas as pd

from difficulty.analysis.removal import removal_table
from difficulty.config.analyses.removal import NOTHING

RULES = {"all": NOTHING, "cut": "score", "tenth": "score", "few": "random", "many": "random"}
LEFT = {"all": 100, "cut": 70, "tenth": 90, "few": 72, "many": 95}
STEPS = {name: {"epochs": 4, "batch_size": 32, "drop_last": name == "cut"} for name in RULES if name != "many"}
SEEDS = (3, 4, 5)


def accuracies() -> dict[str, np.ndarray]:
    """Experiment -> accuracy under each of its seeds; `few` lacks the last one."""
    draws = np.random.default_rng(0)
    return {name: draws.random(len(SEEDS) - (name == "few")) for name in RULES}


def table(steps: dict[str, dict] = STEPS) -> pd.DataFrame:
    """Rows of REMOVAL. steps: settings of the experiments that are trained here."""
    rows = []
    for name, values in accuracies().items():
        for seed, value in zip(SEEDS, values, strict=False):
            for epoch, top1 in ((2, 0.0), (4, value)):
                shared = {"experiment": name, "run": f"seed-{seed}", "epoch": epoch, "loss": 1 - top1}
                dataset = "all" if name == "many" else name
                rows.append({**shared, "dataset": name, "split": "train", "examples": LEFT[name], "top1": 1.0})
                rows.append({**shared, "dataset": dataset, "split": "test", "examples": 50, "top1": top1})
                if name == "many":  # a test split of its own, which is not what it is compared by
                    rows.append({**shared, "dataset": name, "split": "test", "examples": 5, "top1": 0.5})
    described = {
        name: {
            **dict.fromkeys(("dropped_wrong", "relabelled_wrong", "relabelled_right", "wrong_left"), np.nan),
            **{"left": left, "left_share": left / 100, "dropped": 100 - left, "relabelled": 0},
        }
        for name, left in LEFT.items()
    }
    tests = {name: "all" if name == "many" else name for name in RULES}
    chose = {name: [3] if name == "cut" else [] for name in RULES}
    return removal_table(RULES, pd.DataFrame(rows), tests, described, steps, chose)
