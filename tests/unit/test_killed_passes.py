"""A stage that passes images through networks goes on after a kill, to the same bytes; a shard checks its own files."""

import shutil
import signal

import pytest
from safetensors.torch import save_file

from difficulty.models.building import build_model
from tests.support.damage import truncate
from tests.support.killed_jobs import run_until_killed
from tests.support.scripts import run_script
from tests.support.small_runs import INFLUENCE, ran

BATCHES = 15  # of 128 of the 1,797 digits


def goes_on(name, output, parts, options, log):
    """Kills a stage after some parts, runs it again, and compares with one that was not killed."""
    killed = run_until_killed(name, parts, **options, output=output)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ran(name, **options, output=output, log=log)
    assert f"goes on after {min(128 * parts, 1797):,} of 1,797" in log.read_text()
    whole = output.with_name("whole" + output.suffix)
    ran(name, **options, output=whole)
    assert output.read_bytes() == whole.read_bytes()
    assert not (output.parent / ".partial").exists()


@pytest.mark.parametrize(
    "parts", [1, *(pytest.param(count, marks=pytest.mark.full) for count in (BATCHES - 1, BATCHES))]
)
def test_streamed_gradients_go_on(finished_run, tmp_path, parts):
    settings = {"splits": ["train", "test"], "target": "label", "shards": 1, "precision": "float32"}
    settings["stages"] = {"early": [1, 2], "complete": [1, 2, 3]}
    goes_on("stream_vog", tmp_path / "vog.parquet", parts, finished_run | {"settings": settings}, tmp_path / "log")


@pytest.mark.parametrize("parts", [4, BATCHES])
def test_self_influence_goes_on(finished_run, tmp_path, parts):
    settings = {**INFLUENCE, "splits": ["train", "test"], "damping": {"relative": 0.1}}
    options = finished_run | {"settings": settings, "epoch": 3, "timing": tmp_path / "timing.parquet"}
    options["factors"] = finished_run["checkpoints"].with_name("factors")
    goes_on("score_self_influence", tmp_path / "ekfac-epoch-3.parquet", parts, options, tmp_path / "log")


@pytest.mark.parametrize("parts", [3, pytest.param(BATCHES, marks=pytest.mark.full)])
def test_features_go_on(finished_run, tmp_path, parts):
    own = {"architecture": "mlp", "width": 16}
    weights = tmp_path / "own.safetensors"
    save_file(build_model(own, 1, (8, 8), 1000, seed=1).state_dict(), weights)
    options = {name: finished_run[name] for name in ("pixels", "files")}
    options |= {
        "settings": own | {"weights": str(weights)},
        "examples": finished_run["files"].with_name("examples.parquet"),
    }
    goes_on("extract_features", tmp_path / "features.parquet", parts, options, tmp_path / "log")
    run_until_killed("extract_features", 3, **options, output=tmp_path / "features.parquet")
    save_file(build_model(own, 1, (8, 8), 1000, seed=2).state_dict(), weights)  # other weights: from the beginning
    ran("extract_features", **options, output=tmp_path / "features.parquet", log=tmp_path / "log")
    assert "goes on" not in (tmp_path / "log").read_text()


def test_another_number_of_threads_starts_again(finished_run, tmp_path):
    settings = {"splits": ["test"], "target": "label", "shards": 1, "precision": "float32", "stages": {"all": [1, 2]}}
    options = finished_run | {"settings": settings, "output": tmp_path / "vog.parquet", "log": tmp_path / "log"}
    run_until_killed("stream_vog", 1, **options)
    ran("stream_vog", **options, threads=2)
    assert "goes on" not in options["log"].read_text()


@pytest.mark.parametrize("name", ["stream_vog", "sum_curvature", "probe_neighbors"])
def test_a_job_of_a_shard_checks_its_own_files(finished_run, tmp_path, name):
    """The last test image has changed: those of the first shard, or that need training images only, do not mind."""
    data = shutil.copytree(finished_run["files"].parent, tmp_path / "digits")
    options = finished_run | {each: data / f"{each}.parquet" for each in ("pixels", "files")}
    last = sorted((data / "images" / "test").rglob("*.png"), key=lambda path: path.name)[-1]
    truncate(last)
    settings = {"splits": ["test"], "shards": 2, "target": "label", "precision": "float32", "stages": {"all": [1, 2]}}
    if name == "sum_curvature":
        settings = {**INFLUENCE, "strategy": "kfac", "shards": 2}
        options |= {"epoch": 3, "timing": tmp_path / "timing.parquet"}
    if name == "probe_neighbors":
        settings = {"splits": ["test"], "shards": 2, "architecture": "mlp", "k_max": 5, "numbers": 10**6}
    for shard, is_whole in ((0, True), (1, name == "sum_curvature")):
        output = tmp_path / f"epoch-3-shard-{shard}.parquet"
        done = run_script(name, **options, settings=settings, output=output)
        assert (done.returncode == 0) == is_whole, done.stderr
        assert is_whole or f"{last.name} has changed" in done.stderr
