"""What is said at the end of a run: how long it took, where to look, which labels are most suspicious."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic

from difficulty.driver.shell_paths import from_shell
from difficulty.driver.terminal import QuietTerminal
from difficulty.progress import duration
from difficulty.suspect_lines import first_suspects

_EVERY_FILE = Path(__file__).parents[4] / "results" / "README.md"
_SUSPECTS = 5


def success(terminal: QuietTerminal | None, datasets: Mapping[str, str]) -> str:
    """Lines for the end of a run in which every job has succeeded; empty without our terminal.

    datasets: experiment -> its data set, the experiment whose suspects are shown first.
    """
    if not terminal or not terminal.times:
        return ""
    count = terminal.times.done
    lines = ["", f"Done: {count} job{'s' * (count != 1)} in {duration(monotonic() - terminal.times.began)}."]
    if "rank_suspects" in terminal.rules and "suspects" not in terminal.rules:  # which shows them itself
        lines += [*_suspects(datasets), *_where_to_look(datasets)]
    return "\n".join(lines)


def failure(terminal: QuietTerminal | None) -> str:
    """Lines for the end of a run in which a job has failed, or that was interrupted; empty without our terminal."""
    if not terminal or not terminal.times:
        return ""
    times, failed = terminal.times, terminal.failed
    took = duration(monotonic() - times.began)
    again = "start it again: what is finished is kept, and trainings go on after their last finished epoch."
    if terminal.interrupted:
        return f"\nInterrupted after {took}; finished: {times.done} of {times.total} jobs. To go on, {again}"
    others = times.total - times.done - len(failed)
    counts = f"{times.done} of {times.total} jobs finished, {len(failed)} failed" + f", {others} not started" * bool(
        others
    )
    logs = [f"    {name}: {', '.join(map(from_shell, paths)) or 'it has no log'}" for name, paths in failed.items()]
    lines = [f"\nFailed after {took}: {counts}. Logs of the jobs that failed:", *logs]
    if {*failed} != {"verify"}:  # which says itself what is to be done
        lines.append(f"Once this is fixed, {again}")
    return "\n".join(lines)


def _suspects(datasets: Mapping[str, str]) -> Iterable[str]:
    """The first rows of the first list of suspects that there is."""
    for experiment, dataset in datasets.items():
        path = Path("results", "experiments", experiment, "suspects.csv")
        if not path.exists():
            continue
        if not (rows := first_suspects(path, _SUSPECTS)):
            continue
        images = Path("results", "datasets", dataset, "images")  # records of other runs have none
        where = f"all: {from_shell(path)}" + f"; images: {from_shell(images)}" * images.exists()
        yield f"The most suspicious labels of {experiment} ({where}):"
        yield from rows
        return


def _where_to_look(datasets: Mapping[str, str]) -> Iterable[str]:
    page, galleries = Path("results", "index.html"), Path("results", "figures", "experiments")
    found = [page, *(galleries / name / "gallery.png" for name in datasets)]
    if first := next(filter(Path.exists, found), None):
        what = "in a browser: every image, score and figure on one page" if first == page else "next"
        yield f"Open {from_shell(first)} {what}."
    if _EVERY_FILE.exists():
        yield f"{from_shell(_EVERY_FILE)} explains every file."
