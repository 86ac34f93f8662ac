"""Runs parts one after the other in a process of its own, which is stopped when a part takes too long.

After a part that failed by an exception the process is a fresh one: an error on a GPU can spoil all that follows it.
"""

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

from benchmarks.gpu_check.parts import Part

PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"
_START = 120  # seconds in which torch is imported and the device answers
_OURS = ("benchmarks", "difficulty")


class Worker:
    """The process that computes. device: cpu or cuda; size: a name of SIZES.

    Once it has started, `machine` is what it says of the machine, or `missing` the line that says why it cannot run.
    """

    def __init__(self, device: str, size: str):
        self._options = device, size
        self._process, self._connection = None, None
        self.machine: dict[str, str] = {}
        self.missing = ""

    def start(self) -> None:
        """Starts the process, if there is none and it was not in vain before."""
        if self._process is not None or self.missing:
            return
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, *self._options))
        self._process.start()
        theirs.close()
        kind, value = self._receive(time.monotonic() + _START)
        if kind == "ready":
            self.machine = value
        else:
            self.missing = value
            self.stop()

    def run(self, part: Part, seconds: float, receive: Callable[[dict], None]) -> tuple[str, str]:
        """(PASS, FAIL or SKIP; why) of a part, whose rows go to `receive` as they come. seconds: at most."""
        self.start()
        if self.missing:
            return FAIL, self.missing
        self._connection.send(part)
        deadline = time.monotonic() + seconds
        while True:
            kind, value = self._receive(deadline)
            if kind == "row":
                receive(value)
                continue
            if kind not in (PASS, SKIP, "differs"):
                self.stop()
            return FAIL if kind == "differs" else kind, value

    def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.join()
            self._connection.close()
            self._process = None

    def _receive(self, deadline: float) -> tuple[str, object]:
        try:
            if self._connection.poll(max(0.0, deadline - time.monotonic())):
                return self._connection.recv()
            return FAIL, "took too long and was stopped"
        except (EOFError, OSError):
            self._process.join(5)
            return FAIL, f"the process ended with status {self._process.exitcode}"


def _work(connection: Connection, device: str, size: str) -> None:
    os.setpgrp()  # so that what it starts is ended with it
    multiprocessing.set_start_method(None, force=True)  # which it would pass on: stages start processes by the default
    try:
        machine = _opened(device)
    except Exception as error:
        connection.send((FAIL, _one_line(error)))
        return
    connection.send(("ready", machine))
    while True:
        try:
            part = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        connection.send(run_part(part, device, size, lambda row: connection.send(("row", row))))


def run_part(part: Part, device: str, size: str, send: Callable[[dict], None]) -> tuple[str, str]:
    """(PASS, differs, FAIL or SKIP; why) of a part in this process."""
    try:
        import torch

        from benchmarks.gpu_check.agreement import SIZES, Check

        check = Check(torch.device(device), SIZES[size], send)
        module = importlib.import_module(f"benchmarks.gpu_check.{part.module}")
        if check.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        getattr(module, part.function)(check)
        if check.device.type == "cuda":
            torch.cuda.synchronize()
        return ("differs", "beyond a tolerance") if check.failed else (PASS, "")
    except Exception as error:
        return _ended(error)


def _opened(device: str) -> dict[str, str]:
    """Facts of the machine, once the device has computed something."""
    import torch

    from benchmarks.gpu_check.machine import facts
    from difficulty.devices import choose_device

    chosen = choose_device({"device": device})
    torch.ones(8, 8, device=chosen).sum().item()
    return facts(chosen)


def _ended(error: Exception) -> tuple[str, str]:
    """A package that is missing is skipped; everything else has failed, with its traceback on stderr."""
    name = getattr(error, "name", None) or ""
    if isinstance(error, ModuleNotFoundError) and not name.startswith(_OURS):
        return SKIP, f"needs the package {name}"
    if type(error).__name__ == "Skipped":
        return SKIP, str(error)
    text = "".join(traceback.format_exception(error))
    print(text, file=sys.stderr, flush=True)
    return FAIL, _one_line(error)


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
