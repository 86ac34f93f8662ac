"""The finished part of a run, from which a killed run resumes after its last finished epoch.

A folder holds, per epoch, the weights and the outcomes, and one state file (optimizer, checksums) that is replaced
last: what it does not name does not count. A key of all that the run depends on guards it; another key starts again.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from difficulty.errors import UserError
from difficulty.file_locks import locked
from difficulty.shared_disk import has_shared_disk
from difficulty.tensor_files import load_tensors, save_tensors
from difficulty.termination import Stopped
from difficulty.training.checkpoints import checkpoint_name
from difficulty.training.processes import Processes

_STATE = "state.safetensors"
_MODEL = "model"  # the owner of what the model has unlike its checkpoint: running statistics of batch norm


class PartialRun:
    """The unfinished run in `folder`, or a fresh one if there is none with this key.

    writes: whether this process keeps the run; of several that train it together only one does, the others read.
    """

    def __init__(self, folder: Path, key: dict, writes: bool = True):
        self.folder = folder
        self._writes = writes
        self.epoch = -1
        self.checksums: dict[int, str] = {}
        self._outcome_checksums: dict[int, str] = {}
        self._key = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        self._state: dict[str, torch.Tensor] = {}
        self._weights: dict[str, torch.Tensor] = {}
        self._lock = self._locked() if writes else None
        if not self._resume() and writes:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def _locked(self):
        message = f"{self.folder.parent}: another process trains this run; wait for it, or stop it"
        return locked(self.folder.with_name(f"{self.folder.name}.lock"), message)

    def _resume(self) -> bool:
        try:
            tensors, state = load_tensors(self.folder / _STATE)
            if state["key"] != self._key:
                return False
            checksums = {int(epoch): checksum for epoch, checksum in state["checksums"].items()}
            for epoch, checksum in checksums.items():
                self._weights, _ = load_tensors(self.folder / checkpoint_name(epoch), checksum)
            self._outcome_checksums = {int(epoch): checksum for epoch, checksum in state["outcomes"].items()}
            for epoch in self._outcome_checksums:
                self.outcomes(epoch)
        except (UserError, OSError, ValueError):
            self._outcome_checksums = {}
            return False
        self.epoch, self.checksums, self._state = state["epoch"], checksums, tensors
        return True

    @classmethod
    def opened_together(cls, folder: Path, key: dict, processes: Processes) -> "PartialRun":
        """Opens the run for several processes: the first one opens it before the others and writes it."""
        if processes.is_first:
            partial = cls(folder, key)
        processes.wait()
        if not processes.is_first:
            partial = cls(folder, key, writes=False)
        processes.wait()
        return partial

    def restore(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Puts the state of the last finished epoch into the model and the optimizer."""
        weights, state = dict(self._weights), optimizer.state_dict()
        state["state"] = {}
        for name, value in self._state.items():
            owner, field = name.split(".", 1)
            if owner == _MODEL:
                weights[field] = value
            else:
                state["state"].setdefault(int(owner), {})[field] = value
        model.load_state_dict(weights)
        optimizer.load_state_dict(state)

    def save(
        self,
        epoch: int,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        outcomes: dict[str, np.ndarray],
        keep: Iterable[int],
        about: str,
        shown: torch.nn.Module,
    ) -> None:
        """Records that `epoch` is finished.

        outcomes: arrays to be read back with `outcomes(epoch)`; keep: epochs whose weights are wanted in the end;
        about: metadata of the weights; shown: the network of the checkpoint, which is `model` or has other statistics.
        """
        if not self._writes:
            self.epoch = epoch
            return
        if outcomes:
            tensors = {name: torch.from_numpy(array) for name, array in outcomes.items()}
            self._outcome_checksums[epoch] = save_tensors(self._outcome_file(epoch), tensors)
        self.checksums[epoch] = save_tensors(self.folder / checkpoint_name(epoch), shown.state_dict(), about)
        unwanted = [old for old in self.checksums if old != epoch and old not in keep]
        for old in unwanted:
            del self.checksums[old]
        state = {"key": self._key, "epoch": epoch, "checksums": self.checksums, "outcomes": self._outcome_checksums}
        tensors = {
            f"{number}.{field}": torch.as_tensor(value)
            for number, fields in optimizer.state_dict()["state"].items()
            for field, value in fields.items()
            if value is not None
        }
        if shown is not model:
            weights = dict(model.named_parameters())
            own = {name: value for name, value in model.state_dict().items() if name not in weights}
            tensors |= {f"{_MODEL}.{name}": value for name, value in own.items()}
        save_tensors(self.folder / _STATE, tensors, json.dumps(state))
        self.epoch = epoch
        for old in unwanted:
            (self.folder / checkpoint_name(old)).unlink(missing_ok=True)

    @contextmanager
    def stopping_after(self, epochs: int) -> Iterator[None]:
        """Has a SIGTERM meanwhile say after which of the run's `epochs` epochs it ends it."""
        try:
            yield
        except Stopped as stop:
            where = f"after epoch {self.epoch} of {epochs}; the next attempt goes on from there"
            if self.epoch < 1:
                where = "before the first epoch was finished; the next attempt starts again"
            elif not has_shared_disk():
                where = f"after epoch {self.epoch} of {epochs}; without a shared disk, the next attempt starts again"
            raise Stopped(f"ended by {stop.by} {where}", stop.by) from stop

    def outcomes(self, epoch: int) -> dict[str, np.ndarray]:
        """The arrays saved with an epoch."""
        tensors, _ = load_tensors(self._outcome_file(epoch), self._outcome_checksums[epoch])
        return {name: tensor.numpy() for name, tensor in tensors.items()}

    def _outcome_file(self, epoch: int) -> Path:
        return self.folder / f"outcomes-{epoch}.safetensors"

    def publish(self, folder: Path, epochs: Iterable[int]) -> dict[int, str]:
        """Hard-links the checkpoints of `epochs` into `folder`, or copies them; returns their checksums."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for epoch in epochs:
            source, target = self.folder / checkpoint_name(epoch), folder / checkpoint_name(epoch)
            try:
                target.hardlink_to(source)
            except OSError:  # a file system without hard links
                shutil.copyfile(source, target)
        return {epoch: self.checksums[epoch] for epoch in epochs}

    def remove(self) -> None:
        """Forgets everything: the run's outputs are written."""
        shutil.rmtree(self.folder)
        Path(self._lock.name).unlink(missing_ok=True)
