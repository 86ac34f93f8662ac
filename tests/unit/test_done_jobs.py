"""Which jobs a plan takes for done, by what is on disk and what it was made with."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.io import AnnotatedString

from difficulty.driver.done_jobs import done_jobs
from difficulty.driver.planned_jobs import PlannedJob

SETTINGS = {"settings": "{}", "code": "1", "upstream": ""}


def flagged(path: str, flag: str) -> AnnotatedString:
    found = AnnotatedString(path)
    found.flags[flag] = True
    return found


def job(inputs: list, outputs: list, **parameters: str) -> PlannedJob:
    named = {**SETTINGS, **parameters}
    rule = SimpleNamespace(params={name: lambda _, value=value: value for name, value in named.items()})
    log = f"results/logs/{outputs[0]}.log"
    return PlannedJob(rule, {}, tuple(inputs), tuple(outputs), (log,))


def finish(planned: PlannedJob, time: float = 100, keep: bool = True, **other: str) -> None:
    """Writes what the job makes, and its record."""
    for output in planned.outputs if keep else ():
        Path(output).touch()
        os.utime(output, (time, time))
    record = Path(planned.logs[0].replace("logs", "checksums")).with_suffix(".json")
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({**planned.parameters(), **other, "outputs": {}}))


def done(*jobs: PlannedJob) -> list[bool]:
    return done_jobs(jobs, {str(path): number for number, each in enumerate(jobs) for path in each.outputs})


@pytest.fixture
def chain(tmp_path, monkeypatch):
    """The user's file -> a -> temporary b -> c, and d of a that does not follow its changes; all done."""
    monkeypatch.chdir(tmp_path)
    Path("photos").touch()
    os.utime("photos", (50, 50))
    jobs = [
        job(["b"], ["c"]),
        job(["a"], [flagged("b", "temp")]),
        job(["photos"], ["a"]),
        job([flagged("a", "ancient")], ["d"]),
    ]
    for number, each in enumerate(jobs):
        finish(each, keep=number != 1)
    return jobs


def test_what_is_there_and_was_made_like_this_is_done_and_temporary_files_with_it(chain):
    assert done(*chain) == [True, True, True, True]


@pytest.mark.parametrize("name", SETTINGS)
def test_what_was_made_otherwise_is_made_again_with_what_is_made_of_it(chain, name):
    finish(chain[2], **{name: "other"})
    assert done(*chain) == [False, False, False, True]


def test_what_is_newer_with_the_user_is_read_again(chain):
    os.utime("photos", (200, 200))
    assert done(*chain) == [False, False, False, True]


def test_temporary_files_are_made_again_for_what_reads_them_unless_they_are_there(chain):
    Path("c").unlink()
    assert done(*chain) == [False, False, True, True]
    finish(chain[1])
    assert done(*chain) == [False, True, True, True]


def test_results_without_a_record_are_taken_as_they_are(chain):
    Path(chain[2].logs[0].replace("logs", "checksums")).with_suffix(".json").unlink()
    assert done(*chain) == [True, True, True, True]
