"""Training by several processes of one machine, each with a share of every batch (torch's DistributedDataParallel).

With GPUs each process has one of its own and they talk by NCCL, without by gloo.
"""

import logging
import multiprocessing.process
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from difficulty import memory_shortage
from difficulty.devices import own_gpus
from difficulty.errors import UserError
from difficulty.stage import start_logging
from difficulty.termination import Stopped, stopping_on_sigterm
from difficulty.written import write_record

logger = logging.getLogger("difficulty")
_SECONDS_TO_END = 2.0


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this one is. All of them must call every method that talks, in the same order."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this one writes what they made together."""
        return self.rank == 0

    def share(self, rows: torch.Tensor) -> torch.Tensor:
        """This process's part of rows (N,): consecutive ones; the sizes of two shares differ by one at most."""
        return rows.tensor_split(self.count)[self.rank]

    def total(self, numbers: torch.Tensor) -> torch.Tensor:
        """The sum over all processes, of the same shape."""
        if self.count == 1:
            return numbers
        numbers = numbers.clone()
        distributed.all_reduce(numbers)
        return numbers

    def agree(self, tensors: Iterable[torch.Tensor]) -> None:
        """Gives all processes the first one's values."""
        if self.count > 1:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def wait(self) -> None:
        """Returns when all have come here."""
        if self.count > 1:
            distributed.barrier()

    def averaging(self, model: nn.Module) -> nn.Module:
        """The model as it is to be called in training: its gradients become the mean over all processes."""
        return model if self.count == 1 else DistributedDataParallel(model)


ALONE = Processes()


def run_together(work: Callable[[Any, Processes], None], args: Any, count: int, log: Path | None) -> None:
    """Calls work(args, processes) in `count` new processes at once; in this one if that is 1.

    work, args: what pickle takes. log: file that all of them log to. If one of them fails, the others are stopped and
    its error is raised as UserError, in one line; if this process is stopped or interrupted, all of them are.
    """
    if count == 1:
        work(args, ALONE)
        return
    on_gpus = torch.cuda.is_available() and args.settings.get("device") != "cpu"
    if on_gpus and torch.cuda.device_count() < count:
        found = torch.cuda.device_count()
        raise UserError(f"gpus: {count} were asked for, but torch sees {found}; ask for fewer, or set device: cpu")
    gpus = own_gpus(count) if on_gpus else []
    errors = torch.multiprocessing.get_context("spawn").SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        meeting_point = Path(folder, "processes").as_uri()
        given = (work, args, count, log, gpus, meeting_point, errors)
        started = torch.multiprocessing.spawn(_member, given, count, join=False)
        try:
            while not started.join(grace_period=_SECONDS_TO_END):
                pass
        except torch.multiprocessing.ProcessExitedException as error:
            raise UserError(_reason(error, errors)) from None
        except BaseException as error:
            _end(started.processes)
            if isinstance(error, Stopped) and not errors.empty():
                raise Stopped(errors.get()) from None
            raise


def _end(processes: Sequence[multiprocessing.process.BaseProcess]) -> None:
    """Ends processes by SIGTERM, and soon those by SIGKILL that wait for another one."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _SECONDS_TO_END
    for process in processes:
        process.join(max(deadline - time.monotonic(), 0))
        process.kill()
        process.join()


def _member(rank, work, args, count, log, gpus, meeting_point, errors) -> None:
    start_logging(log, logging.INFO if rank == 0 else logging.WARNING)
    try:
        if gpus:
            torch.cuda.set_device(gpus[rank])
        backend = "nccl" if gpus else "gloo"
        distributed.init_process_group(backend, init_method=meeting_point, rank=rank, world_size=count)
        with stopping_on_sigterm():
            work(args, Processes(rank, count))
        if rank == 0 and log:
            write_record(log, args.settings, args.code, args.upstream)
        distributed.destroy_process_group()
    except Stopped as stop:
        if rank == 0:
            errors.put(str(stop))
        raise SystemExit(1) from stop
    except Exception as error:
        is_explained = isinstance(error, UserError)
        if not is_explained:
            logger.exception("process %d of %d", rank, count)
        text = str(error) if is_explained else f"{type(error).__name__}: {error}"
        errors.put(memory_shortage.described(error, args.settings) or text)
        raise SystemExit(1) from error


def _reason(error: torch.multiprocessing.ProcessExitedException, errors) -> str:
    """The error of the process that failed first; the others then fail because they lost it."""
    name = error.signal_name
    if name is None and not errors.empty():
        return errors.get()
    ending = f"was ended by {name}" if name else "ended early"
    memory = "; it may have wanted more memory than there is" if name == signal.SIGKILL.name else ""
    return f"process {error.error_index} of those that train together {ending}{memory}"
