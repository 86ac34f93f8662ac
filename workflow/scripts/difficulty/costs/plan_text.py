"""The plan in words: a table of stages, totals, and warnings of what will not fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from difficulty.costs.remedies import remedy
from difficulty.costs.stages import EstimatedJob, Stage, longest_chain, stages
from difficulty.costs.work import MIB, Cost
from difficulty.progress import duration

_DAY = 24 * 3600
_SHOWN = 25  # stages
_PER_JOB = 0.15  # seconds that Snakemake takes for a job
_LARGE_SHARE, _LONG = 0.5, 3600


@dataclass(frozen=True)
class Machine:
    """Cores that jobs may use, bytes of memory, and bytes that are free on the disk of results/."""

    cores: int
    memory: int
    free: int


def plan_lines(jobs: Sequence[EstimatedJob], machine: Machine, notes: Sequence[str]) -> Iterator[str]:
    """Lines of the plan. notes: what was guessed of the data."""
    found = stages(jobs)
    has_truth = any(stage.known for stage in found)
    has_device = any(job.cost.device for job in jobs)
    shown = found if len(found) <= _SHOWN else found[: _SHOWN - 1]
    rows = [_header(has_device, has_truth), *(_row(stage, has_device, has_truth) for stage in shown)]
    if rest := [job for stage in found[len(shown) :] for job in stage.jobs]:
        rows.append(_row(Stage(f"{len(found) - len(shown)} smaller stages", rest), has_device, has_truth))
    rows.append(_row(Stage("all", list(jobs)), has_device, has_truth))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        numbers = (each.rjust(width) for each, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join([row[0].ljust(widths[0]), *numbers]).rstrip()
    yield ""
    yield from _totals(jobs, machine)
    yield from (f"note: {note}" for note in notes)
    yield from (f"warning: {line}" for line in warnings(found, machine))


def _header(has_device: bool, has_truth: bool) -> list[str]:
    names = ["stage", "jobs", "done", "CPU", *["GPU"] * has_device, "memory", "disk", "temporary"]
    return [*names, *["took", "peak", "wrote"] * has_truth]


def _row(stage: Stage, has_device: bool, has_truth: bool) -> list[str]:
    costs = [job.cost for job in stage.jobs]
    row = [stage.rule, str(len(costs)), str(len(costs) - len(stage.to_do)), duration(sum(cost.cpu for cost in costs))]
    if has_device:
        row.append(duration(sum(cost.device for cost in costs)))
    row += [size(max(cost.memory for cost in costs) * MIB), size(sum(cost.kept for cost in costs))]
    row.append(size(max(cost.temporary for cost in costs)))
    if has_truth and (known := [job.truth for job in stage.known]):
        row += [duration(sum(truth.cpu for truth in known)), size(max(truth.memory for truth in known) * MIB)]
        row.append(size(sum(truth.kept for truth in known)))
    elif has_truth:
        row += ["", "", ""]
    return row


def _totals(jobs: Sequence[EstimatedJob], machine: Machine) -> Iterator[str]:
    to_do = [job for job in jobs if not job.done]
    if not to_do:
        yield "Nothing is to be done."
        return
    cpu, chain = sum(job.cost.cpu for job in to_do), longest_chain(list(jobs))
    wall = max((cpu + _PER_JOB * len(to_do)) / machine.cores, chain)
    kept = sum(job.cost.kept for job in to_do)
    cores = f"{machine.cores} core{'s' * (machine.cores != 1)}"
    yield f"To do: {len(to_do)} of {len(jobs)} jobs, {duration(cpu)} of CPU time, about {duration(wall)} on {cores}."
    most = size(_largest(to_do))
    yield f"They write {size(kept)}; {size(machine.free)} are free. No job is to take more than {most} of memory."


def _largest(jobs: Sequence[EstimatedJob]) -> float:
    """Bytes of memory that the largest job takes, all of its processes together."""
    return max((job.cost.memory * job.cost.processes for job in jobs), default=0) * MIB


def _on_disk(costs: Sequence[Cost]) -> float:
    """Bytes that jobs keep, and that one of them has beside them while it runs."""
    return sum(cost.kept for cost in costs) + max((cost.temporary for cost in costs), default=0)


def warnings(found: Sequence[Stage], machine: Machine) -> Iterator[str]:
    """What will not fit into memory, onto the disk or into a day, and the settings that make it smaller."""
    to_do = [Stage(stage.rule, stage.to_do) for stage in found if stage.to_do]
    for stage in to_do:
        largest = _largest(stage.jobs)
        if largest > machine.memory:
            yield (
                f"{stage.rule} takes {size(largest)} of memory, there are {size(machine.memory)}"
                + remedy(stage.rule, "memory")
            )
    needed = _on_disk([job.cost for stage in to_do for job in stage.jobs])
    if needed > machine.free:
        most = max(to_do, key=lambda stage: _on_disk([job.cost for job in stage.jobs]))
        temporary = needed - sum(job.cost.kept for stage in to_do for job in stage.jobs)
        removed = f", of which {size(temporary)} are removed again" if temporary else ""
        yield (
            f"{size(needed)} are written{removed}, {size(machine.free)} are free on the disk; most by {most.rule}"
            + remedy(most.rule, "disk")
        )
    total = sum(job.cost.cpu for stage in to_do for job in stage.jobs)
    for stage in to_do:
        longest, own = max(job.cost.cpu for job in stage.jobs), sum(job.cost.cpu for job in stage.jobs)
        if longest > _DAY:
            yield f"a job of {stage.rule} takes {duration(longest)}" + remedy(stage.rule, "time")
        elif own > max(_LARGE_SHARE * total, _LONG) and remedy(stage.rule, "time") and stage.rule != "train_model":
            yield f"{stage.rule} takes {own / total:.0%} of the CPU time" + remedy(stage.rule, "time")


def size(count: float) -> str:
    """Bytes in a unit that fits."""
    for unit, name in ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}" if unit > MIB else f"{count / unit:,.0f} {name}"
    return f"{count / 1024:,.0f} KiB"
