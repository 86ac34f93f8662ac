"""The plan in words, corrections by finished runs, and what logs and records tell of a finished job."""

import json
from types import SimpleNamespace

import PIL.Image
import pytest

from difficulty.costs.formulas.scores import score_label_error
from difficulty.costs.plan_text import Machine, plan_lines, size, warnings
from difficulty.costs.prepared_sizes import source_sizes
from difficulty.costs.remedies import remedy
from difficulty.costs.stages import EstimatedJob, corrections, longest_chain, stages
from difficulty.costs.truth import Truth, truth_of
from difficulty.costs.work import MIB, Cost
from difficulty.errors import UserError

GIB = 1 << 30
MACHINE = Machine(cores=2, memory=4 * GIB, free=10 * GIB)


def job(
    rule="train_model", cpu=100.0, memory=500.0, kept=0.0, done=False, truth=None, before=(), **cost
) -> EstimatedJob:
    estimate = Cost(cpu, cost.get("device", 0.0), memory, kept, cost.get("temporary", 0.0))
    return EstimatedJob(rule, estimate, (10.0, 200.0), done, truth, before)


def text(*jobs: EstimatedJob, machine: Machine = MACHINE, notes: list[str] = ()) -> list[str]:
    return list(plan_lines(jobs, machine, notes))


def test_a_row_has_the_jobs_of_a_rule_together_and_its_largest_memory():
    header, training, _, everything, *rest = text(job(memory=300), job(memory=2048, done=True), job("plot_runs", cpu=5))
    assert header.split() == ["stage", "jobs", "done", "CPU", "memory", "disk", "temporary"]
    assert training.split()[:3] == ["train_model", "2", "1"] and "3 min 20 s" in training and "2.0 GiB" in training
    assert everything.split()[:3] == ["all", "3", "1"]
    assert any(
        line.startswith("To do: 2 of 3 jobs, 1 min 45 s of CPU time, about 1 min 40 s on 2 cores") for line in rest
    )


def test_time_on_a_device_is_a_column_where_there_is_one():
    assert "GPU" not in text(job())[0] and "GPU" in text(job(device=50.0))[0]


def test_what_is_done_stands_beside_its_estimate():
    header, row, *_ = text(job(done=True, truth=Truth(250.0, 700.0, 3 * MIB)))
    assert header.split()[-3:] == ["took", "peak", "wrote"]
    assert "4 min 10 s" in row and row.endswith("700 MiB  3 MiB")
    assert "Nothing is to be done." in text(job(done=True))


def test_many_small_stages_are_one_row():
    lines = text(*(job(f"plot_{number}", cpu=100 - number) for number in range(40)))
    assert any(line.startswith("16 smaller stages") for line in lines)


def test_the_wall_time_is_that_of_the_longest_chain_at_least():
    chain = [job(cpu=50), job(cpu=60, before=(0,)), job(cpu=70, before=(1,)), job(cpu=1, before=(0, 2))]
    assert longest_chain(chain) == 50 + 60 + 70 + 1
    assert longest_chain([job(cpu=50, done=True), job(cpu=60, before=(0,))]) == 60
    assert any("about 3 min 01 s on 2 cores" in line for line in text(*chain))


def test_chains_of_any_length_are_followed():
    assert longest_chain([job(cpu=1, before=(number - 1,) if number else ()) for number in range(5000)]) == 5000


def found(*jobs: EstimatedJob) -> str:
    return "\n".join(warnings(stages(jobs), MACHINE))


@pytest.mark.parametrize(
    ("large", "said"),
    [
        (job("train_model", memory=5000), "train_model takes 4.9 GiB of memory, there are 4.0 GiB; lower batch_size"),
        (job("extract_gradients", kept=11 * GIB), "11.0 GiB are written, 10.0 GiB are free"),
        (job("extract_gradients", kept=11 * GIB), "set analyses.vog.keep_gradients: false"),
        (job("probe_neighbors", kept=GIB, temporary=12 * GIB), "13.0 GiB are written, of which 12.0 GiB are removed"),
        (job("probe_neighbors", temporary=12 * GIB), "lower analyses.prediction_depth.numbers"),
        (job("compute_image_statistics", cpu=100_000), "a job of compute_image_statistics takes 27 h 46 min"),
        (job("score_self_influence", cpu=7200), "score_self_influence takes 9"),
    ],
)
def test_what_will_not_fit_is_said_with_the_setting_that_makes_it_smaller(large, said):
    assert said in found(large, job("plot_runs", cpu=60))


def test_temporary_files_of_one_job_after_another_are_not_added_up():
    many = [job("train_model", cpu=1, temporary=GIB) for _ in range(50)]
    assert "most by extract_gradients" in found(*many, job("extract_gradients", cpu=1, kept=11 * GIB))


