"""Finished workflows of any size within minutes: ours with scripts that only create outputs, and a trivial one."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ["Snakefile", "config.yaml", "workflow", "envs", "profiles"]

# Put before each script: creates what is named on the command line and is not there yet, records it as the stages do,
# and goes no further. The source stays below it, so that its digest and its imports are looked up as ever.
CREATE_OUTPUTS = """\
import json, os, sys
words = [word for each in sys.argv for word in each.split("=", each.startswith("--upstream="))]
options = dict(zip(words, words[1:]))
record = options["--log"].replace("logs", "checksums", 1)[:-len(".log")] + ".json"
outputs = {}
for path in sys.argv[1:]:
    if path.startswith("results/") and not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.splitext(path)[1]:
            open(path, "w").close()
            outputs[path] = {"bytes": 0, "sha256": "0" * 64}
        else:
            os.mkdir(path)
os.makedirs(os.path.dirname(record), exist_ok=True)
with open(record, "w") as file:
    parameters = {name: options.get(f"--{name}", "") for name in ("settings", "code", "upstream")}
    json.dump({**parameters, "outputs": outputs}, file)
sys.exit()
"""

TRIVIAL_RULE = """
rule {rule}:
    input: {input}
    output: {output}
    log: {log!r}
    benchmark: {benchmark!r}
    conda: "trivial.yaml"
    threads: 1
    resources: mem_mb=1000, runtime=10
    {constraints}
    params: {params}
    shell: {shell!r}
"""


@dataclass(frozen=True)
class Workflow:
    """A Snakefile and the folder that it runs in."""

    snakefile: Path
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        place = ["-s", str(self.snakefile), "-d", str(self.folder)]
        return [sys.executable, "-m", "snakemake", *place, *arguments]

    def output_of(self, *arguments: str) -> str:
        """What Snakemake prints; exits with the end of it if it fails."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        result = subprocess.run(self.command(*arguments), cwd=self.folder, **options)
        if result.returncode:
            sys.exit(f"{self.folder}: snakemake {' '.join(arguments)} failed\n{result.stdout[-3000:]}")
        return result.stdout

    def finish(self) -> None:
        """Runs all jobs; exits if there is anything left to do then."""
        print(f"running {self.folder.parent.name} once: {len(self.jobs()):,} jobs", flush=True)
        self.output_of("--cores", "all", "--quiet", "all")
        if "Nothing to be done" not in self.output_of("-n"):
            sys.exit(f"{self.folder}: not finished after a run")

    def jobs(self) -> list["Job"]:
        """All jobs, finished ones too, as a dry run tells them."""
        text = self.output_of("-n", "--printshellcmds", "--forceall")
        found = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.MULTILINE)
        return [Job(rule, dict(re.findall(r"^    (\w+): (.*)$", body, re.MULTILINE))) for rule, body in found]


@dataclass(frozen=True)
class Job:
    """A rule and what a dry run says of one job of it."""

    rule: str
    facts: dict[str, str]

    def paths(self, kind: str) -> list[str]:
        """kind: input, output, log or benchmark."""
        paths = self.facts[kind].split(", ") if kind in self.facts else []
        return [path.removesuffix(" (update)") for path in paths]

    def wildcards(self) -> dict[str, str]:
        return dict(re.findall(r"(\w+)=([^,]+)", self.facts.get("wildcards", "")))


def our_workflow(folder: Path, config: dict | None = None) -> Workflow:
    """A copy of this repository whose scripts only create their outputs.

    config: a configuration for the working folder, over the default one.
    """
    source, work = folder / "source", folder / "work"
    source.mkdir(parents=True)
    work.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, source / name)
    for script in (source / "workflow" / "scripts").glob("*.py"):
        script.write_text(CREATE_OUTPUTS + script.read_text())
    if config is not None:
        (work / "config.yaml").write_text(json.dumps(config))
    return Workflow(source / "Snakefile", work)


