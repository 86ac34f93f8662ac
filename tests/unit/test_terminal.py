"""The quiet terminal, fed with the records that Snakemake logs."""

import io
import logging
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.logging import ColorizingTextHandler, DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

from difficulty.driver import summary
from difficulty.driver.job_times import JobTimes
from difficulty.driver.shell_paths import from_shell
from difficulty.driver.terminal import QuietTerminal, quiet_terminal

ROOT = Path(__file__).parents[2]
TRAINING = {
    "rule_name": "train_model",
    "wildcards": {"experiment": "plain", "run": "seed-0"},
    "output": ["history.parquet", "checkpoints"],
    "log": [],
    "reason": "",
}
TARGET = {"rule_name": "all", "wildcards": {}, "log": [], "reason": ""}
STATS = {"train_model": 1, "collect_scores": 1, "all": 1, "total": 3}


class Run:
    """A terminal whose output is read, and a function that logs."""

    def __init__(self, **options):
        self.stream = io.StringIO()
        handler = ColorizingTextHandler(stream=self.stream, formatter=DefaultFormatter())
        self.incomplete = set()
        self.terminal = QuietTerminal(handler, lambda: {"all"}, self.incomplete.intersection, **options)

    def log(self, event, message=None, level=logging.INFO, **fields) -> str:
        """What a record adds to the terminal."""
        before = len(self.stream.getvalue())
        record = logging.makeLogRecord({"msg": message, "levelno": level, "event": event, "jobid": 1, **fields})
        self.terminal.handle(record)
        return self.stream.getvalue()[before:]


@pytest.fixture
def run():
    started = Run()
    assert started.log(LogEvent.RUN_INFO, "Job stats:", stats=STATS) == "2 jobs to run.\n"
    return started


def test_a_finished_job_is_one_line(run):
    assert run.log(LogEvent.JOB_INFO, " Rule: train_model, Jobid: 1", **TRAINING) == ""
    for event in (LogEvent.SHELLCMD, LogEvent.JOB_STARTED, LogEvent.RESOURCES_INFO, LogEvent.WORKFLOW_STARTED):
        assert run.log(event, "Execute 1 jobs...") == ""
    line = run.log(LogEvent.JOB_FINISHED, "Finished jobid: 1", job_id=1)
    assert line.split() == ["50%", "train_model", "plain", "seed-0", "0", "s", "about", "1", "s", "left"]
    assert run.log(LogEvent.PROGRESS, done=1, total=3) == ""


def test_jobs_that_only_name_targets_are_not_shown(run):
    assert run.log(LogEvent.JOB_INFO, " Rule: all, Jobid: 0", **TARGET) == ""
    assert run.log(LogEvent.JOB_FINISHED, "Finished jobid: 1", job_id=1) == ""


@pytest.mark.parametrize("content", ["".join(f"line {number}\n" for number in range(100)), "", None])
def test_a_failed_job_shows_the_end_of_its_log(run, tmp_path, content):
    log = tmp_path / "train_model.log"
    if content is not None:
        log.write_text(content)
    run.log(LogEvent.JOB_INFO, **{**TRAINING, "log": [str(log)]})
    text = run.log(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, **{**TRAINING, "log": [str(log)]})
    assert text.startswith("FAILED: train_model plain seed-0, after 0 s\n") and str(log) in text
    assert ("line 99\n" in text) == bool(content) and "line 50\n" not in text
    assert bool(re.search("what (it|the job) said is above .* lack memory", text)) == (not content)
    end = summary.failure(run.terminal)
    assert f"train_model plain seed-0: {log}" in end and "0 of 2 jobs finished, 1 failed, 1 not started" in end


@pytest.mark.parametrize("place", ["{folder}/a.log", "s3://bucket/results/logs/a.log"])
def test_a_failed_job_shows_where_a_storage_keeps_its_log(run, tmp_path, place):
    """Snakemake says behind the path what it does with it. What lies on a disk can be read."""
    (tmp_path / "a.log").write_text("the last line\n")
    log = place.format(folder=tmp_path)
    fields = {**TRAINING, "log": [f"{log} (send to storage)"]}
    run.log(LogEvent.JOB_INFO, **fields)
    text = run.log(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, **fields)
    assert f"    its log{':' if '://' in log else ','} {log}" in text and "send to storage" not in text
    assert ("the last line" in text) == ("://" not in log)
    assert f"train_model plain seed-0: {log}\n" in summary.failure(run.terminal)


