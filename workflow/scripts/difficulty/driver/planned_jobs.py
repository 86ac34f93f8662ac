"""The jobs that a configuration leads to, done or not, without Snakemake's plan of what to run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True)
class PlannedJob:
    """A job that makes some of the files that are wanted.

    rule: Snakemake's. inputs, outputs, logs: its files, as Snakemake flags them.
    """

    rule: Any
    wildcards: dict[str, str]
    inputs: tuple
    outputs: tuple
    logs: tuple[str, ...]

    def parameters(self) -> dict[str, str]:
        """settings, code and upstream, which identify the result and need no more than the wildcards."""
        named, given = SimpleNamespace(**self.wildcards), dict(self.rule.params.items())
        return {key: given[key](named) for key in ("settings", "code", "upstream")}


def planned_jobs(rules: Iterable, wanted: Iterable[str]) -> Iterator[PlannedJob]:
    """Every job that some files need, each once; files that no rule makes are the user's.

    rules: Snakemake's, those of this workflow.
    """
    seen, wanted, rules = set(), list(wanted), list(rules)
    while wanted:
        path = wanted.pop()
        maker = None if path in seen else next((rule for rule in rules if rule.is_producer(path)), None)
        if maker is None:  # of the user, or seen before
            continue
        wildcards = maker.get_wildcards(path)
        inputs, outputs = maker.expand_input(wildcards)[0], maker.expand_output(wildcards)[0]
        seen |= {str(output) for output in outputs}
        wanted += map(str, inputs)
        logs = tuple(map(str, maker.expand_log(wildcards)))
        yield PlannedJob(maker, dict(wildcards), tuple(inputs), tuple(outputs), logs)
