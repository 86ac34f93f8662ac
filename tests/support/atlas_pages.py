"""A page of experiments that nobody trained, whose classes have names that could do harm."""

from pathlib import Path

import numpy as np
from PIL import Image

from difficulty.datasets.pixels import write_pixels
from tests.support.recorded_experiments import FOLD_RUNS, PLAIN_RUNS, TEST, TRAIN
from tests.support.scored_experiments import score_experiments
from tests.support.scripts import succeed

NAMES = ("<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "\"quoted\" & 'more'", "=bee 🐝")
EXPERIMENTS = ("noisy", "folds", "clean")
SIDE = 12
SETTINGS = {
    "title": "Difficulty of toys",
    "datasets": [["toy", "toy"]],
    "experiments": [
        {"name": name, "dataset": "toy", "runs": FOLD_RUNS if name == "folds" else PLAIN_RUNS} for name in EXPERIMENTS
    ],
    "compared": True,
    "figures": ["experiments/noisy/data_map"],
    "influential": [],
    "maps": [],
    "tables": ["results/detection.parquet"],
}


def make_page(results: Path) -> Path:
    """Runs the scripts that the page needs; returns it."""
    score_experiments(results, names=NAMES)
    dataset = results / "datasets" / "toy"
    images = np.random.default_rng(0).integers(0, 256, (TRAIN + TEST, SIDE, SIDE, 3), np.uint8)
    write_pixels(dataset / "pixels.parquet", np.arange(TRAIN + TEST), images, {})
    succeed("pack_thumbnails", pixels=dataset / "pixels.parquet", output=dataset / "thumbnails.parquet")
    figure = results / "figures" / "experiments" / "noisy" / "data_map.png"
    figure.parent.mkdir(parents=True)
    Image.new("RGB", (40, 20), "white").save(figure)
    succeed("build_atlas", settings=SETTINGS, output=results / "index.html")
    return results / "index.html"