def test_a_job_that_succeeds_at_another_attempt_has_not_failed(run):
    for _ in range(2):
        run.log(LogEvent.JOB_INFO, **TRAINING)
        run.log(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, **TRAINING)
    assert run.terminal.failed
    run.log(LogEvent.JOB_INFO, **TRAINING)
    assert "50%" in run.log(LogEvent.JOB_FINISHED, job_id=1) and not run.terminal.failed


def test_a_failed_group_shows_the_log_of_the_cluster(run, tmp_path):
    (tmp_path / "12.log").write_text("out of memory\n")
    fields = {"groupid": "scores-plain", "aux_logs": [str(tmp_path / "12.log")], "job_error_info": []}
    text = run.log(LogEvent.GROUP_ERROR, "Error in group", logging.ERROR, **fields)
    assert text.startswith("FAILED: jobs that ran together as scores-plain\n") and "| out of memory" in text


def test_commands_that_failed_are_not_printed_but_signals_are(run):
    text = "RuleException:\nCalledProcessError in file 'train.smk', line 38:\nCommand 'x' "
    fields = {"level": logging.ERROR, "exception": "RuleException"}
    assert run.log(LogEvent.ERROR, text + "returned non-zero exit status 1.", **fields) == ""
    for name, number in (("SIGKILL", 9), ("SIGABRT", 6)):
        killed = f"A job was killed by {name} (the memory may not suffice).\n"
        assert run.log(LogEvent.ERROR, text + f"died with <Signals.{name}: {number}>.", **fields) == killed
        assert run.log(LogEvent.ERROR, text + f"returned non-zero exit status {128 + number}.", **fields) == killed


KILLED = (
    "RuleException:\nCalledProcessError in file 'train.smk', line 38:\nCommand 'x --log {}' died with <Signals.{}>."
)


def running(run, number, local=True, **fields):
    """A job of 6,000 MB that has begun, with a log of its own."""
    log, resources = f"logs/plain/seed-{number}/train_model.log", SimpleNamespace(mem_mb=6000)
    wildcards = {"experiment": "plain", "run": f"seed-{number}"}
    job = {**TRAINING, "wildcards": wildcards, "log": [log], "jobid": number}
    run.log(LogEvent.JOB_INFO, **{**job, "local": local, "resources": resources, **fields})
    return job


def test_a_killed_job_is_named_with_its_memory(run):
    """Of two that run side by side, that with the log of the command."""
    running(run, 0), running(run, 1)
    text = run.log(LogEvent.ERROR, KILLED.format("logs/plain/seed-1/train_model.log", "SIGKILL: 9"), logging.ERROR)
    assert text.startswith("train_model plain seed-1 was killed by SIGKILL (the memory may not suffice). It takes more")
    assert "than the 6,000 MB that are planned for it (--set-resources train_model:mem_mb=12000)" in text
    assert "--cores" in text and text.count("\n") == 1
    text = run.log(LogEvent.ERROR, KILLED.format("logs/plain/seed-0/train_model.log", "SIGTERM: 15"), logging.ERROR)
    assert text == "train_model plain seed-0 was killed by SIGTERM.\n"


@pytest.mark.parametrize("resources", [None, SimpleNamespace(), SimpleNamespace(mem_mb="<TBD>")])
def test_a_killed_job_is_named_without_its_memory(run, resources):
    """As with a version of Snakemake that logs no resources."""
    running(run, 1, local=False, resources=resources)
    text = run.log(LogEvent.ERROR, KILLED.format("logs/plain/seed-1/train_model.log", "SIGKILL: 9"), logging.ERROR)
    assert text.endswith("It takes more; allow it more with --set-resources train_model:mem_mb=MB.\n")


@pytest.mark.parametrize(
    ("message", "content", "is_memory"),
    [
        ("SLURM-job '7' failed, SLURM status is: 'OUT_OF_MEMORY'.", "epoch 1\n", True),
        (None, "slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch.\n", True),
        (None, "2026-01-01 ERROR out of memory: malloc of size 7 failed; ...\ntook 2 s\n", True),
        (None, "2026-01-01 ERROR out of memory on the GPU: ...\n", False),
        (None, "2026-01-01 ERROR a.csv: no rows\n", False),
    ],
    ids=["SLURM's status", "SLURM's log", "a stage", "a GPU", "another error"],
)
def test_a_failed_job_that_wanted_more_memory_says_what_it_had(run, tmp_path, message, content, is_memory):
    (tmp_path / "a.log").write_text(content)
    job = {**running(run, 1, local=False), "rule_msg": message, "log": [str(tmp_path / "a.log")]}
    text = run.log(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, **job)
    hint = "The memory did not suffice. It takes more than the 6,000 MB that are planned for it; allow it more with "
    assert text.endswith(f"    {hint}--set-resources train_model:mem_mb=12000.\n") == is_memory


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING, logging.ERROR])
def test_what_is_not_known_is_shown_as_it_is(run, level):
    assert run.log(None, "a message of another version", level) == "a message of another version\n"
    assert "MissingOutput" in run.log(LogEvent.ERROR, "MissingOutputException in rule x", level)
    assert "Nothing to be done" in run.log(None, "Nothing to be done (all requested files are present and up to date).")


