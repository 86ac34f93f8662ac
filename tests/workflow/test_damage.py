"""Damage costs time and never results: files that changed are named, never used, and made again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from difficulty.verification import verify
from tests.support.damage import damage_unnoticed, digests, flip, truncate
from tests.support.suites import EVERYTHING
from tests.support.workflows import altered, jobs_in, unlinked

RUN = "results/experiments/plain/seed-0"
DAMAGED = [
    (f"{RUN}/records.parquet", "score_dynamics", flip),
    (f"{RUN}/checkpoints/epoch-3.safetensors", "evaluate_run", flip),
    ("results/datasets/few/pixels.parquet", "train_model", flip),
]


@pytest.mark.parametrize(("file", "consumer", "damage"), DAMAGED)
def test_damaged_artifacts_are_named_and_never_used(everything, file, consumer, damage):
    damage_unnoticed(everything, file, damage)
    result = everything.snakemake("--cores", "2", "--forcerun", consumer, "--until", consumer)
    output = result.stdout + result.stderr
    assert result.returncode == 1 and file in output and "run the workflow again" in output


@pytest.mark.full
@pytest.mark.parametrize(("file", "consumer", "damage"), DAMAGED)
def test_damaged_artifacts_are_rebuilt_once_they_are_deleted(everything, file, consumer, damage):
    before = digests(everything.work / "results/experiments")
    path = damage_unnoticed(everything, file, damage)
    shutil.rmtree(path.parent) if path.suffix == ".safetensors" else path.unlink()
    targets = ["runs", "results/experiments/plain/scores/dynamics.parquet"]
    everything.run(*targets)
    assert everything.planned(*targets) == set()
    assert digests(everything.work / "results/experiments") == before


def test_what_a_killed_job_left_half_written_is_no_table(everything):
    (everything.work / RUN / ".records.parquet.k3qz81x_.parquet").write_bytes(b"PAR1")
    assert everything.planned() == set()


def test_verify_finds_every_file_that_is_truncated_deleted_or_outdated(everything, monkeypatch):
    result = everything.started("--cores", "1", "verify")
    assert "are as they were made and fit the configuration" in result.stdout + result.stderr
    monkeypatch.chdir(everything.work)
    expected = json.loads(Path(".snakemake/difficulty/expected.json").read_text())
    files = results_that_count()
    listed = {path for path in files if path.suffix == ".safetensors" or "images" in path.parts}
    assert {str(path) for path in files if path not in listed} == {path for path in expected if Path(path).suffix}
    some_images = {path for path in files if "images" in path.parts and not path.name.endswith("7.png")}
    for path in {*files} - some_images:
        manifest = "results/datasets/few/files.parquet" if "images" in path.parts else f"{path.parent}/manifest.parquet"
        source = manifest if path in listed else str(path)
        assert is_named(path, truncate, {source: expected[source]})
        assert is_named(path, Path.unlink, {source: expected[source]})
    assert is_named(Path("results/datasets/few/images"), move_away, expected)
    figure = "results/figures/evaluations.png"
    other = {figure: {**expected[figure], "code": "0"}}
    assert verify(other).problems == [
        f"{figure}: was made with other code than the configuration has now; run the workflow again"
    ]


def results_that_count() -> list[Path]:
    """All files of results/ but those that a run need not repeat."""
    files = [path for path in sorted(Path("results").rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return [path for path in files if path.parts[1] not in ("benchmarks", "checksums", "logs")]


def is_named(path: Path, damage: Callable[[Path], None], expected: dict) -> bool:
    """Whether `verify` names a file or folder once it is damaged; puts it back."""
    content = unlinked(path).read_bytes() if path.is_file() else None
    damage(path)
    problems = verify(expected).problems
    if content is None:
        path.with_name("away").rename(path)
    else:
        path.write_bytes(content)
    return any(problem.startswith(str(path)) for problem in problems)


def move_away(path: Path) -> None:
    path.rename(path.with_name("away"))


def test_truncated_results_and_deleted_images_are_made_again(everything):
    """Although Snakemake's own rules find nothing to do."""
    scores, suspects = "results/experiments/plain/scores.parquet", "results/experiments/noisy/suspects.csv"
    damaged = [scores, suspects, "results/figures/evaluations.png", f"{RUN}/checkpoints/epoch-3.safetensors"]
    for file in damaged:
        damage_unnoticed(everything, file, truncate)
    (everything.work / "results/experiments/plain/seed-1/checkpoints/epoch-3.safetensors").unlink()
    shutil.rmtree(everything.work / "results/datasets/few/images")
    reported = everything.dry_run(by_command=True)
    planned = jobs_in(reported)
    for file in damaged:
        assert f"{file}: has " in reported and "it is made again" in reported
    assert "plain/seed-1/checkpoints/epoch-3.safetensors: is missing" in reported
    assert {("collect_scores", "plain"), ("rank_suspects", "noisy"), ("plot_evaluations", "")} <= planned
    assert {("train_model", "plain seed-0"), ("train_model", "plain seed-1"), ("prepare_dataset", "few")} <= planned


def test_verify_names_problems_and_fails(everything):
    damage_unnoticed(everything, f"{RUN}/records.parquet", truncate)
    everything.configure(altered(EVERYTHING, experiments__plain__batch_size=30))
    result = everything.snakemake("--cores", "1", "verify")
    assert result.returncode == 1 and f"{RUN}/records.parquet: is damaged" in result.stderr
    assert f"{RUN}/history.parquet: was made with other settings" in result.stderr
