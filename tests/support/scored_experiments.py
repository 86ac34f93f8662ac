"""Experiments on records made by hand, with all tables that scripts make of them."""

from pathlib import Path

from tests.support.recorded_experiments import FOLD_RUNS, PLAIN_RUNS, make_dataset, make_experiment
from tests.support.scripts import succeed


def score_experiments(root: Path, **dataset) -> None:
    """Runs every script below `root`: experiments `clean` and `noisy` with plain runs, `folds` with folds and noise.

    dataset: further arguments of `make_dataset`.
    """
    data = root / "datasets" / "toy" / "examples.parquet"
    examples = make_dataset(data.parent, **dataset)
    for name, runs, noise in (("clean", PLAIN_RUNS, False), ("noisy", PLAIN_RUNS, True), ("folds", FOLD_RUNS, True)):
        folder = root / "experiments" / name
        make_experiment(folder, examples, runs, noise)
        records = [folder / run / "records.parquet" for run in runs]
        families = [folder / "scores" / "dynamics.parquet"]
        scores, tables = folder / "scores.parquet", {"log": folder / "log.txt"}
        succeed("score_dynamics", settings={"el2n_epoch": 2}, records=records, output=families[0], **tables)
        known = {"labels": folder / "labels.parquet", "examples": data}
        label_error = {name: folder / f"label-{name}.parquet" for name in ("seeds", "errors", "confusion")}
        output = folder / "scores" / "label_error.parquet"
        # Without a log what it says of such small networks is not compared.
        succeed("score_label_error", records=records, output=output, **known, **label_error)
        succeed("collect_scores", families=[*families, output], output=scores, **known, **tables)
        succeed(
            "compute_correlation",
            settings={"scores": ["aum", "loss", "first_learned"], "bootstrap": 20},
            scores=scores,
            families=families,
            output=folder / "correlation.parquet",
            stability=folder / "stability.parquet",
            seeds=folder / "seed-correlation.parquet",
            **tables,
        )
        succeed(
            "rank_suspects",
            settings={"score": "aum", "suggest_above": 0.1},
            scores=scores,
            errors=label_error["errors"],
            examples=data,
            records=records,
            output=folder / "suspects.csv",
            table=folder / "suspects.parquet",
            evidence=folder / "evidence.parquet",
            **tables,
        )
        agreement = {
            "output": root / f"agreement/{name}.parquet",
            "classes": root / f"agreement/{name}-classes.parquet",
        }
        labels = [folder / "labels.parquet"]
        warns = f"{name}: left out: train examples: those of {name} differ from fold to fold" if name == "folds" else ""
        succeed("compute_agreement", warns, records=records, labels=labels, examples=data, **agreement, **tables)
    truths = {
        "noisy": ("noisy", {"column": "is_corrupt", "role": "train"}),
        "held-out": ("folds", {"column": "is_corrupt", "role": "validation", "scores": ["aum", "first_learned"]}),
        "humans": ("clean", {"column": "human_entropy", "role": "test", "top": 0.2}),
    }
    for name, (experiment, settings) in truths.items():
        folder = root / "experiments" / experiment
        succeed(
            "compute_detection",
            settings={**settings, "bootstrap": 20},
            scores=folder / "scores.parquet",
            families=[folder / "scores" / "dynamics.parquet", folder / "label-seeds.parquet"],
            examples=data,
            output=root / f"detection/{name}.parquet",
            curves=root / f"detection/{name}-curves.parquet",
            differences=root / f"detection/{name}-differences.parquet",
        )
    detections = [root / f"detection/{name}.parquet" for name in truths]
    succeed("collect_detection", detections=detections, output=root / "detection.parquet")