def test_what_fits_or_is_done_is_no_warning():
    assert found(job("train_model", cpu=7200), job("extract_gradients", memory=9000, kept=20 * GIB, done=True)) == ""


def test_guesses_are_named():
    assert "note: photos: 50,000 images are assumed" in text(job(), notes=["photos: 50,000 images are assumed"])


def test_a_rule_without_a_remedy_says_nothing_more():
    assert remedy("collect_scores", "memory") == "" and remedy("merge_factors", "disk").startswith("; name fewer")


@pytest.mark.parametrize(
    ("count", "words"), [(900, "1 KiB"), (3 * MIB, "3 MiB"), (1.5 * GIB, "1.5 GiB"), (2 << 40, "2.0 TiB")]
)
def test_sizes_have_a_unit_that_fits(count, words):
    assert size(count) == words


def test_a_correction_is_truth_over_estimate_of_what_is_beyond_the_start():
    jobs = [job(cpu=110, memory=400, kept=1000, done=True, truth=Truth(210, 600, 1500)) for _ in range(3)]
    assert corrections(jobs, {})["train_model"] == pytest.approx((2.0, 2.0, 1.5))
    assert corrections(jobs, {"train_model": (1.5, 1.0, 1.0)})["train_model"] == pytest.approx((3.0, 2.0, 1.5))


def test_jobs_that_only_start_say_nothing_of_larger_ones():
    only_starts = job(cpu=11, memory=210, done=True, truth=Truth(13, 250, 0))
    assert corrections([only_starts], {})["train_model"] == (1.0, 1.0, 1.0)


def test_a_correction_is_at_most_fourfold_and_what_is_not_known_stays():
    wild = job(cpu=20, done=True, truth=Truth(100_000, 500, 0))
    assert corrections([wild, job("plot_runs")], {"plot_runs": (1.2, 1.0, 1.0)}) == {
        "train_model": (4, 1.0, 1.0),
        "plot_runs": (1.2, 1.0, 1.0),
    }


def test_a_finished_job_tells_what_it_took_at_the_end_of_its_log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log, record = tmp_path / "results/logs/a/train_model.log", tmp_path / "results/checksums/a/train_model.json"
    for file in (log, record):
        file.parent.mkdir(parents=True)
    log.write_text("2026 INFO epoch 1\n" * 1000 + "2026 INFO took 1,234.5 s of CPU time, at most 2,345 MB of memory\n")
    relative = "results/logs/a/train_model.log"
    assert truth_of(relative) is None  # it has failed
    record.write_text(json.dumps({"outputs": {"x": {"bytes": 30}, "y": {"bytes": 12}}}))
    assert truth_of(relative) == Truth(1234.5, 2345.0, 42)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(bytes(100))
    assert truth_of(relative, ["images"]).kept == 142
    log.write_text("of an older version")
    assert truth_of(relative) is None


def test_noise_models_cost_memory_up_to_a_number_and_then_a_pass_over_all_numbers():
    def cost(train: int, classes: int) -> tuple[float, float]:
        data = SimpleNamespace(train=train, classes=classes)
        facts = {"data": data, "examples": train, "rows_of_run": 0, "runs": 1, "seeds": 1, "settings": {"folds": 5}}
        return score_label_error(SimpleNamespace(**facts, tables=lambda seconds, memory, _: (seconds, memory)))

    held, twice, four_times = (cost(numbers // 256, 256) for numbers in (1 << 24, 1 << 25, 1 << 26))
    assert four_times[0] - twice[0] == pytest.approx(3e-8 * (1 << 25) * (4 * 2 + 17))
    assert twice[0] - held[0] == pytest.approx(3e-8 * (1 << 25) * (4 * 2 + 17))
    assert twice[1] - held[1] == pytest.approx((230 << 24) / 256)
    assert held[1] - cost(1 << 15, 256)[1] == pytest.approx(45 * (1 << 23) + (230 << 15))


def test_an_image_that_cannot_be_opened_does_not_keep_a_source_from_being_counted(tmp_path):
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            (folder / "broken.png").write_bytes(b"none")
            PIL.Image.new("L", (20, 10)).save(folder / "good.png")
    settings = {"source": "image_folder", "path": str(tmp_path), "on_bad_image": "skip"}
    found = source_sizes(settings)
    assert (found.train, found.test, found.height, found.width, found.channels) == (4, 4, 10, 20, 1)
    for path in tmp_path.rglob("good.png"):
        path.write_bytes(b"none")
    with pytest.raises(UserError, match="none of the 8 images that were tried can be opened"):
        source_sizes(settings)