def trivial_workflow(folder: Path, model: Workflow) -> Workflow:
    """Plain rules with the files, wildcards and sizes of parameters of a finished workflow's, and nothing else."""
    source, work = folder / "source", folder / "work"
    source.mkdir(parents=True)
    work.mkdir()
    shutil.copytree(ROOT / "profiles", source / "profiles")
    shutil.copy2(ROOT / "envs" / "tables.yaml", source / "trivial.yaml")
    jobs = model.jobs()
    rules = list(_trivial_rules(jobs, _parameters(model)))
    targets = next(job for job in jobs if job.rule == "all").paths("input")
    text = f"rule all:\n    input: {json.dumps(targets)}\n" + "".join(rules)
    (source / "Snakefile").write_text(text)
    return Workflow(source / "Snakefile", work)


def _trivial_rules(jobs: list[Job], parameters: dict[str, list[str]]) -> Iterator[str]:
    for rule in dict.fromkeys(job.rule for job in jobs if job.rule != "all"):
        several = [job for job in jobs if job.rule == rule]
        patterns = {kind: _patterns(several, kind) for kind in ("input", "output", "log", "benchmark")}
        folders = [path for path in patterns["output"] if not Path(path).suffix]
        files = [path for path in patterns["output"] if Path(path).suffix]
        outputs = [*map(json.dumps, files), *(f"directory({json.dumps(path)})" for path in folders)]
        make_folders = "".join(f"mkdir -p {folder.replace('{', '{wildcards.')}; " for folder in folders)
        yield TRIVIAL_RULE.format(
            rule=rule,
            input=json.dumps(patterns["input"]),
            output=", ".join(outputs),
            log=patterns["log"][0],
            benchmark=patterns["benchmark"][0],
            constraints=_constraints(several),
            params=", ".join(f"p{number}={'x' * len(value)!r}" for number, value in enumerate(parameters[rule])),
            shell=f"{make_folders}touch {' '.join(file.replace('{', '{wildcards.') for file in files)}",
        )


def _pattern(part: str, wildcards: dict[str, str]) -> str:
    """A part of a path with wildcards in place of their values, which stand between dashes: `ekfac-epoch-15`."""
    values = "|".join(re.escape(value) for value in sorted(wildcards, key=len, reverse=True))
    return re.sub(rf"(?<![^-])(?:{values})(?![^-])", lambda found: wildcards[found[0]], part) if values else part


def _constraints(jobs: list[Job]) -> str:
    """Each wildcard has only the values that it has in one of the jobs, as names have in ours."""
    values = {name: dict.fromkeys(job.wildcards()[name] for job in jobs) for name in jobs[0].wildcards()}
    constraints = ", ".join(f"{name}={json.dumps('|'.join(each))}" for name, each in values.items())
    return f"wildcard_constraints: {constraints}" if constraints else ""


def _patterns(jobs: list[Job], kind: str) -> list[str]:
    """Paths with the wildcards in place of their values; exits where a rule's jobs are not all of the same form."""
    wildcards = {value: f"{{{name}}}" for name, value in jobs[0].wildcards().items()}
    patterns = []
    for path in jobs[0].paths(kind):
        stem, dot, suffix = path.rpartition(".") if "." in path else (path, "", "")
        patterns.append("/".join(_pattern(part, wildcards) for part in stem.split("/")) + dot + suffix)
    for job in jobs:
        if [pattern.format(**job.wildcards()) for pattern in patterns] != job.paths(kind):
            sys.exit(f"{job.rule}: {kind} of its jobs are not of one form; choose a configuration where they are")
    return patterns


def _parameters(finished: Workflow) -> dict[str, list[str]]:
    """Rule -> the parameters of one of its jobs, from Snakemake's own records."""
    records = (json.loads(path.read_text()) for path in (finished.folder / ".snakemake" / "metadata").iterdir())
    return {record["rule"]: sorted(map(_unquoted, record["params"]), key=len, reverse=True) for record in records}


def _unquoted(text: str) -> str:
    return text.strip("'\"")
