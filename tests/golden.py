"""A record of what the workflow would do, and of what it computes, to hold a restructured one against.

python -m tests.golden plans FILE               every job of eight configurations: parameters, command, paths, resources
python -m tests.golden tables RESULTS FILE      SHA-256 of every column of every table below a folder of results
python -m tests.golden compare OLD NEW          what differs; exits 1 if anything does

Two records of plans are equal if the same jobs have the same settings, commands and paths, and if their digests differ
in name only: jobs that shared a digest of code or an upstream key still do, and jobs that did not still do not.
"""

import argparse
import hashlib
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow.parquet as pq
import yaml

import tests.conftest  # noqa: F401 - makes the library importable
from tests.workflow.configurations import choices, written
from tests.workflow.planning import ROOT, plans
from tests.workflow.test_plans import make_inputs

CHOSEN = 6  # configurations that put many pairs of features together, beside the two that the repository has
DIGESTS = ("code", "upstream")


def configurations() -> list[dict]:
    """Eight configurations: the default suite, one that needs every rule, and six of all kinds."""
    files = [ROOT / "config.yaml", ROOT / "tests" / "every_rule.yaml"]
    return [*(yaml.safe_load(file.read_text()) for file in files), *(written(choice) for choice in choices(CHOSEN))]


def recorded_plans() -> dict:
    """Number of the configuration and first output -> facts of the job."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_inputs(folder)
        record = {}
        for number, plan in enumerate(plans(configurations(), folder)):
            if plan.problem:
                sys.exit(f"configuration {number}: {plan.problem}")
            record |= {f"{number} {job.outputs[0] if job.outputs else job.rule}": asdict(job) for job in plan.jobs}
    return record


def recorded_tables(results: Path) -> dict:
    """Table and column -> SHA-256 of its values and type."""
    record = {}
    for path in sorted(results.rglob("*.parquet")):
        if "benchmarks" in path.parts or path.name.startswith("."):
            continue
        table = pq.read_table(path).combine_chunks()
        for name in table.column_names:
            column = table.column(name)
            text = json.dumps([str(column.type), repr(column.to_pylist())])
            record[f"{path.relative_to(results)} {name}"] = hashlib.sha256(text.encode()).hexdigest()
    return record


def options(command: str) -> dict[str, list[str]]:
    """Option -> values of a command line, without its digests; the program stands under an empty name."""
    found, name = {}, ""
    for word in shlex.split(command):
        if word.startswith("--"):
            name, _, value = word.partition("=")
            found[name] = [value] if value else []
        else:
            found.setdefault(name, []).append(word)
    return {name: values for name, values in found.items() if name.removeprefix("--") not in DIGESTS}


def comparable(job: dict) -> dict:
    """The facts of a job that must stay: the order of inputs, of outputs and of options is of no account."""
    facts = {name: value for name, value in job.items() if name not in (*DIGESTS, "command")}
    facts |= {name: sorted(facts[name]) for name in ("inputs", "outputs")}
    return facts | {"options": options(job["command"])}


def differences(old: dict, new: dict) -> Iterator[str]:
    """One line for everything that differs between two records."""
    yield from (f"gone: {name}" for name in sorted(old.keys() - new.keys()))
    yield from (f"new: {name}" for name in sorted(new.keys() - old.keys()))
    renamed = {digest: ({}, {}) for digest in DIGESTS}
    for name in sorted(old.keys() & new.keys()):
        if isinstance(old[name], str):
            if old[name] != new[name]:
                yield f"differs: {name}"
            continue
        before, after = comparable(old[name]), comparable(new[name])
        for fact in sorted(before.keys() | after.keys()):
            if before.get(fact) != after.get(fact):
                yield f"{name}: {fact}: {before.get(fact)} -> {after.get(fact)}"
        for digest, (forth, back) in renamed.items():
            one, other = old[name][digest], new[name][digest]
            if forth.setdefault(one, other) != other or back.setdefault(other, one) != one:
                yield f"{name}: {digest}: other jobs share it than before"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("plans").add_argument("file", type=Path)
    tables = commands.add_parser("tables")
    tables.add_argument("results", type=Path)
    tables.add_argument("file", type=Path)
    compare = commands.add_parser("compare")
    compare.add_argument("old", type=Path)
    compare.add_argument("new", type=Path)
    args = parser.parse_args()
    if args.command == "compare":
        old, new = (json.loads(file.read_text()) for file in (args.old, args.new))
        found = list(differences(old, new))
        print("\n".join([*found, f"{len(old):,} and {len(new):,} entries, {len(found):,} differences"]))
        sys.exit(bool(found))
    record = recorded_plans() if args.command == "plans" else recorded_tables(args.results)
    args.file.write_text(json.dumps(record, indent=1))
    print(f"{args.file}: {len(record):,} entries")


if __name__ == "__main__":
    main()