def test_records_without_the_expected_fields_are_shown_as_snakemake_does(run):
    assert "message: " not in run.log(LogEvent.JOB_FINISHED, "Finished jobid: 1")
    assert "Finished jobid: 1" in run.log(LogEvent.JOB_FINISHED, "Finished jobid: 1")


def test_a_dry_run_names_jobs_and_reasons():
    run = Run(dry_run=True)
    assert run.log(LogEvent.RUN_INFO, "Job stats:", stats=STATS) == "2 jobs would run:\n"
    reason = "Missing output files: a, b; Code has changed since last execution"
    assert run.log(LogEvent.JOB_INFO, **{**TRAINING, "reason": reason}) == (
        "    train_model plain seed-0: missing output files\n"
    )
    reason = "Input files updated by another job: a; Params have changed since last execution: before: 1; now: 2"
    assert run.log(LogEvent.JOB_INFO, **{**TRAINING, "reason": reason}).endswith(
        "params have changed since last execution\n"
    )
    assert run.log(LogEvent.JOB_INFO, **TARGET) == ""
    assert run.log(LogEvent.RUN_INFO, "Job stats:", stats=STATS) == ""
    assert run.log(None, "This was a dry-run (flag -n). The order of jobs does not reflect ...") == ""


def test_a_dry_run_tells_damaged_outputs_from_jobs_that_the_user_forces():
    run = Run(dry_run=True)
    run.log(LogEvent.RUN_INFO, "Job stats:", stats=STATS)
    forced = {**TRAINING, "reason": "Forced execution"}
    assert run.log(LogEvent.JOB_INFO, **forced).endswith(": forced execution\n")
    run.incomplete.add("checkpoints")
    expected = "    train_model plain seed-0: output files are incomplete, or not as they were written\n"
    assert run.log(LogEvent.JOB_INFO, **forced) == expected
    assert run.log(LogEvent.JOB_INFO, **{**forced, "reason": "Missing output files: x"}).endswith(
        "missing output files\n"
    )


def test_interrupted_jobs_have_not_failed(run):
    run.log(LogEvent.JOB_INFO, **TRAINING)
    run.log(None, "Terminating processes on user request, this might take some time.")
    line = run.log(LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, **TRAINING)
    assert line == "      train_model plain seed-0: interrupted after 0 s\n"
    assert summary.failure(run.terminal).startswith("\nInterrupted after 0 s; finished: 0 of 2 jobs.")


SETTINGS = {"printshellcmds": False, "verbose": False, "debug_dag": False, "quiet": set(), "dryrun": False}


def workflow(is_main=True, **settings):
    """What `quiet_terminal` asks of a workflow."""
    modifier = SimpleNamespace(is_main_snakefile=lambda: is_main)
    return SimpleNamespace(output_settings=SimpleNamespace(**SETTINGS | settings), modifier=modifier, rules=[])


@pytest.fixture
def handlers(monkeypatch):
    """The handlers of Snakemake's logger: of the terminal and of a file."""
    own, file = ColorizingTextHandler(), logging.NullHandler()
    own.name = "DefaultStreamHandler"
    monkeypatch.setattr(logging.getLogger("snakemake.logging"), "handlers", handlers := [own, file])
    return handlers


def test_the_handler_of_the_terminal_is_replaced(handlers):
    own, file = handlers
    terminal = quiet_terminal(workflow())
    assert handlers == [file, terminal] and terminal.handler is own


@pytest.mark.parametrize(
    "other",
    [
        workflow(printshellcmds=True),
        workflow(verbose=True),
        workflow(debug_dag=True),
        workflow(quiet={"rules"}),
        workflow(is_main=False),
        SimpleNamespace(),
    ],
    ids=["printshellcmds", "verbose", "debug_dag", "quiet", "module", "another version"],
)
def test_snakemakes_own_output_is_kept(handlers, other):
    before = list(handlers)
    assert quiet_terminal(other) is None and handlers == before


