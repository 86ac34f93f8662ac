"""Shared parts of every stage's command line: arguments, log, provenance and failure.

A script is `run_stage(main, arguments())` around a `main(args)` that reads tables, calls the library
and writes tables. Everything that is logged goes to the stage's own file; the terminal gets progress
lines, what `warn` says, and on failure one line.
"""

import argparse
import errno
import json
import logging
import platform
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from difficulty import memory_shortage, resource_use
from difficulty.errors import UserError
from difficulty.termination import Stopped, end_at_once, stopping_on_sigterm, wait_for_sigterm_after
from difficulty.written import discard_record, write_record

logger = logging.getLogger("difficulty")
_FOR_THE_USER = "for_the_user"
_PACKAGES = ("numpy", "pandas", "pyarrow")
WITH_TORCH = ("torch", *_PACKAGES)  # the packages of a stage of networks


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with the options that every stage takes; the script adds its inputs and outputs."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--settings", type=_settings, default={}, help="settings as JSON; -: on standard input")
    parser.add_argument("--code", default="", help="digest of the stage's source, for provenance")
    parser.add_argument("--upstream", default="", help="digest of all that the inputs depend on, for provenance")
    parser.add_argument("--log", type=Path, help="log file (default: the terminal)")
    return parser


def _settings(text: str) -> dict:
    return json.loads(sys.stdin.read() if text == "-" else text)


def required_paths(parser: argparse.ArgumentParser, *names: str, **options) -> None:
    """Adds required options that are paths."""
    for name in names:
        parser.add_argument(f"--{name}", type=Path, required=True, **options)


def provenance(args: argparse.Namespace, packages: tuple[str, ...] = _PACKAGES, **facts) -> dict:
    """How an artifact was made; the same for identical runs on the same kind of machine."""
    return {
        "stage": _name(),
        "settings": args.settings,
        "code": args.code,
        "upstream": args.upstream,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        **facts,
    }


def run_stage(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Parses the command line, runs `main` with logging set up, and records what it wrote; exits 1 with one line if it
    fails or is stopped by a signal. The log ends with the CPU time and the memory that it took."""
    args = parser.parse_args()
    failure = None
    try:
        if args.log:
            args.log.parent.mkdir(parents=True, exist_ok=True)
            args.log.write_text("")
            discard_record(args.log)
        start_logging(args.log)
    except OSError as error:
        sys.exit(f"{_name()}: {_unwritten(args.log, error)}")
    try:
        with stopping_on_sigterm():
            _run(main, args)
    except (Exception, KeyboardInterrupt, Stopped) as error:
        failure = error
        _report(args, error)
    if args.log:
        logger.info("took %s", resource_use.described())
    if isinstance(failure, Stopped):
        end_at_once(1)
    if failure:
        sys.exit(1)


def _run(main: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> None:
    try:
        main(args)
        if args.log:
            write_record(args.log, args.settings, args.code, args.upstream)
    except Exception as error:
        wait_for_sigterm_after(error)
        raise


def warn(message: str) -> None:
    """Prints one line on the terminal and in the log that the user should know although the stage continues."""
    logger.warning(message, extra={_FOR_THE_USER: True})


class _LogFile(logging.FileHandler):
    """The end of a log. If it cannot be written, as on a full disk, one line on the terminal says so, once."""

    def __init__(self, path: Path):
        super().__init__(path, mode="a", encoding="utf-8")
        self._path, self._is_told = path, False

    def handleError(self, record: logging.LogRecord) -> None:
        """In place of a traceback of each line."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._is_told:
            self._is_told = True
            print(f"{_name()}: {_unwritten(self._path, error)}", file=sys.stderr, flush=True)


def _unwritten(log: Path | None, error: OSError) -> str:
    remedy = "free some space" if error.errno == errno.ENOSPC else "make it writable"
    return f"{log}: the log cannot be written ({error.strerror}); {remedy} and run again"


def _name() -> str:
    return Path(sys.argv[0]).stem


def start_logging(log: Path | None, level: int = logging.INFO) -> None:
    """Sends what this process logs to the end of a file, or to the terminal if there is none."""
    target = _LogFile(log) if log else logging.StreamHandler()
    target.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handlers = [target]
    if log:
        handlers.append(logging.StreamHandler())
        handlers[1].addFilter(lambda record: getattr(record, _FOR_THE_USER, False))
        handlers[1].setFormatter(logging.Formatter(f"{_name()}: %(message)s"))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.captureWarnings(True)


def _report(args: argparse.Namespace, error: BaseException) -> None:
    """Prints and logs a line about an error. The traceback of an unexpected one is in the log, before the line."""
    message, is_expected = _line(error, args.settings)
    message = " ".join(message.split())
    if not is_expected:
        logger.info("the error came from here", exc_info=error)
    logger.error(message)
    if args.log:
        print(f"{_name()}: {message} (log: {args.log})", file=sys.stderr)


def _line(error: BaseException, settings: Mapping) -> tuple[str, bool]:
    """(what to say of an error, whether where it came from is of no interest)."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", True
    if shortage := memory_shortage.described(error, settings):
        return shortage, False
    if isinstance(error, UserError | Stopped):
        return str(error), True
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{error.filename or 'output'}: no space left on the device; free some and run again", True
    return f"{type(error).__name__}: {error}", False
