"""A change re-runs what depends on it, and nothing else: each test reads a dry run."""

import os
import shutil
import subprocess

import yaml

from tests.workflow.conftest import TINY, changed

TRAINING = {"prepare_dataset", "corrupt_labels", "train_model", "evaluate_run"}


def rules(jobs):
    return {rule for rule, _ in jobs}


def runs_of(jobs, rule):
    return sorted(wildcards for name, wildcards in jobs if name == rule)


def is_figure(rule):
    return rule.startswith("plot_")


def test_a_finished_run_has_nothing_to_do(finished):
    assert finished.planned() == set()


def test_nor_after_moving_the_folder_touching_the_source_or_checking_it_out_again(finished, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.move(finished.source.parent, moved)
    finished.source, finished.work = moved / "source", moved / "work"
    for path in finished.source.rglob("*"):
        os.utime(path)
    assert finished.planned() == set()


def test_another_seed_trains_only_that_seed(finished):
    finished.configure(changed(defaults={"seeds": [0, 1, 2]}))
    jobs = finished.planned()
    assert runs_of(jobs, "train_model") == ["noisy seed-2", "plain seed-2"]
    assert runs_of(jobs, "evaluate_run") == ["noisy seed-2", "plain seed-2"]
    assert not rules(jobs) & {"prepare_dataset", "corrupt_labels"}


def test_one_experiments_setting_retrains_that_experiment(finished):
    noisy = {"label_noise": {"kind": "symmetric", "fraction": 0.2}, "epochs": 2}
    finished.configure(changed(experiments={"noisy": noisy}))
    jobs = finished.planned()
    assert runs_of(jobs, "train_model") == ["noisy seed-0", "noisy seed-1"]
    assert runs_of(jobs, "corrupt_labels") == []
    assert runs_of(jobs, "score_dynamics") == ["noisy"]


def test_swapped_numbers_are_noticed(finished):
    """Snakemake compares parameters without their names: two numbers that change places must still count."""
    optimizer = {"name": "adam", "lr": 0.01, "weight_decay": 0.02}
    finished.configure(changed(defaults={"optimizer": optimizer}))
    finished.run("runs")
    finished.configure(changed(defaults={"optimizer": {**optimizer, "lr": 0.02, "weight_decay": 0.01}}))
    assert len(runs_of(finished.planned(), "train_model")) == 4


def test_the_order_of_keys_and_defaults_written_out_change_nothing(finished):
    config = {name: TINY[name] for name in reversed(TINY)}
    config["defaults"] = {name: TINY["defaults"][name] for name in reversed(TINY["defaults"])}
    config["defaults"] |= {"records": "clean", "label_noise": None}
    finished.configure(config)
    assert finished.planned() == set()


def test_a_figure_setting_redraws_figures_only(finished):
    finished.configure(changed(figures={"dpi": 60}))
    jobs = finished.planned()
    assert jobs and all(map(is_figure, rules(jobs)))


def test_the_setting_of_one_figure_redraws_that_figure(finished):
    finished.configure(changed(figures={"gallery": {"examples_per_class": 9}}))
    assert rules(finished.planned()) == {"plot_gallery"}


def test_an_analysis_setting_recomputes_that_analysis(finished):
    finished.configure(changed(analyses={"correlation": {"bootstrap": 25}}))
    of_vog = {"compute_vog_analysis", "plot_vog_errors", "plot_vog_correlation", "plot_vog_stages"}
    assert rules(finished.planned()) <= {"compute_correlation", "plot_correlation", "plot_stability"} | of_vog


def test_a_renamed_experiment_keeps_the_others(finished):
    experiments = {"plain": {}, "noise20": TINY["experiments"]["noisy"]}
    finished.configure({**TINY, "experiments": experiments})
    jobs = finished.planned()
    assert runs_of(jobs, "train_model") == ["noise20 seed-0", "noise20 seed-1"]
    assert not any("plain" in wildcards for _, wildcards in jobs)


def test_a_further_evaluation_trains_nothing(finished):
    datasets = {"other": {"source": "digits", "limit": {"train": 10, "test": 20}}}
    finished.configure(changed(datasets=datasets, evaluations={"plain": ["other"]}))
    jobs = finished.planned()
    assert rules(jobs) - {"collect_evaluations", "plot_evaluations"} == {
        "prepare_dataset",
        "check_experiment",
        "evaluate_run",
        "plot_samples",
    }
    assert runs_of(jobs, "evaluate_run") == ["plain seed-0", "plain seed-1"]
    assert runs_of(jobs, "check_experiment") == ["plain"]


def test_another_check_makes_nothing_run_again(finished):
    os.utime(finished.work / "results/experiments/plain/checked.parquet")
    assert finished.planned() == set()


def test_threads_and_memory_trigger_nothing(finished):
    for file in (finished.source / "workflow" / "rules").glob("*.smk"):
        text = file.read_text()
        file.write_text(text.replace("threads: 1", "threads: 2").replace("mem_mb=memory(", "mem_mb=memory(1+"))
    assert finished.planned() == set()


def test_comments_and_docstrings_trigger_nothing(finished):
    scripts = finished.source / "workflow" / "scripts"
    for path in scripts.rglob("*.py"):
        path.write_text(path.read_text().rstrip() + "\n\n\n# One more comment.\n")
    finished.edit("workflow/scripts/train_model.py", '"""Trains the network', '"""Really trains the network')
    assert finished.planned() == set()


def test_an_edited_helper_reruns_its_dependents_only(finished):
    finished.edit(
        "workflow/scripts/difficulty/analysis/agreement.py", "import numpy as np", "import numpy as np\n\nX = 1"
    )
    jobs = finished.planned()
    assert "compute_agreement" in rules(jobs)
    assert not rules(jobs) & (TRAINING | {"score_dynamics", "collect_scores", "compute_detection", "plot_gallery"})


def test_an_edited_module_reruns_the_experiments_that_select_it(finished):
    finished.configure(changed(experiments={"other": {"architecture": "resnet9", "width": 4, "seeds": [0]}}))
    finished.run("runs")
    finished.edit("workflow/scripts/difficulty/models/resnet9.py", "OUTPUT_SCALE = 0.2", "OUTPUT_SCALE = 0.3")
    jobs = finished.planned("runs")
    assert runs_of(jobs, "train_model") == ["other seed-0"]


def test_a_new_score_reruns_nothing_that_exists(finished):
    """A family of scores is a rule file, a script, a module and a line each in Snakefile and configuration."""
    scripts = finished.source / "workflow" / "scripts"
    (scripts / "difficulty" / "scores" / "brightness.py").write_text(
        "import pyarrow as pa\n\nfrom difficulty.tables import Column\n\n"
        "BRIGHTNESS = {'brightness': Column(pa.float32(), 'mean of the image')}\n"
    )
    (scripts / "score_brightness.py").write_text("from difficulty.scores.brightness import BRIGHTNESS\n")
    (finished.source / "workflow" / "rules" / "brightness.smk").write_text(
        "rule score_brightness:\n"
        '    output: paths.family("brightness")\n'
        '    params: **parameters(plan.families["brightness"])\n'
        '    shell: command("score_brightness")\n'
    )
    finished.edit(
        "workflow/Snakefile",
        'include: "rules/figures.smk"',
        'include: "rules/brightness.smk"\ninclude: "rules/figures.smk"',
    )
    finished.edit(
        "workflow/scripts/difficulty/plan/plan.py",
        '            "influence": self.influence.score_influence,',
        '            "influence": self.influence.score_influence,\n'
        '            "brightness": lambda experiment, chosen=None: self.stage("score_brightness", {}),',
    )
    (scripts / "difficulty" / "config" / "brightness.py").write_text("DEFAULT = 1\n")
    finished.edit(
        "workflow/scripts/difficulty/config/resolve.py",
        "from typing import",
        "import difficulty.config.brightness\nfrom typing import",
    )
    jobs = finished.planned()
    assert runs_of(jobs, "score_brightness") == ["noisy", "plain"]
    assert not rules(jobs) & (TRAINING | {"score_dynamics", "compute_agreement", "plot_training", "plot_samples"})
    assert runs_of(jobs, "collect_scores") == ["noisy", "plain"]


def test_a_failed_run_is_never_papered_over(finished):
    """Change a setting, let training fail, ask for the scores again: they are not the old ones."""
    finished.configure(changed(defaults={"epochs": 2}))
    trainer = "workflow/scripts/difficulty/training/outcomes.py"
    finished.edit(trainer, "    rank = arrays", "    raise ValueError('planted fault')\n    rank = arrays")
    target = "results/experiments/plain/scores.parquet"
    failed = finished.snakemake("--cores", "2", target)
    assert failed.returncode == 1 and "planted fault" in failed.stdout + failed.stderr
    finished.edit(trainer, "    raise ValueError('planted fault')\n", "")
    for targets in ((), (target,)):
        assert "train_model" in rules(finished.planned(*targets))


def test_results_moved_without_their_metadata_are_refused(finished):
    shutil.rmtree(finished.work / ".snakemake")
    result = finished.snakemake("-n")
    assert result.returncode == 1
    line = [line for line in result.stderr.splitlines() if "results" in line][-1]
    assert ".snakemake" in line and "Traceback" not in result.stderr
    tables = len(list((finished.work / "results").rglob("*.parquet")))
    assert f"says how {tables} of {tables} tables were made" in line


def test_a_partial_configuration_in_the_working_directory_is_enough(tmp_path):
    from tests.workflow.conftest import Workflow

    workflow = Workflow(tmp_path, {"figures": {"dpi": 60}})
    jobs = workflow.planned()
    default = yaml.safe_load((workflow.source / "config.yaml").read_text())
    seeds = len(default["defaults"]["seeds"])
    assert len(runs_of(jobs, "train_model")) == seeds * len(default["experiments"])


def test_a_recipe_stands_alone(finished, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({**TINY, "experiments": {"only": {}}}))
    result = finished.snakemake("-n", "--configfile", str(recipe))
    assert result.returncode == 0
    assert "train_model only seed-0" in result.stdout and "noisy" not in result.stdout


def test_lint():
    from tests.workflow.conftest import ROOT

    result = subprocess.run(
        [os.sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--lint"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