def test_without_a_handler_of_the_terminal_nothing_is_replaced(handlers):
    """As with a logger plugin that writes to the terminal."""
    del handlers[0]
    assert quiet_terminal(workflow()) is None and len(handlers) == 1


def test_the_estimate_knows_the_rules_that_have_finished():
    """Two trainings of four took 10 s each, side by side; two are to come, and four of another rule that is faster."""
    times = JobTimes({"train_model": 4, "collect_scores": 4}, now=0.0)
    assert times.left(0.0) is None
    for job in (1, 2):
        times.start(job, "train_model", 0.0)
    assert times.finish(1, 10.0) == times.finish(2, 10.0) == 10.0
    assert times.left(10.0) == pytest.approx((2 + 4) * 10 / 2)  # the others: as long as what is known
    times.start(3, "collect_scores", 10.0)
    times.start(4, "train_model", 10.0)
    times.finish(3, 12.0)
    assert times.left(12.0) == pytest.approx((8 + 10 + 3 * 2) / 2)


def test_the_estimate_waits_for_half_of_the_jobs_to_be_known():
    times = JobTimes({"prepare_dataset": 1, "train_model": 3}, now=0.0)
    times.start(1, "prepare_dataset", 0.0)
    times.finish(1, 1.0)
    assert times.left(1.0) is None


@pytest.mark.parametrize("images", ["; images: results/datasets/digits/images", ""], ids=["images", "records"])
def test_the_summary_shows_the_first_suspects(run, tmp_path, monkeypatch, images):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    if images:
        (tmp_path / "results/datasets/digits/images").mkdir(parents=True)
    folder = tmp_path / "results/experiments/noisy"
    folder.mkdir(parents=True)
    rows = [
        f"{rank},{rank},0{rank},{'' if rank == 2 else f'train/3/{rank}.png'},3,{'' if rank == 1 else 5}"
        for rank in range(1, 8)
    ]
    (folder / "suspects.csv").write_text("\n".join(["rank,example_id,key,file,given_label,suggested_label", *rows]))
    fields = {"rule_name": "rank_suspects", "wildcards": {"experiment": "noisy"}, "log": [], "reason": ""}
    run.log(LogEvent.JOB_INFO, **fields)
    run.log(LogEvent.JOB_FINISHED, job_id=1)
    lines = summary.success(run.terminal, {"missing": "none", "noisy": "digits"}).splitlines()
    assert lines[1] == "Done: 1 job in 0 s."
    assert lines[2].endswith(f" of noisy (all: results/experiments/noisy/suspects.csv{images}):")
    assert lines[3].split() == ["1", "train/3/1.png", "labelled", "3"]
    assert lines[4].split() == ["2", "02", "labelled", "3,", "perhaps", "5"]
    assert [line.split()[0] for line in lines[3:8]] == list("12345")
    assert lines[8] == f"{ROOT / 'results' / 'README.md'} explains every file."
    (tmp_path / "results" / "index.html").touch()
    lines = summary.success(run.terminal, {"missing": "none", "noisy": "digits"}).splitlines()
    assert lines[8] == "Open results/index.html in a browser: every image, score and figure on one page."


@pytest.mark.parametrize(
    ("shell", "shown"),
    [(".", "results/a.csv"), ("..", "own/results/a.csv"), ("../clone", None), ("gone", None), (None, None)],
)
def test_paths_can_be_opened_from_the_shells_folder(tmp_path, monkeypatch, shell, shown):
    """As with --directory own, from several folders. None: the absolute path."""
    for name in ("own", "clone"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "own")
    if shell is None:
        monkeypatch.delenv("PWD", raising=False)
    else:
        monkeypatch.setenv("PWD", str((tmp_path / "own" / shell).resolve()))
    assert from_shell("results/a.csv") == (shown or str(tmp_path / "own" / "results" / "a.csv"))


def test_paths_are_relative_to_a_shell_that_followed_a_link(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path / "own")
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "link")
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    assert from_shell("results/a.csv") == "results/a.csv"


@pytest.mark.parametrize(("rule", "goes_on"), [("verify", False), ("train_model", True)])
def test_a_failed_verification_is_not_to_be_started_again(run, rule, goes_on):
    fields = {"rule_name": rule, "wildcards": {}, "log": ["logs/a.log"], "reason": ""}
    run.log(LogEvent.JOB_INFO, **fields)
    run.log(LogEvent.JOB_ERROR, level=logging.ERROR, **fields)
    assert ("start it again" in summary.failure(run.terminal)) == goes_on
