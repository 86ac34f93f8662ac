"""The suite that faults are injected into: which of its stages are killed, and which of its files are damaged."""

from pathlib import Path

from tests.support.damage import digests
from tests.support.workflows import TINY, Workflow

SELECT = {"by": "score", "score": "aum", "experiment": "plain", "seeds": [0], "keep": "easiest", "fraction": 0.5}
DRAWN = {"by": "random", "fraction": 0.5}
CONFIG = {
    **TINY,
    "datasets": {
        **TINY["datasets"],
        "easy": {"source": "subset", "of": "few", "select": SELECT},
        "drawn": {"source": "subset", "of": "few", "select": DRAWN},
    },
    "defaults": {**TINY["defaults"], "seeds": [0]},
    "experiments": {
        "plain": {"label_noise": {"kind": "symmetric", "fraction": 0.2}},
        "easy": {"dataset": "easy"},
        "drawn": {"dataset": "drawn"},
    },
    "analyses": {
        **TINY["analyses"],
        "vog": {"experiments": ["plain"], "stages": {"late": [1, 2, 3]}, "keep_gradients": True},
        "prediction_depth": {"experiments": ["plain"]},
        "images": {"experiments": ["plain"]},
        "influence": {
            "experiments": ["plain"],
            "strategies": ["identity", "ekfac"],
            "shards": 2,
            "queries": {"tests": {"count": 5}},
        },
        "generalization": {"halves": {"experiments": ["easy", "drawn"], "control": "drawn"}},
    },
}
OWN = "tiny"  # name of this suite, beside those of tests/suites/
# Stages that are killed, with the longest time in seconds that they are given before.
KILLED = {
    "prepare_dataset": 3,
    "link_subset": 3,
    "compute_image_statistics": 3,
    "corrupt_labels": 2,
    "check_experiment": 2,
    "train_model": 8,
    "evaluate_run": 6,
    "extract_gradients": 6,
    "compute_vog": 2,
    "probe_neighbors": 6,
    "vote_probes": 2,
    "fit_factors": 6,
    "sum_curvature": 6,
    "merge_factors": 4,
    "score_self_influence": 6,
    "choose_queries": 2,
    "score_pairwise_influence": 6,
    "rank_influential": 2,
    "compute_influence_agreement": 2,
    "score_dynamics": 2,
    "collect_scores": 2,
    "compute_correlation": 2,
    "compute_detection": 2,
    "rank_suspects": 2,
    "collect_evaluations": 2,
    "collect_generalization": 2,
    "compute_traits": 2,
    "plot_gallery": 3,
    "plot_runs": 3,
}
# Stages that keep what they have finished, and go on after it.
IN_PARTS = ("prepare_dataset", "compute_image_statistics", "score_self_influence")
RARE_IN_PARTS = ("extract_features", "stream_vog")  # of the suite in rare.py
RUN = "results/experiments/plain/seed-0"
# Artifacts that are damaged, and a stage that reads them.
DAMAGED = {
    "results/datasets/few/examples.parquet": "link_subset",
    "results/datasets/few/pixels.parquet": "train_model",
    "results/datasets/few/files.parquet": "train_model",
    "results/datasets/few/statistics.parquet": "select_statistics",
    "results/experiments/plain/labels.parquet": "train_model",
    f"{RUN}/records.parquet": "score_dynamics",
    f"{RUN}/gradients/epoch-2.parquet": "compute_vog",
    f"{RUN}/vog.parquet": "score_vog",
    f"{RUN}/neighbors/epoch-3.parquet": "vote_probes",
    f"{RUN}/votes/epoch-3.parquet": "score_prediction_depth",
    f"{RUN}/factors/ekfac-epoch-3/epoch-3.safetensors": "score_self_influence",
    f"{RUN}/influence/ekfac-epoch-3.parquet": "score_influence",
    "results/experiments/plain/queries/tests.parquet": "score_pairwise_influence",
    f"{RUN}/pairwise/tests/ekfac-epoch-3.parquet": "rank_influential",
    f"{RUN}/history.parquet": "plot_runs",
    f"{RUN}/steps.parquet": "plot_runs",
    f"{RUN}/evaluation.parquet": "collect_evaluations",
    f"{RUN}/checkpoints/epoch-3.safetensors": "evaluate_run",
    "results/experiments/plain/scores/dynamics.parquet": "collect_scores",
    "results/experiments/plain/scores.parquet": "rank_suspects",
    "results/generalization/halves.parquet": "plot_generalization",
    "results/generalization/halves-traits.parquet": "plot_traits",
}
VOLATILE = {"benchmarks", "checksums", "logs", "plan.csv"}
SKIPPED = {"files.parquet"}  # inodes and times
WITH_SECONDS = {"index.html", "review.html"}  # they tell how long stages took


def tiny_suite(folder: Path) -> Workflow:
    """The suite in a new folder, in small parts."""
    return in_small_parts(Workflow(folder, CONFIG))


def in_small_parts(workflow: Workflow) -> Workflow:
    """Lets stages keep what they have finished after every batch, not every half minute."""
    workflow.edit("workflow/scripts/difficulty/parts.py", "_SECONDS_PER_PART = 30.0", "_SECONDS_PER_PART = 0.0")
    return workflow


def result_digests(workflow: Workflow) -> dict[str, str]:
    """Digest of everything below results/ that must be the same in every run."""
    found = digests(workflow.work / "results")
    return {
        name: "there" if name in WITH_SECONDS else value
        for name, value in found.items()
        if name.split("/")[0] not in VOLATILE and Path(name).name not in SKIPPED and "/.partial/" not in name
    }
