"""The terminal of a run: one line for each job that has finished, in place of all that Snakemake prints.

A log handler of our own takes the place of Snakemake's handler for the terminal; the file under .snakemake/log still
gets everything. Records that this module does not know pass unchanged, warnings and errors among them: with another
version of Snakemake, the terminal shows more, never less.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from difficulty.driver.job_times import JobTimes
from difficulty.driver.shell_paths import from_shell
from difficulty.progress import duration

_SNAKEMAKE_HANDLER = "DefaultStreamHandler"
_NAME_WIDTH, _LOG_LINES = 52, 15
# Messages (not events) of Snakemake that say nothing which a user has to know.
_OMITTED = re.compile(
    r"Building DAG|Using shell|host: |Assuming unrestricted|Conda environments: ignored|Singularity containers: ignored"
    r"|Group jobs: inactive|Select jobs|Execute \d+ jobs|Reasons:|Some jobs were triggered|Rules with provenance"
    r"|This was a dry-run|Complete log|Elapsed time|Shutting down|Exiting because a job|Touching output"
    r"|WorkflowError:\s*At least one job did not complete|Cannot restore|Restored previous version"
)
_OMITTED_EVENTS = {
    "workflow_started",
    "shellcmd",
    "job_started",
    "group_info",
    "resources_info",
    "progress",
    "rulegraph",
}
_SHOWN_EVENTS = {"run_info", "job_info", "job_finished", "job_error", "group_error", "error"}
_KILLED = re.compile(r"died with <Signals\.(SIG\w+)|exit status (134|137|143)\b")
_IN_STORAGE = re.compile(r" \((send to|retrieve from) storage\)$")  # behind the path of a log
# In the log of a stage, in what the plugin for SLURM says of a job, or in SLURM's own log.
_OUT_OF_MEMORY = re.compile(
    r"ERROR (probably )?out of memory(?! on the GPU)|OUT_OF_MEMORY|oom[-_ ]?kill|exceeded memory limit", re.IGNORECASE
)


def quiet_terminal(workflow) -> "QuietTerminal | None":
    """Replaces Snakemake's handler for the terminal; returns what takes its place.

    None, and nothing is replaced, if the user asks for Snakemake's own output (--printshellcmds, --verbose,
    --debug-dag, --quiet, or --logger with another plugin), if another workflow uses this one as a module, or if this
    version of Snakemake has no such handler or settings.
    """
    logger = logging.getLogger("snakemake.logging")
    handlers = [handler for handler in logger.handlers if handler.get_name() == _SNAKEMAKE_HANDLER]
    try:
        settings, is_module = workflow.output_settings, not workflow.modifier.is_main_snakefile()
        is_asked_for = settings.printshellcmds or settings.verbose or settings.debug_dag or settings.quiet
    except AttributeError:
        return None
    if is_asked_for or is_module or not handlers:
        return None
    terminal = QuietTerminal(
        handlers[0],
        lambda: _rules_without_work(workflow.rules),
        lambda paths: workflow.persistence._filter_incomplete_keys(paths),
        dry_run=settings.dryrun,
    )
    logger.removeHandler(handlers[0])
    logger.addHandler(terminal)
    return terminal


def _rules_without_work(rules: Iterable) -> set[str]:
    """Names of the rules that only name targets."""
    return {rule.name for rule in rules if not rule.output and not rule.shellcmd}


class QuietTerminal(logging.Handler):
    """Formats Snakemake's log records for people, and remembers what the summary of the run needs.

    handler: Snakemake's own, which prints what is left as it is; targets: returns the names of rules that make nothing;
    incomplete: returns those of some outputs that are marked as incomplete.
    """

    def __init__(
        self,
        handler: logging.StreamHandler,
        targets: Callable[[], set[str]],
        incomplete: Callable[[list[str]], set[str]],
        dry_run: bool = False,
    ):
        super().__init__()
        self.handler, self.targets, self.incomplete, self.dry_run = handler, targets, incomplete, dry_run
        self.ignored, self.names = set(), {}
        self.started: dict[int, logging.LogRecord] = {}  # what Snakemake logged of each job that runs
        self.times: JobTimes | None = None
        self.failed: dict[str, list[str]] = {}  # name of a job -> its log files
        self.interrupted = False

    @property
    def rules(self) -> set[str]:
        """Of which one job at least has finished."""
        return {*self.times.seconds} if self.times else set()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.text(record, time.monotonic())
        except (AttributeError, KeyError, TypeError):  # not what this version of Snakemake logs
            text = None
        if text is None:
            self.handler.handle(record)
        elif text and record.levelno >= logging.ERROR:
            self.handler.handle(logging.makeLogRecord({**record.__dict__, "event": None, "msg": text, "args": ()}))
        elif text:
            self.handler.stream.write(text + "\n")
            self.handler.flush()

    def text(self, record: logging.LogRecord, now: float) -> str | None:
        """What to print; nothing if it is empty, the record as it is if it is None."""
        event = getattr(record, "event", None)
        if event in _OMITTED_EVENTS:
            return ""
        if event in _SHOWN_EVENTS:
            return getattr(self, f"_{event}")(record, now)
        message = str(record.msg or "")
        if message.startswith("Terminating processes on user request"):
            self.interrupted = True
            return "Interrupted: ending the running jobs."
        return "" if event is None and _OMITTED.match(message) else None

    def _run_info(self, record, now: float) -> str:
        if self.times:  # a dry run logs it at the end, too
            return ""
        self.ignored = self.targets()
        counts = {rule: count for rule, count in record.stats.items() if rule not in {*self.ignored, "total"}}
        self.times = JobTimes(counts, now)
        return f"{_jobs(self.times.total)}{' would run:' if self.dry_run else ' to run.'}"

    def _job_info(self, record, now: float) -> str:
        if record.rule_name in self.ignored:
            return ""
        name = " ".join([record.rule_name, *map(str, record.wildcards.values())])
        self.names[record.jobid], self.started[record.jobid] = name, record
        self.times.start(record.jobid, record.rule_name, now)
        return f"    {name}: {self._reason(record)}" if self.dry_run else ""

    def _reason(self, record) -> str:
        """Why a job would run; Snakemake calls one forced, too, of which an output is marked as incomplete."""
        is_forced = record.reason.startswith("Forced execution")
        if is_forced and self.incomplete(record.output):
            return "output files are incomplete, or not as they were written"
        return _main_reason(record.reason)

    def _job_finished(self, record, now: float) -> str:
        if record.job_id not in self.names:
            return ""
        times = self.times
        self.started.pop(record.job_id, None)
        self.failed.pop(self.names[record.job_id], None)  # at another attempt
        seconds = times.finish(record.job_id, now)
        left = None if self.failed or self.interrupted else times.left(now)
        line = f"{times.done / times.total:4.0%}  {self.names[record.job_id]:<{_NAME_WIDTH}} {duration(seconds):>12}"
        return line if left is None or times.done == times.total else f"{line}    about {duration(max(left, 1))} left"

    def _job_error(self, record, now: float) -> str:
        name = self.names[record.jobid]
        took = duration(self.times.fail(record.jobid, now)) if record.jobid in self.times.running else "some time"
        if self.interrupted:
            return f"      {name}: interrupted after {took}"
        logs = [_IN_STORAGE.sub("", str(path)) for path in record.log]
        self.failed[name] = logs
        lines = [f"FAILED: {name}, after {took}", *map(_end_of_log, logs)]
        started = self.started.pop(record.jobid, None)
        if started and _OUT_OF_MEMORY.search("\n".join([str(getattr(record, "rule_msg", "")), *lines])):
            lines.append(f"    The memory did not suffice. {_more_memory(started)}")
        return "\n".join(lines)

    def _group_error(self, record, now: float) -> str:
        """Logs of the cluster; an error of each job of the group follows."""
        return "\n".join([f"FAILED: jobs that ran together as {record.groupid}", *map(_end_of_log, record.aux_logs)])

    def _error(self, record, now: float) -> str | None:
        """What a command printed is in its log, which `_job_error` shows; its text would fill the terminal."""
        message = str(record.msg or "")
        if _OMITTED.match(message) or self.interrupted:
            return ""
        if "CalledProcessError" not in message:
            return None
        killed = _KILLED.search(message)
        statuses = {"134": "SIGABRT", "137": "SIGKILL", "143": "SIGTERM"}
        signal = statuses.get(killed[2], killed[1]) if killed else None
        if not signal:
            return ""
        started = [each for each in self.started.values() if any(log in message for log in map(str, each.log))]
        job = self.names[started[0].jobid] if len(started) == 1 else "A job"
        if signal not in ("SIGKILL", "SIGABRT"):  # the latter is how C++ ends that gets no memory
            return f"{job} was killed by {signal}."
        more = f" {_more_memory(started[0])}" if len(started) == 1 else ""
        return f"{job} was killed by {signal} (the memory may not suffice).{more}"


def _more_memory(job: logging.LogRecord) -> str:
    """What memory a job was to have, and how it gets more. job: its record of JOB_INFO, which may lack resources."""
    planned = getattr(getattr(job, "resources", None), "mem_mb", None)
    planned = planned if isinstance(planned, int) else None
    had = f" than the {planned:,} MB that are planned for it" if planned else ""
    more = f"--set-resources {job.rule_name}:mem_mb={2 * planned if planned else 'MB'}"
    if getattr(job, "local", False):
        return (
            f"It takes more{had} ({more}), or too many jobs ran at once (--cores; --resources mem_mb=MB for them all)."
        )
    return f"It takes more{had}; allow it more with {more}."


def _jobs(count: int) -> str:
    return f"{count} job{'s' * (count != 1)}"


def _main_reason(reason: str) -> str:
    """The first of the reasons for which Snakemake runs a job, without the files that it names; that its input is made
    again is the last to be named."""
    reasons = re.findall(r"(?:^|; )([A-Z][a-z][^:;]*)", reason) or ["forced"]
    first = min(reasons, key=lambda text: text.startswith("Input files updated by another job"))
    return first[:1].lower() + first[1:]


def _end_of_log(path: str) -> str:
    """The path of a log and its last lines, indented; of one that a storage keeps elsewhere, its address."""
    if "://" in path:
        return f"    its log: {path}"
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        why = "it ended before it began one; what it said is above (libraries that cannot be mapped lack memory)"
        return f"    there is no log {from_shell(path)}: {why}"
    if not lines:
        why = "what the job said is above (libraries that lack memory may end it at once)"
        return f"    its log is empty, {from_shell(path)}: {why}"
    return "\n".join(
        [f"    its log, {from_shell(path)}, ends with:", *(f"    | {line}" for line in lines[-_LOG_LINES:])]
    )
