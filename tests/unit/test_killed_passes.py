"""A stage that passes images through networks goes on after a kill, to the same bytes; a shard checks its own files."""

import signal

import pytest
from safetensors.torch import save_file

from difficulty.models.building import build_model
from tests.support.damage import truncate
from tests.support.killed_jobs import run_until_killed
from tests.support.scripts import run_script
from tests.support.small_training import SETTINGS
from tests.support.workflows import unlinked

RUN_TABLES = ("records", "online-records", "history", "steps", "timing")
INFLUENCE = {"strategy": "ekfac", "fisher": "empirical", "seed": 0}
BATCHES = 15  # of 128 of the 1,797 digits


def ran(name, **options):
    done = run_script(name, **options)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Options of stages that open a run on digits: three epochs of a small network, with its factors."""
    folder = tmp_path_factory.mktemp("trained")
    data, run = folder / "digits", folder / "plain" / "seed-0"
    tables = {name: data / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    ran("prepare_dataset", settings={"source": "digits"}, images=data / "images", **tables)
    ran("corrupt_labels", settings={}, examples=tables["examples"], output=folder / "plain" / "labels.parquet")
    given = {"labels": folder / "plain" / "labels.parquet", "pixels": tables["pixels"], "files": tables["files"]}
    outputs = {name: run / f"{name}.parquet" for name in RUN_TABLES}
    ran("train_model", settings=SETTINGS | {"epochs": 3}, checkpoints=run / "checkpoints", **given, **outputs)
    options = {**given, "checkpoints": run / "checkpoints"}
    factors = {"epoch": 3, "timing": folder / "timing.parquet", "output": run / "factors"}
    ran("fit_factors", settings=INFLUENCE, **options, **factors)
    return options


def goes_on(name, output, parts, options, log):
    """Kills a stage after some parts, runs it again, and compares with one that was not killed."""
    killed = run_until_killed(name, parts, **options, output=output)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ran(name, **options, output=output, log=log)
    assert f"goes on after {128 * parts} of 1797" in log.read_text()
    whole = output.with_name("whole" + output.suffix)
    ran(name, **options, output=whole)
    assert output.read_bytes() == whole.read_bytes()
    assert not (output.parent / ".partial").exists()


@pytest.mark.parametrize("parts", [1, BATCHES - 1])
def test_streamed_gradients_go_on(trained, tmp_path, parts):
    settings = {"splits": ["train", "test"], "target": "label", "shards": 1, "precision": "float32"}
    settings["stages"] = {"early": [1, 2], "complete": [1, 2, 3]}
    goes_on("stream_vog", tmp_path / "vog.parquet", parts, trained | {"settings": settings}, tmp_path / "log")


def test_self_influence_goes_on(trained, tmp_path):
    settings = {**INFLUENCE, "splits": ["train", "test"], "damping": {"relative": 0.1}}
    options = trained | {"settings": settings, "epoch": 3, "timing": tmp_path / "timing.parquet"}
    options["factors"] = trained["checkpoints"].with_name("factors")
    goes_on("score_self_influence", tmp_path / "ekfac-epoch-3.parquet", 4, options, tmp_path / "log")


def test_features_go_on(trained, tmp_path):
    own = {"architecture": "mlp", "width": 16}
    weights = tmp_path / "own.safetensors"
    save_file(build_model(own, 1, (8, 8), 1000, seed=1).state_dict(), weights)
    options = {name: trained[name] for name in ("pixels", "files")}
    options |= {"settings": own | {"weights": str(weights)}, "examples": trained["files"].with_name("examples.parquet")}
    goes_on("extract_features", tmp_path / "features.parquet", 3, options, tmp_path / "log")
    run_until_killed("extract_features", 3, **options, output=tmp_path / "features.parquet")
    save_file(build_model(own, 1, (8, 8), 1000, seed=2).state_dict(), weights)  # other weights: from the beginning
    ran("extract_features", **options, output=tmp_path / "features.parquet", log=tmp_path / "log")
    assert "goes on" not in (tmp_path / "log").read_text()


def test_another_number_of_threads_starts_again(trained, tmp_path):
    settings = {"splits": ["test"], "target": "label", "shards": 1, "precision": "float32", "stages": {"all": [1, 2]}}
    options = trained | {"settings": settings, "output": tmp_path / "vog.parquet", "log": tmp_path / "log"}
    run_until_killed("stream_vog", 1, **options)
    ran("stream_vog", **options, threads=2)
    assert "goes on" not in options["log"].read_text()


@pytest.mark.parametrize("name", ["stream_vog", "sum_curvature", "probe_neighbors"])
def test_a_job_of_a_shard_checks_its_own_files(trained, tmp_path, name):
    """The last test image has changed: those of the first shard, or that need training images only, do not mind."""
    last = sorted((trained["files"].parent / "images" / "test").rglob("*.png"), key=lambda path: path.name)[-1]
    content = last.read_bytes()
    shards = {"splits": ["test"], "shards": 2}
    options = trained | {"settings": {**shards, "target": "label", "precision": "float32", "stages": {"all": [1, 2]}}}
    if name == "sum_curvature":
        options = trained | {"settings": {**INFLUENCE, "strategy": "kfac", "shards": 2}, "epoch": 3}
        options["timing"] = tmp_path / "timing.parquet"
    if name == "probe_neighbors":
        options = trained | {"settings": {**shards, "architecture": "mlp", "k_max": 5, "numbers": 10**6}}
    try:
        truncate(unlinked(last))
        for shard, is_whole in ((0, True), (1, name == "sum_curvature")):
            done = run_script(name, **options, output=tmp_path / f"epoch-3-shard-{shard}.parquet")
            assert (done.returncode == 0) == is_whole, done.stderr
            assert is_whole or f"{last.name} has changed" in done.stderr
    finally:
        last.write_bytes(content)
