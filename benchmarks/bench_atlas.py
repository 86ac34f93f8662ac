"""The page that shows everything, of many images and scores: how long it takes to make, how large it is, how fast.

Tables of scores that nobody measured, and images of --pixels (a data set's pixels.parquet, repeated), or blocks of
noise, are made into a page by the workflow's own scripts. A headless browser then opens it from disk, without a
network, and times the first view, filters, a lasso around a third of the points, another order, and scrolling.
Limits that a user notices: 60 s and 2 GiB to make, 30 MB, 2 s for the first view, 50 ms for a filter, 100 ms for a
lasso, 60 frames per second. The browser draws in software where there is no graphics card.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tests.support.browser import started

from difficulty.analysis.label_errors.tables import LABEL_CONFUSION, LABEL_ERRORS
from difficulty.analysis.suspect_evidence import EVIDENCE
from difficulty.analysis.suspects import SUSPECTS
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.pixels import read_pixels, write_pixels
from difficulty.scores.collect import SCORES
from difficulty.tables import Column, Schema, write_table
from difficulty.training.run_tables import HISTORY

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
EXPERIMENT = "bench"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--scores", type=int, default=30)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--pixels", type=Path)
    parser.add_argument("--folder", type=Path, help="kept, with the page")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        results = (args.folder or Path(temporary)) / "results"
        if not (results / "datasets").exists():
            make_results(results, args)
        page = make_page(results)
        use_page(page)


def make_results(results: Path, args) -> None:
    """Tables of `args.images` examples, a sixth of them for the test, with `args.scores` scores."""
    random, count = np.random.default_rng(0), args.images
    label = random.integers(0, args.classes, count)
    names = np.array([f"class {number:04}" for number in range(args.classes)])
    split = np.where(np.arange(count) % 6 == 5, "test", "train")
    files = [f"{split[n]}/{names[label[n]]}/{n:07}.png" for n in range(count)]
    examples = pd.DataFrame(
        {
            "example_id": np.arange(count),
            "split": split,
            "key": [f"{n:07}" for n in range(count)],
            "original_index": np.arange(count),
            "label": label,
            "class_name": names[label],
            "file": files,
            "sha256": [f"{n:064x}" for n in range(count)],
            "duplicate_of": pd.array([None] * count, "Int64"),
        }
    )
    dataset, folder = results / "datasets" / "many", results / "experiments" / EXPERIMENT
    write_table(examples, dataset / "examples.parquet", EXAMPLES)
    write_images(dataset / "pixels.parquet", count, args.pixels)

    train = split == "train"
    hardness = random.normal(size=count)
    scores = {f"score_{n:02}": hardness + random.normal(size=count) * (n + 1) / 10 for n in range(args.scores - 2)}
    probability = np.where(train, 1 / (1 + np.exp(4 - 2 * hardness)), np.nan)
    scores |= {"label_error": hardness, "label_error_probability": probability}
    described = {name: Column(pa.float32(), f"made up: {name}", True, direction=1) for name in scores}
    described["label_error_probability"] = Column(pa.float32(), "made up", True)
    table = examples[["example_id", "split", "class_name", "label"]].assign(
        clean_label=label, is_corrupt=False, runs_train=train * 3, runs_validation=0, runs_test=~train * 3, **scores
    )
    write_table(table, folder / "scores.parquet", SCORES.extended(described))

    order = np.flatnonzero(train)[np.argsort(-hardness[train], kind="stable")]
    suggested = names[(label[order] + 1) % args.classes]
    suspects = pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "example_id": order,
            "key": examples["key"].to_numpy()[order],
            "file": examples["file"].to_numpy()[order],
            "given_label": names[label[order]],
            "suggested_label": suggested,
            "suggested_share": random.random(len(order)),
            "probability_wrong": probability[order],
            "within_cut": probability[order] > 0.5,
            "verdict": random.choice(["likely wrong label", "atypical", "typical", "easy"], len(order)),
            "evidence": [f"Networks predict the given label in {n % 100}% of the cases" for n in order],
            "decision": pd.array([None] * len(order), dtype="string"),
        }
    )
    write_table(suspects, folder / "suspects.parquet", SUSPECTS)
    first = suspects["example_id"].head(1000)
    lists = {
        "epochs": [list(range(1, 21))],
        "agreeing": [[0.5] * 20],
        "predicted": [[0] * 20],
        "neighbors": [[0, 1, 2, 3]],
    }
    evidence = pd.DataFrame({"example_id": first, **{name: each * len(first) for name, each in lists.items()}})
    write_table(evidence.assign(held_out=0.25), folder / "evidence.parquet", EVIDENCE)
    cut = probability[order] > 0.5
    errors = {"examples": len(order), "estimated_wrong": np.nansum(probability), "low": 0.0, "high": float(len(order))}
    errors |= {"cut": int(cut.sum()), "expected_precision": 0.8, "expected_recall": 0.5, "trustworthy": True}
    errors |= {"reason": "made up", "fitted": 0.9, "held_out": 0.9, "reliability": 0.9, "evidence": "networks"}
    write_table(pd.DataFrame([errors]), folder / "label-errors.parquet", LABEL_ERRORS)
    write_table(
        pd.DataFrame(columns=list(LABEL_CONFUSION.columns)), folder / "label-confusion.parquet", LABEL_CONFUSION
    )
    history = {"epoch": range(1, 21), "group": "train", "examples": len(order), "loss": 0.1, "top1": 1.0, "top5": 1.0}
    write_table(pd.DataFrame(history).assign(learning_rate=0.1), folder / "seed-0" / "history.parquet", HISTORY)
    write_comparisons(folder, list(scores)[: args.scores - 1], len(order))


class Images:
    """As many images as are wanted, as `write_pixels` takes them: some again and again, each enlarged by a factor."""

    def __init__(self, images: np.ndarray, count: int, factor: int = 1):
        self.images, self.count, self.factor = images, count, factor
        height, width, channels = images.shape[1:]
        self.shape = (count, height * factor, width * factor, channels)

    def __getitem__(self, rows: slice) -> np.ndarray:
        images = self.images[np.arange(self.count)[rows] % len(self.images)]
        return images.repeat(self.factor, axis=1).repeat(self.factor, axis=2)


def write_images(path: Path, count: int, given: Path | None) -> None:
    if given:
        images = Images(read_pixels(given)[1], count)
    else:
        images = Images(np.random.default_rng(1).integers(0, 256, (count, 8, 8, 3), np.uint8), count, 4)
    write_pixels(path, np.arange(count), images, {"mean": [0.5] * 3, "std": [0.25] * 3})


def write_comparisons(folder: Path, names: list[str], examples: int) -> None:
    """Correlations and stability of scores, all of them the same."""
    text, number = Column(pa.string(), "made up"), Column(pa.float64(), "made up", True)
    pairs = [(first, second) for first in names for second in names]
    columns = {"role": text, "score_a": text, "score_b": text, "direction_a": Column(pa.int8(), "made up", True)}
    columns |= {"direction_b": columns["direction_a"], **dict.fromkeys(("spearman", "low", "high"), number)}
    columns["examples"] = Column(pa.int64(), "made up")
    table = pd.DataFrame(pairs, columns=["score_a", "score_b"]).assign(role="train", direction_a=1, direction_b=1)
    table = table.assign(spearman=0.5, low=0.4, high=0.6, examples=examples)
    write_table(table, folder / "correlation.parquet", Schema("correlation", columns))
    columns = {"role": text, "score": text, **dict.fromkeys(("spearman_mean", "reliability"), number)}
    columns |= {name: Column(pa.int64(), "made up") for name in ("seeds_per_half", "seeds_for_90", "examples")}
    table = pd.DataFrame({"score": names}).assign(role="train", spearman_mean=0.5, reliability=0.7, seeds_per_half=1)
    write_table(
        table.assign(seeds_for_90=9, examples=examples), folder / "stability.parquet", Schema("stability", columns)
    )


def make_page(results: Path) -> Path:
    """Packs the thumbnails and makes the page; prints how long it took, the memory, and the sizes."""
    dataset = results / "datasets" / "many"
    experiment = {"name": EXPERIMENT, "dataset": "many", "runs": ["seed-0"]}
    settings = {"title": "Many images", "datasets": [["many", "many"]], "experiments": [experiment], "compared": True}
    settings |= {"figures": [], "tables": [], "influential": [], "maps": []}
    commands = {
        "thumbnails": [
            "pack_thumbnails",
            "--pixels",
            dataset / "pixels.parquet",
            "--output",
            dataset / "thumbnails.parquet",
        ],
        "page": ["build_atlas", "--settings", json.dumps(settings), "--output", results / "index.html"],
    }
    for name, (script, *options) in commands.items():
        began = time.perf_counter()
        with subprocess.Popen([sys.executable, SCRIPTS / f"{script}.py", *map(str, options)]) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            sys.exit(f"{script} failed")
        took, cpu = time.perf_counter() - began, usage.ru_utime + usage.ru_stime
        print(f"{name}: {took:.1f} s, {cpu:.1f} CPU s, {usage.ru_maxrss / 2**20:.2f} GiB")
    beside = sum(file.stat().st_size for file in (results / "atlas").rglob("*")) if (results / "atlas").exists() else 0
    print(f"page: {(results / 'index.html').stat().st_size / 1e6:.1f} MB, beside it {beside / 1e6:.1f} MB")
    return results / "index.html"


FRAMES = """async () => {
  const grid = document.querySelector('.grid'), times = [];
  let last = performance.now();
  for (let frame = 0; frame < 120; frame++) {
    grid.scrollTop += 90;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  return times;
}"""
CHOSEN = """async (state) => {
  const experiment = await Experiment.open('bench');
  const began = performance.now();
  const chosen = await Selection.chosen(experiment, state);
  return [performance.now() - began, chosen.length];
}"""


def use_page(page: Path) -> None:
    """Opens the page and prints how long what people do takes."""
    with started() as browser:
        window = browser.new_context(viewport={"width": 1280, "height": 860}, offline=True).new_page()
        window.on("pageerror", lambda error: print("error:", error))
        for view in ("overview", "images", "review", "scores", "map"):
            window.goto("about:blank")
            began = time.perf_counter()
            window.goto(f"{page.absolute().as_uri()}#view={view}")
            window.wait_for_selector(f"body[data-ready^='{view} ']", timeout=120_000)
            print(f"first view, {view}: {time.perf_counter() - began:.2f} s")
        window.goto(f"{page.absolute().as_uri()}#view=images")
        window.wait_for_selector("body[data-ready^='images ']")
        for name, state in (
            ("first order by a score", {"sort": "score_00"}),
            ("the same order again", {"sort": "score_00"}),
            ("filter by class and split", {"class": "class 0003", "split": "train"}),
            ("filter by a range of a score", {"ranges": "score_01:0:1"}),
            ("lasso", {"lasso": "score_00~score_01~-1,-1,1,-1.2,1.5,0.5,0,1.5,-1.4,0.8"}),
            ("another lasso", {"lasso": "score_00~score_01~-1,-1,1,-1.1,1.5,0.6,0,1.4,-1.4,0.7"}),
        ):
            took, chosen = window.evaluate(CHOSEN, state)
            print(f"{name}: {took:.0f} ms, {chosen:,} images")
        times = np.sort(window.evaluate(FRAMES))
        print(f"scrolling: {1000 / np.median(times):.0f} frames a second (median), slowest of 120: {times[-1]:.0f} ms")


if __name__ == "__main__":
    main()
