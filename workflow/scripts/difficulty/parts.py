"""The finished part of a long job, from which the next attempt goes on when the job is killed.

A job works through its rows in order. Every half minute the rows that are finished since are written as one file into
`.partial/{name of the output}/` beside the output, which Snakemake does not know and therefore does not delete. A file
begins with the SHA-256 of what follows it, of its first row, and of a key of all that the results depend on: one that
is damaged, or of another key, does not count, nor do those after it. Where rows depend on the batch that they are
computed in, batches must be the same in each attempt, so that results are equal bit by bit.

What is written is not kept in memory: it is read again, and checked again, when it is asked for.
"""

import contextlib
import hashlib
import io
import json
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from difficulty.atomic_files import atomic_path
from difficulty.errors import UserError
from difficulty.file_locks import locked
from difficulty.progress import Progress
from difficulty.shared_disk import has_shared_disk
from difficulty.termination import Stopped

logger = logging.getLogger(__name__)
PARTIAL = ".partial"
_SECONDS_PER_PART = 30.0
_BYTES_PER_PART = 64 << 20
_SUM, _DONE = "sum of ", "done"

Columns = Mapping[str, np.ndarray]


class _Taken(NamedTuple):
    """What `Parts.add` has taken in as a whole.

    SIGTERM may end it between any two steps, so all of this changes by one assignment. blocks: of rows that are not
    yet written. done: see Parts. sums: over all rows.
    """

    blocks: int
    done: int
    sums: dict[str, np.ndarray]


