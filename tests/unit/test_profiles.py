"""Profiles name options that Snakemake has and rules that the workflow has."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser

from tests.unit.test_slurm_profile import stages

PROFILES = Path(__file__).parents[2] / "profiles"
# Options of plugins that a user installs together with the profile.
FROM_PLUGINS = {"kubernetes": r"kubernetes-[a-z-]+|storage-s3-[a-z-]+"}
NAMES = sorted(folder.name for folder in PROFILES.iterdir())


def profile(name):
    return yaml.safe_load((PROFILES / name / "config.yaml").read_text(encoding="utf-8"))


def options():
    """All long options, without their dashes, those of the plugins that are installed included."""
    return {word.removeprefix("--") for each in get_argument_parser()._actions for word in each.option_strings}


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_an_option(name):
    unknown = profile(name).keys() - options()
    assert {key for key in unknown if not re.fullmatch(FROM_PLUGINS.get(name, "(?!)"), key)} == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_that_is_named_exists(name):
    assert profile(name).get("set-resources", {}).keys() | profile(name).get("groups", {}).keys() <= stages()


def test_the_same_stages_may_have_a_gpu_on_a_workstation_and_on_slurm():
    assert profile("workstation")["set-resources"].keys() == profile("slurm")["set-resources"].keys()
