"""What a stage says on the terminal, and what is in its log alone."""

import io
import json
import logging
import re
import signal
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pyarrow as pa
import pytest

from difficulty import memory_shortage
from difficulty import stage as stages
from difficulty.errors import UserError
from difficulty.stage import arguments, logger, run_stage, warn


@pytest.fixture
def stage(tmp_path, monkeypatch, capsys):
    """A function that runs `main` as a stage named measure; returns (terminal, log, exit status)."""
    monkeypatch.setattr(sys, "argv", ["measure.py", "--log", str(tmp_path / "measure.log")])
    monkeypatch.setattr(stages, "end_at_once", sys.exit)
    handlers = logging.getLogger().handlers[:]

    def run(main):
        status = 0
        try:
            run_stage(main, arguments("measures"))
        except SystemExit as end:
            status = end.code
        return capsys.readouterr().err, (tmp_path / "measure.log").read_text(), status

    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield run
    for number, handler in signals.items():  # which are ignored once one has arrived
        signal.signal(number, handler)
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers


def test_warnings_for_the_user_reach_terminal_and_log(stage):
    terminal, log, status = stage(lambda args: warn("k is larger than the class"))
    assert terminal == "measure: k is larger than the class\n"
    assert "WARNING k is larger than the class" in log
    assert status == 0


def test_long_settings_come_by_standard_input(stage, monkeypatch):
    """Linux takes no argument of more than 128 KiB."""
    names = [f"experiment {number}" for number in range(20_000)]
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--settings", "-"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"experiments": names})))
    _, log, status = stage(lambda args: logger.info("%d", len(args.settings["experiments"])))
    assert "INFO 20000" in log and status == 0


def test_other_lines_reach_the_log_alone(stage):
    def main(args):
        logger.info("read")
        logger.warning("one of a thousand files is odd")

    terminal, log, _ = stage(main)
    assert terminal == ""
    assert "INFO read" in log and "WARNING one of a thousand" in log


def test_an_error_is_one_line_with_the_log(stage):
    def main(args):
        raise UserError("a.csv: no rows;\n  add some")

    terminal, log, status = stage(main)
    assert terminal.startswith("measure: a.csv: no rows; add some (log: ") and terminal.count("\n") == 1
    assert "ERROR a.csv: no rows; add some" in log and "Traceback" not in log
    assert status == 1


def fail(error):
    raise error


@pytest.mark.parametrize("main", [lambda args: None, lambda args: fail(UserError("no")), lambda args: fail(OSError())])
def test_the_log_ends_with_what_the_stage_took(stage, main):
    _, log, _ = stage(main)
    assert re.fullmatch(r".* INFO took [\d,]+\.\d s of CPU time, at most [\d,]+ MB of memory", log.splitlines()[-1])


def caused_by(error):
    """What reading a table makes of an error."""
    wrapped = UserError("a.parquet: is damaged; make it again")
    wrapped.__cause__ = error
    return wrapped


OF_TORCH = (
    "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
)
OF_GPU = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139 GiB."
OF_WORKER = "DataLoader worker (pid 7) is killed by signal: Killed. "
OF_LIBRARY = "libscipy_openblas.so: failed to map segment from shared object"
OF_POOL = "A process in the process pool was terminated abruptly while the future was running or pending."


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            MemoryError("Unable to allocate 8 GiB for an array"),
            "out of memory: Unable to allocate 8 GiB for an array; ",
        ),
        (MemoryError(), "out of memory; at most 77 MB were in use; on a cluster, allow the rule more (--set-resources"),
        (pa.lib.ArrowMemoryError("malloc of size 9 failed"), "out of memory: malloc of size 9 failed; at most 77 MB"),
        (caused_by(pa.lib.ArrowMemoryError("malloc of size 9 failed")), "out of memory: malloc of size 9 failed; at"),
        (OSError(12, "Cannot allocate memory"), "out of memory: [Errno 12] Cannot allocate memory; at most 77 MB"),
        (RuntimeError(OF_TORCH), "can't allocate memory: you tried to allocate 9 bytes; at most 77 MB were in use; on"),
        (RuntimeError(OF_GPU), "out of memory on the GPU: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a"),
        (RuntimeError(OF_WORKER), f"probably out of memory: {OF_WORKER.rstrip(' .')}; at most 77 MB were in use; on"),
        (BrokenProcessPool(OF_POOL), "probably out of memory: A process in the process pool was terminated abruptly"),
        (ImportError(OF_LIBRARY), f"probably out of memory: {OF_LIBRARY}; at most 77 MB were in use; on a cluster"),
        (RuntimeError("can't start new thread"), "probably out of memory: can't start new thread; at most 77 MB were"),
    ],
    ids=["NumPy", "Python", "Arrow", "reading", "fork", "torch", "GPU", "worker", "pool", "library", "thread"],
)
def test_a_lack_of_memory_is_one_line(stage, monkeypatch, error, told):
    monkeypatch.setattr(memory_shortage, "peak_memory", lambda: 77)
    terminal, log, status = stage(lambda args: fail(error))
    assert told in terminal and terminal.count("\n") == 1 and status == 1
    line = next(line for line in log.splitlines() if "ERROR" in line)
    assert told in line and "in fail\n" in log.partition(line)[0], "where it came from stands before"


@pytest.mark.parametrize(
    "error", [UserError("no"), RuntimeError("no"), ImportError("no"), OSError(28, "No space left on device")]
)
def test_other_errors_are_none_of_memory(error):
    assert memory_shortage.described(error, {}) is None


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError(OF_GPU)])
def test_a_training_may_take_smaller_batches(error):
    assert memory_shortage.described(error, {"optimizer": {}}).endswith("lower batch_size")
    assert "batch_size" not in memory_shortage.described(error, {})


def test_sigterm_ends_a_stage_with_one_line(stage):
    def main(args):
        try:
            signal.raise_signal(signal.SIGTERM)
        except Exception:
            pytest.fail("the stage goes on")
        finally:
            signal.raise_signal(signal.SIGTERM)  # the same, to the group, does not disturb what is tidied up
            args.log.with_name("tidy").touch()

    terminal, log, status = stage(main)
    assert (found := re.fullmatch(r"measure: stopped by SIGTERM \(log: (.*)\)\n", terminal)) and status == 1
    assert Path(found[1]).with_name("tidy").exists()
    assert "ERROR stopped by SIGTERM" in log and "Traceback" not in log
    assert signal.alarm(0) == 0
    assert {signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)} == {signal.SIG_IGN}, "until the end"


def test_a_child_process_that_sigterm_ended_first_is_not_the_error(stage):
    """SIGTERM reaches all processes of a job, in any order."""

    def main(args):
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        fail(RuntimeError("DataLoader worker (pid 7) is killed by signal: Terminated. "))

    previous = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        terminal, _, _ = stage(main)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert terminal.startswith("measure: stopped by SIGTERM (log: ")


class Signalled:
    """Is signalled while it is destroyed, when Python ignores exceptions."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


def test_sigterm_that_comes_where_python_ignores_exceptions_ends_a_stage(stage):
    def main(args):
        Signalled()
        began = time.process_time()
        while time.process_time() - began < 2:
            pass
        pytest.fail("the stage goes on")

    hook = sys.unraisablehook
    terminal, _, status = stage(main)
    assert terminal.startswith("measure: stopped by SIGTERM (log: ") and status == 1
    assert sys.unraisablehook is hook
