"""A change of the source runs what depends on it again, and nothing else."""

import re

from tests.support.workflows import rules, wildcards_of

TRAINING = {"prepare_dataset", "corrupt_labels", "train_model", "evaluate_run"}


def test_threads_and_memory_trigger_nothing(everything):
    for file in (everything.source / "workflow" / "rules").rglob("*.smk"):
        text = re.sub(r"threads: (\d)", r"threads: 1\1", file.read_text())
        file.write_text(text.replace("mem_mb=memory(", "mem_mb=memory(1+"))
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


def test_a_new_score_runs_nothing_that_exists(everything):
    """A family of scores is a rule file, a script, a module and a line each in Snakefile and configuration."""
    scripts = everything.source / "workflow" / "scripts"
    (scripts / "difficulty" / "scores" / "brightness.py").write_text(
        "import pyarrow as pa\n\nfrom difficulty.tables import Column\n\n"
        "BRIGHTNESS = {'brightness': Column(pa.float32(), 'mean of the image')}\n"
    )
    (scripts / "score_brightness.py").write_text("from difficulty.scores.brightness import BRIGHTNESS\n")
    (everything.source / "workflow" / "rules" / "brightness.smk").write_text(
        'score_families["brightness"] = lambda experiment: source_digest("score_brightness")\n\n\n'
        "rule score_brightness:\n"
        '    output: "results/experiments/{experiment}/scores/brightness.parquet"\n'
        '    params: code=source_digest("score_brightness")\n'
        '    shell: "python $SCRIPTS/score_brightness.py"\n'
    )
    everything.edit(
        "Snakefile",
        'include: "workflow/rules/figures.smk"',
        'include: "workflow/rules/brightness.smk"\ninclude: "workflow/rules/figures.smk"',
    )
    (scripts / "difficulty" / "config" / "brightness.py").write_text("DEFAULT = 1\n")
    everything.edit(
        "workflow/scripts/difficulty/config/resolve.py",
        "from typing import",
        "import difficulty.config.brightness\nfrom typing import",
    )
    jobs = everything.planned()
    assert wildcards_of(jobs, "score_brightness") == ["held_out", "noisy", "plain"]
    assert not rules(jobs) & (TRAINING | {"score_dynamics", "compute_agreement", "plot_training", "plot_samples"})
    assert wildcards_of(jobs, "collect_scores") == ["held_out", "noisy", "plain"]
