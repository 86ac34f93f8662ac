"""The conda files install what the lock file says, and the lock file says nothing of where from."""

import importlib.util
from pathlib import Path

import pytest

ENVS = Path(__file__).parents[2] / "envs"


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, ENVS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


writer, containers = loaded("write_conda_envs"), loaded("write_containers")
LOCK = (ENVS / "requirements.txt").read_text()


@pytest.mark.parametrize("kind", writer.ENVIRONMENTS)
def test_conda_files_are_up_to_date(kind):
    expected = writer.environment(writer.ENVIRONMENTS[kind], writer.locked_versions(LOCK))
    assert (ENVS / f"{kind}.yaml").read_text() == expected, "run `make lock`"


def test_lock_file_has_exact_versions_and_no_index():
    for line in LOCK.splitlines():
        assert line.startswith(("    #", "#")) or "==" in line, line
        assert "://" not in line and not line.startswith("-"), line


@pytest.mark.parametrize("name", ["Dockerfile", "apptainer.def"])
def test_recipes_of_the_container_image_are_up_to_date(name):
    assert (ENVS / name).read_text() == containers.recipes(LOCK)[name], "run `make lock`"


def test_another_lock_file_has_other_recipes():
    changed = containers.recipes(LOCK.replace("==", "==1!", 1))
    assert all(text != containers.recipes(LOCK)[name] for name, text in changed.items())


def test_the_container_image_has_the_python_of_the_conda_environments():
    assert f"FROM python:{writer.PYTHON}-slim\n" in containers.recipes(LOCK)["Dockerfile"]