class Parts:
    """Rows of a job's results, as a context: left without an error, it forgets them, as the outputs are written.

    folder: where they are. total: of what is `done`, in `unit`.
    """

    def __init__(
        self,
        output: Path,
        key: Mapping,
        total: int,
        unit: str = "examples",
        accept: Callable[[Columns], bool] | None = None,
    ):
        """Finds what an earlier attempt has left.

        output: of the job. key: settings, code, versions and digests of inputs, as JSON takes them. accept: whether
        the rows of a part, in order, still fit what they were made from; None: always. Raises UserError if another
        process is at work on the same output.
        """
        self.folder, self.total, self.unit = self.folder_of(output), total, unit
        self._key = json.dumps(key, sort_keys=True).encode()
        message = f"{output}: another process is making this; wait for it, or stop it"
        self._lock = locked(self.folder.with_name(f"{output.name}.lock"), message)
        self._firsts: list[int] = []
        self._new: list[Columns] = []
        self._taken = _Taken(0, 0, {})
        self._bytes = self._kept = 0
        while self._is_found(accept):
            pass
        self._kept = self.done
        for path in set(self.folder.glob("*.part")) - set(map(self._path, self._firsts)):
            path.unlink()
        self._written = time.monotonic()
        if self.done:
            logger.info(f"goes on after {self.done:,} of {total:,} {unit}")

    @property
    def done(self) -> int:
        """How much is finished."""
        return self._taken.done

    @staticmethod
    def folder_of(output: Path) -> Path:
        """Where parts of an output are."""
        return output.parent / PARTIAL / output.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if error is None:
            self._forget()
            return
        with contextlib.suppress(OSError):
            self._write()
        self._lock.close()
        if isinstance(error, Stopped):
            where = "; the next attempt starts again"
            if self._kept:
                done = f" after {self._kept:,} of {self.total:,} {self.unit}"
                where = f"{done}; the next attempt goes on from there"
                if not has_shared_disk():
                    where = f"{done}; without a shared disk, the next attempt starts again"
            raise Stopped(f"ended by {error.by}{where}", error.by) from error

    def progress(self, name: str) -> Progress:
        """Progress lines of what is left, which count what an earlier attempt has done."""
        return Progress(name, self.total, self.unit, done=self.done)

    def add(self, rows: Columns, sums: Columns | None = None, done: int | None = None) -> None:
        """Takes the next rows in; writes those that are not yet written if the last time is long ago.

        sums: name -> whole numbers, which are added up over all rows. done: how much is done by them; None: a row each.
        """
        self._new.append({name: _plain(values) for name, values in rows.items()})
        own = {_SUM + name: self._taken.sums.get(_SUM + name, 0) + values for name, values in (sums or {}).items()}
        count = len(next(iter(rows.values()))) if done is None else done
        self._taken = _Taken(len(self._new), self.done + count, self._taken.sums | own)
        self._bytes += sum(values.nbytes for values in self._new[-1].values())
        if self._bytes > _BYTES_PER_PART or time.monotonic() - self._written >= _SECONDS_PER_PART:
            self._write()

    def columns(self) -> dict[str, np.ndarray]:
        """All rows, of this attempt and of earlier ones; nothing if there are none. Errors are those of `block`."""
        return _joined([self.block(number) for number in range(len(self.starts()) - 1)])

    def starts(self) -> list[int]:
        """How much was done before each block of rows that `block` reads; at the end, how much is done."""
        return [*self._firsts, *([self._kept] if self._taken.blocks else []), self.done]

    def block(self, number: int) -> dict[str, np.ndarray]:
        """The rows of one part, or at the end those that are not yet written.

        Raises UserError if a part is no longer as it was written.
        """
        if number == len(self._firsts):
            return _joined(self._new)
        first = self._firsts[number]
        if (part := self._read(first)) is None:
            raise UserError(f"{self._path(first)}: changed while it was in use; run again, what it held is made again")
        return {name: values for name, values in part.items() if name != _DONE and not name.startswith(_SUM)}

    def sum(self, name: str) -> np.ndarray:
        """What was added up of all rows."""
        return self._taken.sums[_SUM + name]

    def _is_found(self, accept: Callable[[Columns], bool] | None) -> bool:
        """Whether an earlier attempt has left a part of the next rows that fits, which then counts as done."""
        part = self._read(self.done)
        if part is None or (accept is not None and not accept(part)):
            return False
        self._firsts.append(self.done)
        sums = {name: values for name, values in part.items() if name.startswith(_SUM)}
        self._taken = _Taken(0, int(part[_DONE]), sums)
        return True

    def _write(self) -> None:
        blocks, done, sums = self._taken
        if done == self._kept:
            return
        part = _joined(self._new[:blocks])
        buffer = io.BytesIO()
        np.savez(buffer, **part, **sums, **{_DONE: np.array(done)})
        with atomic_path(self._path(self._kept)) as temporary, temporary.open("wb") as file:
            file.write(self._digest(self._kept, buffer.getbuffer()))
            file.write(buffer.getbuffer())
        self._firsts.append(self._kept)
        self._kept = done  # first: from now on there is nothing to be written
        self._taken = _Taken(0, done, sums)
        self._new, self._bytes, self._written = [], 0, time.monotonic()

    def _read(self, first: int) -> dict[str, np.ndarray] | None:
        """The part that begins with this row; None if there is none of this key that is as it was written."""
        try:
            content = self._path(first).read_bytes()
        except OSError:
            return None
        size = hashlib.sha256().digest_size
        if content[:size] != self._digest(first, memoryview(content)[size:]):
            return None
        stream = io.BytesIO(content)  # shares the bytes
        stream.seek(size)
        with np.load(stream) as stored:
            return dict(stored)

    def _digest(self, first: int, content: memoryview) -> bytes:
        digest = hashlib.sha256(self._key + b"%d" % first)
        digest.update(content)
        return digest.digest()

    def _path(self, first: int) -> Path:
        return self.folder / f"{first:012d}.part"

    def _forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        Path(self._lock.name).unlink(missing_ok=True)
        self._lock.close()
        with contextlib.suppress(OSError):  # of another job's output
            self.folder.parent.rmdir()


def _plain(values) -> np.ndarray:
    """Text of fixed length in place of objects, which are not stored."""
    found = np.asarray(values)
    return found.astype(str) if found.dtype == object else found


def _joined(parts: list[Columns]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else ())}
