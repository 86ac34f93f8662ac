"""The workflow starts from wherever people start it, and from other people's workflows."""

import subprocess
import sys

import pytest

from tests.support.workflows import Workflow

MODULE = """
module difficulty:
    snakefile: {snakefile!r}
    {config}

use rule * from difficulty as difficulty_*

rule verify:
    shell: "ls *.txt"

rule count:
    default_target: True
    input: "results/experiments/noisy/suspects.csv"
    output: "count.txt"
    shell: "wc -l {{input}} > {{output}}"
"""


@pytest.fixture(scope="module")
def workflow(tmp_path_factory) -> Workflow:
    """A copy in a folder whose name has spaces and a quote, as if it had been moved there."""
    return Workflow(tmp_path_factory.mktemp("elsewhere") / "moved here' now")


def dry_run(folder, *arguments: str) -> str:
    command = [sys.executable, "-m", "snakemake", "-n", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def test_it_starts_from_the_top_after_the_folder_was_moved(workflow):
    assert "train_model" in dry_run(workflow.source, "--directory", str(workflow.work))


def test_it_starts_from_the_folder_workflow(workflow):
    assert "train_model" in dry_run(workflow.source / "workflow", "--directory", str(workflow.work))


@pytest.mark.parametrize(("own", "door"), [(True, "workflow/Snakefile"), (False, "Snakefile")])
def test_other_workflows_use_it_as_a_module(workflow, tmp_path, own, door):
    """With a configuration of theirs, or with the default one; their own targets and rules stay as they are."""
    snakefile = str(workflow.source / door)
    config = "config: {'datasets': {'few': {'source': 'digits'}}, 'defaults': {'dataset': 'few', 'architecture': 'mlp',"
    config += " 'optimizer': {'name': 'adam', 'lr': 0.01}, 'epochs': 2, 'seeds': [0]}, 'experiments': {'noisy': {}}}"
    (tmp_path / "Snakefile").write_text(MODULE.format(snakefile=snakefile, config=config if own else ""))
    output = dry_run(tmp_path)
    assert "rule count:" in output
    assert output.count("rule difficulty_train_model:") == (1 if own else 3)
