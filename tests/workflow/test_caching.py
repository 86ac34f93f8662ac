"""A change of the configuration runs what depends on it again, and nothing else."""

import os
import shutil

import pytest
import yaml

from tests.support.suites import EVERYTHING
from tests.support.workflows import TINY, Workflow, altered, jobs_in, rules, unlinked, wildcards_of

OF_VOG = {"compute_vog_analysis", "plot_vog"}
OF_DEPTH = {"compute_depth_analysis", "plot_depth"}


def test_a_finished_run_has_nothing_to_do(everything):
    assert jobs_in(everything.dry_run(by_command=True)) == set()


def test_a_moved_touched_and_checked_out_folder_has_nothing_to_do(everything, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.move(everything.source.parent, moved)
    workflow = Workflow.at(moved)
    for path in workflow.source.rglob("*"):
        os.utime(path)
    assert jobs_in(workflow.dry_run(by_command=True)) == set()


def test_another_seed_trains_only_that_seed(plan_everything):
    jobs = plan_everything(defaults__seeds=[0, 1, 2])
    assert wildcards_of(jobs, "train_model") == ["noisy seed-2", "plain seed-2"]
    assert wildcards_of(jobs, "evaluate_run") == ["noisy seed-2", "plain seed-2"]
    assert not rules(jobs) & {"prepare_dataset", "corrupt_labels"}
    extracted = {wildcards.split()[1] for wildcards in wildcards_of(jobs, "extract_gradients")}
    assert extracted == {"seed-2"}


def test_the_setting_of_one_experiment_retrains_that_experiment(plan_everything):
    jobs = plan_everything(experiments__noisy__batch_size=30)
    assert wildcards_of(jobs, "train_model") == ["noisy seed-0", "noisy seed-1"]
    assert wildcards_of(jobs, "corrupt_labels") == []
    assert wildcards_of(jobs, "score_dynamics") == ["noisy"]


def test_swapped_numbers_are_noticed(plan_everything):
    """Snakemake compares parameters without their names: two numbers that change places must still count."""
    optimizer = EVERYTHING["defaults"]["optimizer"]
    swapped = {**optimizer, "lr": optimizer["weight_decay"], "weight_decay": optimizer["lr"]}
    assert len(wildcards_of(plan_everything(defaults__optimizer=swapped), "train_model")) == 10


def test_the_order_of_keys_and_defaults_written_out_change_nothing(everything):
    config = {name: EVERYTHING[name] for name in reversed(EVERYTHING)}
    config["defaults"] = {name: EVERYTHING["defaults"][name] for name in reversed(EVERYTHING["defaults"])}
    config["defaults"] |= {"records": "clean", "label_noise": None}
    config["experiments"] = dict(sorted(EVERYTHING["experiments"].items()))  # evaluations are listed in their order
    everything.configure(config, in_order=True)
    assert everything.planned() == set()


def test_a_figure_setting_redraws_figures_only(plan_everything):
    jobs = plan_everything(figures__dpi=60)
    assert jobs and all(rule.startswith("plot_") for rule in rules(jobs) - {"build_atlas"})


def test_the_setting_of_one_figure_redraws_that_figure(plan_everything):
    assert rules(plan_everything(figures__gallery={"examples_per_class": 9})) == {"plot_gallery", "build_atlas"}


def test_another_budget_of_memory_runs_nothing_again(everything):
    everything.configure({**EVERYTHING, "memory": 4096})
    assert everything.planned() == set()


def test_an_analysis_setting_recomputes_that_analysis(plan_everything):
    jobs = plan_everything(analyses__correlation__bootstrap=25)
    expected = {"compute_correlation", "plot_scores", "build_atlas"}
    assert expected <= rules(jobs) <= expected | OF_VOG | OF_DEPTH


def test_a_renamed_experiment_keeps_the_others(everything):
    everything.configure(yaml.safe_load(yaml.safe_dump(EVERYTHING).replace("noisy", "noise20")))
    jobs = everything.planned()
    assert wildcards_of(jobs, "train_model") == ["noise20 seed-0", "noise20 seed-1"]
    assert not any("plain" in wildcards or "held_out" in wildcards for _, wildcards in jobs)


def test_a_further_evaluation_trains_nothing(plan_everything):
    other = {"source": "digits", "limit": {"train": 10, "test": 20}}
    jobs = plan_everything(datasets__other=other, evaluations={"plain": ["other"]})
    assert rules(jobs) - {"collect_evaluations", "plot_evaluations"} == {
        "prepare_dataset",
        "check_experiment",
        "evaluate_run",
        "plot_samples",
        "build_atlas",
    }
    assert wildcards_of(jobs, "evaluate_run") == ["plain seed-0", "plain seed-1"]
    assert wildcards_of(jobs, "check_experiment") == ["plain"]


@pytest.mark.parametrize("analysis", ["vog", "prediction_depth", "influence", "coherence"])
def test_an_analysis_that_is_added_trains_nothing(plan_everything, analysis):
    """To all experiments, of which it had some."""
    places = {f"analyses__{analysis}__experiments": list(EVERYTHING["experiments"])}
    jobs = plan_everything("scores", **places)
    assert not rules(jobs) & {"prepare_dataset", "corrupt_labels", "train_model", "evaluate_run", "score_dynamics"}
    assert jobs


def test_another_check_makes_nothing_run_again(everything):
    os.utime(unlinked(everything.work / "results/experiments/plain/checked.parquet"))
    assert jobs_in(everything.dry_run(by_command=True)) == set()


def test_results_without_their_metadata_are_refused(everything):
    shutil.rmtree(everything.work / ".snakemake")
    result = everything.started("-n")
    assert result.returncode == 1
    line = [line for line in result.stderr.splitlines() if "results" in line][-1]
    assert ".snakemake" in line and "Traceback" not in result.stderr
    tables = len(list((everything.work / "results").rglob("*.parquet")))
    assert f"says how {tables} of {tables} tables were made" in line


def test_a_partial_configuration_in_the_working_directory_is_enough(tmp_path):
    workflow = Workflow(tmp_path, {"figures": {"dpi": 60}})
    default = yaml.safe_load((workflow.source / "config.yaml").read_text())
    runs = len(default["defaults"]["seeds"]) * len(default["experiments"])
    assert len(wildcards_of(workflow.planned("runs"), "train_model")) == runs


def test_a_file_given_with_configfile_stands_alone(everything, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({**TINY, "experiments": {"only": {}}}))
    jobs = jobs_in(everything.dry_run("--configfile", str(recipe), by_command=True))
    assert ("check_experiment", "only") in jobs and not any("noisy" in wildcards for _, wildcards in jobs)


def test_a_failed_run_is_never_papered_over(everything):
    """Change a setting, let training fail, ask for the scores again: they are not the old ones."""
    everything.configure(altered(EVERYTHING, experiments__plain__batch_size=30))
    trainer = "workflow/scripts/difficulty/training/outcomes.py"
    everything.edit(trainer, "    rank = arrays", "    raise ValueError('planted fault')\n    rank = arrays")
    target = "results/experiments/plain/scores.parquet"
    failed = everything.snakemake("--cores", "2", target)
    assert failed.returncode == 1 and "planted fault" in failed.stdout + failed.stderr
    everything.edit(trainer, "    raise ValueError('planted fault')\n", "")
    for targets in ((), (target,)):
        assert "train_model" in rules(jobs_in(everything.dry_run(*targets, by_command=True)))
