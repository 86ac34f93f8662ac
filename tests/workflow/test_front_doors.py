"""The workflow starts from wherever people start it, and from other people's workflows."""

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.support.workflows import ROOT, Workflow, unlinked

OWN = yaml.safe_load("""
datasets: {few: {source: digits}}
defaults: {dataset: few, architecture: mlp, optimizer: {name: adam, lr: 0.01}, epochs: 2, seeds: [0]}
experiments: {plain: {}}
""")

# Without a prefix for the names of rules, and without a configuration.
UNNAMED = """
rule all:
    input: "results/experiments/noisy/suspects.csv"

module difficulty:
    snakefile: {snakefile!r}

use rule * from difficulty exclude all, verify as *

rule verify:
    shell: "ls *.txt"
"""

# As `snakedeploy deploy-workflow` writes it.
DEPLOYED = """
configfile: "config/config.yaml"

module difficulty:
    snakefile:
        github("owner/source", path="workflow/Snakefile", tag="v1.0.0")
    config:
        config

use rule * from difficulty
"""


@pytest.fixture(scope="module")
def workflow(tmp_path_factory) -> Workflow:
    """A copy in a folder whose name has spaces and a quote, as if it had been moved there."""
    return Workflow(tmp_path_factory.mktemp("elsewhere") / "moved here' now")


def dry_run(folder, *arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "snakemake", "-n", *arguments]
    environment = {**os.environ, **environment}
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, env=environment)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def test_it_starts_from_the_top_after_the_folder_was_moved(workflow):
    assert "train_model" in dry_run(workflow.source, "--directory", str(workflow.work))


def test_it_starts_from_the_folder_workflow(workflow, tmp_path):
    """The configuration may be in a folder of its own, where the workflow catalog expects it."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(OWN))
    output = dry_run(workflow.source / "workflow", "--directory", str(tmp_path), "-p")
    assert output.count("rule train_model:") == 1


@pytest.mark.parametrize("name", ["", "config.yml"])
def test_a_folder_without_a_configuration_is_named(workflow, tmp_path, name):
    """The default suite would train on digits there."""
    if name:
        (tmp_path / name).write_text(yaml.safe_dump(OWN))
    result = workflow.snakemake("-n", "--directory", str(tmp_path))
    (line,) = result.stderr.strip().splitlines()[-1:]
    assert result.returncode == 1 and line.startswith(f"{tmp_path}: no config.yaml here{', only ' * bool(name)}{name};")


def test_what_is_incomplete_is_made_again_without_our_profile(workflow):
    target = "results/datasets/few/examples.parquet"
    workflow.run(target)
    unlinked(workflow.work / target).write_bytes(b"PAR1")
    options = ["--workflow-profile", "none", "--directory", str(workflow.work)]
    assert "prepare_dataset few: output files are incomplete" in dry_run(workflow.source, *options, target)


def test_other_workflows_use_it_as_a_module(workflow, tmp_path):
    """As in docs/modules.md; their own targets stay as they are."""
    (snakefile,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/modules.md").read_text(), re.MULTILINE | re.DOTALL
    )
    path = f"{workflow.source}/workflow/Snakefile"
    (tmp_path / "Snakefile").write_text(snakefile.replace("/path/to/difficulty/workflow/Snakefile", path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump({"difficulty": OWN}))
    output = dry_run(tmp_path, "all", "difficulty_verify")
    assert "rule count:" in output and "rule difficulty_verify:" in output
    assert output.count("rule difficulty_train_model:") == 1
    expected = json.loads((tmp_path / ".snakemake" / "difficulty" / "expected.json").read_text())
    assert {"results/experiments/plain/suspects.csv", "results/evaluations.parquet"} <= set(expected)


def test_a_module_without_a_configuration_has_the_default_one(workflow, tmp_path):
    """Its rules may keep their names, but for those that the other workflow has, too."""
    (tmp_path / "Snakefile").write_text(UNNAMED.format(snakefile=str(workflow.source / "Snakefile")))
    output = dry_run(tmp_path)
    assert output.count("rule train_model:") == 3
    assert output.count("rule all:") == 1 and "rule rank_suspects:" in output and "rule plot" not in output


def test_it_is_deployed_from_a_repository(tmp_path):
    """Without a clone, with the configuration that comes with it."""
    source = Workflow(tmp_path / "owner").source
    author = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "All"], ["tag", "v1.0.0"]):
        subprocess.run(["git", *command], cwd=source, check=True)
    folder = tmp_path / "deployed"
    for split in ("train", "test"):
        (folder / "photos" / split / "ant").mkdir(parents=True)
    (folder / "Snakefile").write_text(DEPLOYED)
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text((ROOT / "config" / "config.yaml").read_text())
    instead = {
        "GIT_CONFIG_KEY_0": f"url.file://{source.parent}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/owner/",
    }
    output = dry_run(folder, GIT_CONFIG_COUNT="1", XDG_CACHE_HOME=str(tmp_path / "cache"), GITHUB_TOKEN="", **instead)
    assert output.count("rule train_model:") == 3
    (scripts,) = (folder / ".snakemake" / "difficulty" / "source").glob("*/workflow/scripts")
    assert (scripts / "train_model.py").read_bytes() == (source / "workflow/scripts/train_model.py").read_bytes()
