"""What finds more wrong labels for the same processor time: seeds, folds, epochs, width, augmented copies, features?

Draws average precision of label_error against CPU minutes, from the results of recipes/label_error_levers_cifar10.yaml,
and prints the table: python label_error_levers.py ../results levers.png
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.datasets.example_tables import LABELS
from difficulty.figures.style.appearance import line_styles, new_figure, styled
from difficulty.figures.style.axes import plain_ticks
from difficulty.figures.style.palette import INK
from difficulty.scores.label_error.confusions import with_confusions
from difficulty.scores.label_error.networks import pool_networks, read_views, skill_of_trained
from difficulty.scores.label_error.noise_model import NoisyLabels
from difficulty.scores.label_error.outside import (
    NETWORKS,
    given_probabilities,
    held_out_of_seeds,
    kinds_of_evidence,
    votes_of_seeds,
    weighed,
)
from difficulty.tables import read_table

BASE = "human"


@dataclass(frozen=True)
class Way:
    """A way of finding wrong labels: some seeds of an experiment, with or without augmented copies and features.

    second: an experiment of one seed on the labels that this one corrected, whose held-out predictions count as well.
    """

    line: str
    experiment: str
    seeds: int
    views: bool = True
    features: bool = False
    second: str | None = None

    @property
    def name(self) -> str:
        return f"{self.line}, {self.seeds} seed{'s' * (self.seeds > 1)}"


def ways() -> list[Way]:
    found = [Way("20 epochs, width 16", BASE, seeds) for seeds in (1, 2, 3)]
    found += [Way("without augmented copies", BASE, seeds, views=False) for seeds in (1, 2, 3)]
    found += [Way("10 epochs", "lever_epochs10", 1), Way("40 epochs", "lever_epochs40", 1)]
    found += [Way("width 32", "lever_width32", 1), Way("2 folds", "lever_folds2", 1)]
    found += [Way("4 folds", "human_folds", seeds) for seeds in (1, 2, 3)]
    found += [Way("4 folds and a second round", "lever_first", 1, second="lever_second")]
    found += [Way("20 epochs, width 16, and features", BASE, seeds, features=True) for seeds in (1, 2, 3)]
    found += [Way("4 folds and features", "human_folds", seeds, features=True) for seeds in (1, 2, 3)]
    return found


def runs_of(results: Path, way: Way) -> list[Path]:
    folders = results / "experiments" / way.experiment
    return [path.parent for seed in range(way.seeds) for path in sorted(folders.glob(f"seed-{seed}*/records.parquet"))]


def average_precision(results: Path, way: Way) -> float:
    """Of label_error as the workflow computes it, from a part of the runs."""
    folder = results / "experiments" / way.experiment
    labels = read_table(folder / "labels.parquet", LABELS)
    labels = labels[labels["split"] == "train"].sort_values("example_id")
    ids, given = labels["example_id"].to_numpy(), labels["label"].to_numpy()
    records = [run / "records.parquet" for run in runs_of(results, way)]
    views = read_views(folder / "scores" / "augmentation_sensitivity.parquet") if way.views else None
    predictors = {}
    if (folder / "held-out.parquet").exists():
        ordered = list(held_out_of_seeds(folder / "held-out.parquet", ids).values())[: way.seeds]
        if way.second:
            again = folder.with_name(way.second) / "held-out.parquet"
            ordered += held_out_of_seeds(again, ids).values()
        predictors[NETWORKS] = np.mean(ordered, axis=0, dtype=np.float64)
    features = None
    if way.features:
        predictors["features"] = given_probabilities(folder / "probe.parquet", ids)
        features = folder / "scores" / "features.parquet"
    noisy, networks = NoisyLabels(given), pool_networks(records, ids, views)
    kinds = kinds_of_evidence(networks.pooled.mean(), predictors, (), ids, noisy, features)
    evidence = weighed(kinds, predictors, given, skill_of_trained(networks, given))
    votes = [shares for _, shares in votes_of_seeds(records, ids, given)]
    of_classes = list(predictors.values()) or [np.mean(votes, axis=0)]
    return average_precision_score(labels["is_corrupt"], with_confusions(evidence, of_classes, noisy))


def cpu_minutes(results: Path, way: Way) -> float:
    """Of training, and of the passes that the score needs; Snakemake measured them."""
    folder = results / "benchmarks" / "experiments" / way.experiment

    def seconds(path: Path) -> float:
        return pd.read_csv(path, sep="\t")["cpu_time"].item()

    runs = runs_of(results, way)
    share = len(runs) / len(list((results / "experiments" / way.experiment).glob("seed-*/records.parquet")))
    total = sum(seconds(folder / run.name / "train_model.tsv") for run in runs)
    total += share * seconds(folder / "score_augmentation_sensitivity.tsv") if way.views else 0
    held_out = folder / "score_label_quality.tsv"
    total += share * seconds(held_out) if held_out.exists() else 0
    total += seconds(folder / "score_features.tsv") if way.features else 0
    again = cpu_minutes(results, Way("", way.second, 4, views=False)) if way.second else 0
    return total / 60 + again


@styled()
def levers_figure(table: pd.DataFrame) -> Figure:
    """Average precision against CPU minutes, a line for each way over its seeds; columns line, minutes, precision."""
    title = "What finds more of the labels that people got wrong?"
    notes = ["10,000 images of CIFAR-10, average precision of label_error; points of a line: 1, 2, 3 seeds."]
    figure, _ = new_figure(7.4, 5.4, title, notes)
    axes = figure.subplots()
    lines = list(table["line"].drop_duplicates())
    for line, (color, style) in zip(lines, line_styles(len(lines)), strict=True):
        rows = table[table["line"] == line]
        axes.plot(rows["minutes"], rows["precision"], "o", color=color, linestyle=style, markersize=4)
        place = (rows["minutes"].iloc[-1], rows["precision"].iloc[-1])
        offset = (6, -2 if len(rows) > 1 else -4)
        axes.annotate(line, place, offset, textcoords="offset points", size=7.5, color=INK)
    axes.set_xscale("log")
    axes.set_xticks([2, 5, 10, 20, 50, 100])
    axes.minorticks_off()
    plain_ticks(axes.xaxis)
    axes.set(
        xlabel="CPU minutes (features: without the 8 that the pretrained network takes)", ylabel="average precision"
    )
    axes.margins(x=0.2, y=0.1)
    return figure


def main(results: Path, output: Path) -> None:
    rows = []
    for way in ways():
        if runs_of(results, way):
            row = {"line": way.line, "seeds": way.seeds, "minutes": cpu_minutes(results, way)}
            rows.append({**row, "precision": average_precision(results, way)})
            print(
                f"{way.name}: {row['minutes']:.1f} CPU minutes, average precision {rows[-1]['precision']:.3f}",
                flush=True,
            )
    with styled():
        levers_figure(pd.DataFrame(rows)).savefig(output, dpi=150)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
