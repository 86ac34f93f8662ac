"""A change of the source runs what depends on it again, and nothing else."""

import re

from difficulty.costs.speeds import CALIBRATION, Speeds, write_speeds
from tests.support.suites import EVERYTHING
from tests.support.worked_example import apply, edited_files
from tests.support.workflows import altered, rules, wildcards_of

TRAINING = {"prepare_dataset", "corrupt_labels", "train_model", "evaluate_run"}


def test_threads_memory_and_time_trigger_nothing(everything):
    for file in (everything.source / "workflow" / "rules").rglob("*.smk"):
        text = re.sub(r"threads: (\d)", r"threads: 1\1", file.read_text())
        file.write_text(text.replace("mem_mb=memory", "mem_mb=1234").replace("runtime=minutes", "runtime=56"))
    assert everything.planned() == set()


def test_another_formula_of_costs_and_another_calibration_trigger_nothing(everything):
    everything.edit("workflow/scripts/difficulty/costs/formulas/training.py", "_RECORD = 33", "_RECORD = 44")
    write_speeds(Speeds(tables=3.0), everything.work / CALIBRATION)
    assert everything.planned() == set()


def test_comments_and_docstrings_trigger_nothing(everything):
    scripts = everything.source / "workflow" / "scripts"
    for path in scripts.rglob("*.py"):
        path.write_text(path.read_text().rstrip() + "\n\n\n# One more comment.\n")
    everything.edit("workflow/scripts/train_model.py", '"""Trains the network', '"""Really trains the network')
    assert everything.planned() == set()


def test_an_edited_helper_runs_its_dependents_only(everything):
    everything.edit(
        "workflow/scripts/difficulty/analysis/agreement.py", "import numpy as np", "import numpy as np\n\nX = 1"
    )
    jobs = everything.planned()
    assert "compute_agreement" in rules(jobs)
    assert not rules(jobs) & (TRAINING | {"score_dynamics", "collect_scores", "compute_detection", "plot_gallery"})


def test_an_edited_network_trains_the_experiments_that_have_it(parts):
    parts.edit("workflow/scripts/difficulty/models/resnet9.py", "OUTPUT_SCALE = 0.2", "OUTPUT_SCALE = 0.3")
    assert wildcards_of(parts.planned("runs"), "train_model") == ["random seed-0", "random seed-1"]


def test_a_new_family_of_scores_runs_nothing_that_exists(everything):
    """The worked example of docs/extending.md, in a copy: at most six files are edited, two of them by programs."""
    apply(everything.source)
    generated = ["workflow/schemas/config.schema.json", "config/README.md"]
    assert len({*edited_files(), *generated}) <= 6
    everything.configure(altered(EVERYTHING, analyses__late_margin={}))
    jobs = everything.planned()
    assert wildcards_of(jobs, "score_late_margin") == ["held_out", "noisy", "plain"]
    assert wildcards_of(jobs, "plot_late_margin") == ["held_out", "noisy", "plain"]
    assert wildcards_of(jobs, "collect_scores") == ["held_out", "noisy", "plain"]
    assert not rules(jobs) & (TRAINING | {"score_dynamics", "compute_agreement", "plot_runs", "plot_samples"})
    everything.run("results/experiments/plain/scores.parquet", "results/figures/experiments/plain/late_margin.png")
    scores = everything.table("plain/scores.parquet")
    assert scores.loc[scores["runs_train"] > 0, "late_margin"].notna().all()
