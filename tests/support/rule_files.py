"""Plans without Snakemake: the jobs that make all files of a plan, by the rule files, in milliseconds."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace

from snakemake.io import expand

from difficulty.atlas import figure_places
from difficulty.errors import UserError
from difficulty.plan import paths
from difficulty.plan.plan import Plan
from difficulty.plan.stage import Stage
from difficulty.plan.vog import SHARD

RULES = Path(__file__).parents[2] / "workflow" / "rules"
_RULE = re.compile(r"^(?:use rule (\w+) as |rule )(\w+)(?: with)?:\n((?:    .*\n|\n)+)", re.MULTILINE)
_SECTION = re.compile(r"^    (input|output|wildcard_constraints|params):\n((?:        .*\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """A job that makes a file that is wanted: its rule, the stage that is recorded with its results, its files, and its
    wildcards."""

    rule: str
    stage: Stage
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    wildcards: dict[str, str]


class NotPlanned(Exception):
    """A file that no rule makes, or that several do, or one of the user's that is not there."""


@dataclass(frozen=True)
class _Rule:
    name: str
    inputs: list[str | list | Callable]
    outputs: dict[str, re.Pattern]
    stage: Callable | None


def jobs(plan: Plan) -> list[Job]:
    """Every job of the target `all`. Raises NotPlanned."""
    rules = list(_rules(plan))
    found: dict[tuple, Job] = {}
    wanted, seen = plan.files(), set()
    while wanted:
        if (path := wanted.pop()) in seen:
            continue
        seen.add(path)
        makers = [(rule, match) for rule in rules for each in rule.outputs.values() if (match := each.fullmatch(path))]
        if not makers and not path.startswith("results/") and Path(path).exists():
            continue
        if len(makers) != 1:
            raise NotPlanned(f"{path} is made by {', '.join(rule.name for rule, _ in makers) or 'no rule'}")
        [(rule, match)] = makers
        wildcards = match.groupdict()
        if (key := (rule.name, *wildcards.values())) not in found:
            inputs = [path for each in rule.inputs for path in _filled_in(each, wildcards)]
            outputs = [pattern.format(**wildcards) for pattern in rule.outputs]
            stage = rule.stage(SimpleNamespace(**wildcards))
            found[key] = Job(rule.name, stage, tuple(inputs), tuple(outputs), wildcards)
            wanted += inputs
    return list(found.values())


def rules_with_files() -> set[str]:
    """Names of all rules that make files."""
    return {name for name, sections in _sections().items() if "output" in sections}


def _filled_in(source: str | list | Callable, wildcards: dict[str, str]) -> list[str]:
    """The files of an input: a pattern, several of them, or a function that returns some."""
    if callable(source):
        files = source(SimpleNamespace(**wildcards))
        return [files] if isinstance(files, str) else list(files)
    patterns = [source] if isinstance(source, str) else source
    return [pattern.format(**wildcards) for pattern in patterns]


def _rules(plan: Plan) -> Iterator[_Rule]:
    names = _names(plan)
    for name, sections in _sections().items():
        if "output" not in sections:
            continue
        values = {kind: eval(code, names) for kind, code in sections.items()}
        constraints = {**names["CONSTRAINTS"], **values.get("wildcard_constraints", ((), {}))[1]}
        inputs, outputs, parameters = (values.get(kind, ((), {})) for kind in ("input", "output", "params"))
        entries = (*outputs[0], *outputs[1].values())
        files = [path for entry in entries for path in ([entry] if isinstance(entry, str) else entry)]
        patterns = {path: _expression(path, constraints) for path in files}
        yield _Rule(name, [*inputs[0], *inputs[1].values()], patterns, parameters[1].get("stage"))


def _expression(pattern: str, constraints: dict[str, str]) -> re.Pattern:
    """A regular expression for the files of an output, with a group for each wildcard."""
    parts, known = [], set()
    for number, part in enumerate(re.split(r"\{(\w+)\}", pattern)):
        if number % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={part})" if part in known else f"(?P<{part}>{constraints.get(part, '[^/]+')})")
            known.add(part)
    return re.compile("".join(parts))


@cache
def _sections() -> dict[str, dict[str, CodeType]]:
    """Rule -> section -> code that returns its positional and its named entries; rules inherit those of others."""
    found: dict[str, dict[str, CodeType]] = {}
    for file in sorted(RULES.glob("*.smk"), key=lambda file: (file.name != "figures.smk", file.name)):
        for parent, name, body in _RULE.findall(file.read_text(encoding="utf-8")):
            own = {kind: compile(f"entries({text})", file.name, "eval") for kind, text in _SECTION.findall(body)}
            found[name] = {**found.get(parent, {}), **own}
    return found


@cache
def _helpers() -> CodeType:
    """The functions of declaring.smk that rules use, and the wildcards' constraints."""
    text = (RULES / "declaring.smk").read_text(encoding="utf-8")
    text = text[text.index("\nNAME, RUN = ") :]
    text = re.sub(r"^wildcard_constraints:\n((?:    .*\n)+)", r"CONSTRAINTS = dict(\n\1)\n", text, flags=re.MULTILINE)
    return compile(text, "declaring.smk", "exec")


def _names(plan: Plan) -> dict:
    """What the sections of rules refer to, in a plan."""

    def same(value, **_):
        return value

    def not_planned(error):
        raise NotPlanned(error)

    flags = dict.fromkeys(("ancient", "directory", "update", "temp", "report"), same)
    names = {"plan": plan, "paths": paths, "inspect": inspect, "UserError": UserError, "SHARD": SHARD, **flags}
    names |= {"figure_places": figure_places, "in_storage": False}
    names |= {"expand": expand, "literal_paths": SimpleNamespace(literal=same), "end_with": not_planned}
    exec(_helpers(), names)
    stage = {"parameters": lambda method: {"stage": names["of_wildcards"](method)}}
    names |= {**stage, "drawing": stage["parameters"], "entries": lambda *unnamed, **named: (unnamed, named)}
    return names
