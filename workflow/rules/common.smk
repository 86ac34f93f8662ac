"""The configuration, planned once, and what every rule file uses to declare its rules.

A job's parameters are three: `settings`, the keys of the configuration that its result depends on; `code`, a digest
of the source it runs; `upstream`, a hash chain over settings and code of all that it depends on. Snakemake runs a job
again when one of them differs from what its results were made with, and only then.
"""

import atexit
import gc
import inspect
import os
import sys
from pathlib import Path
from shlex import quote as shlex_quote


include: "scripts.smk"


sys.path.insert(0, str(SCRIPTS))

from difficulty.atlas import figure_places
from difficulty.config.training.chosen_seeds import repeated_seeds
from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.costs.estimates import Estimates
from difficulty.costs.known_sizes import KnownSizes
from difficulty.costs.speeds import read_speeds
from difficulty.driver import (
    ancient_inputs,
    cluster,
    expected_results,
    failed_updates,
    incomplete_results,
    interruption,
    literal_paths,
    modules,
    stored_results,
    summary,
)
from difficulty.driver.cost_plan import survey, write_plan
from difficulty.driver.lock import DriverLock
from difficulty.driver.machine_memory import limit_memory_to_the_machine
from difficulty.driver.planned_jobs import planned_jobs
from difficulty.driver.terminal import quiet_terminal
from difficulty.errors import UserError
from difficulty.machine import has_gpu
from difficulty.plan import paths
from difficulty.plan.plan import Plan
from difficulty.plan.vog import SHARD
from difficulty.shared_disk import VARIABLE
from difficulty.source_digest import SourceDigests

is_module = not workflow.modifier.is_main_snakefile()  # of somebody else's workflow
gc.freeze()  # what is imported stays; looking through it for garbage again and again took a sixth of a dry run


def written_configuration():
    """The configuration before it is checked, and what error messages call it.

    It is that of a `module:` that uses this workflow, if it has one, or what stands in files.
    """
    if is_module and config:
        return config, "config"
    files = configuration_files()
    given = [] if is_module else workflow.config_settings.config_args  # as written: Snakemake reads numbers as text
    named = files if files == given_files() else files[-1:]
    return load(files, given), ", ".join(map(os.path.relpath, named)) + " with --config" * bool(given)


def given_files():
    """Files given with --configfile; those of a workflow that uses this one as a module are its own."""
    return [] if is_module else list(workflow.config_settings.configfiles)


def configuration_files():
    """Files given with --configfile stand alone; otherwise ours, then config.yaml of the working directory.

    That may be in a folder config/. The one of a workflow that uses this one as a module is its own.
    """
    own, places = SCRIPTS.parents[1] / "config.yaml", (Path("config.yaml"), Path("config", "config.yaml"))
    if is_module or given_files():
        return given_files() or [own]
    local = next(filter(Path.exists, places), own)
    return [own] if local.samefile(own) else [own, local]


def require_configuration():
    """Raises UserError in a folder without a configuration: ours would train on digits there."""
    here, clone = Path.cwd(), SCRIPTS.parents[1]
    if is_module or workflow.config_settings.config_args or clone in (here, *here.parents):
        return
    if configuration_files() == [clone / "config.yaml"]:
        others = [path.name for path in sorted(here.glob("*.y*ml"))]
        found = f", only {others[0]}" if others else ""
        raise UserError(f"{here}: no config.yaml here{found}; write one, or name a file with --configfile")


def planned(values, source):
    """The plan of a configuration. Raises UserError with a line for everything that is wrong with it."""
    plan = Plan(resolve(values, source), source_digest)
    plan.training.require_named_files()
    plan.generalization.require_test_splits()
    plan.removal.require_test_splits()
    return plan


def start():
    """What a run begins with. (Snakemake ignores an `onstart` of a module.)"""
    if driver_lock.is_held:
        cluster.cancel_leftover_jobs(slurm_logs)
    if not workflow.local_exec:
        cluster.report_jobs_that_never_start(slurm_logs)


def source_files():
    """What jobs need of this workflow and its configuration beside the rule files."""
    scripts = (path for path in SCRIPTS.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [*scripts, *configuration_files()]


def end_with(error):
    """Ends with the user's error on the terminal, and nothing else."""
    print(error, file=sys.stderr)
    sys.exit(1)


# Absolute: at exit Snakemake has left the folder given with --directory.
source_digest = SourceDigests(SCRIPTS, Path(".snakemake", "difficulty", "source-digests.json").absolute())
atexit.register(source_digest.save)
driver_lock = DriverLock(at_start=start)
slurm_logs = Path(".snakemake", "slurm_logs").absolute()
in_storage = stored_results.is_used(workflow)

try:
    ancient_inputs.install()
    failed_updates.install()
    literal_paths.install()
    if in_storage:
        stored_results.deploy(source_files)
    if is_module:
        modules.require_own_paths(workflow.modifier)
    plan = planned(*written_configuration())
    if workflow.is_main_process:
        driver_lock.install()
        interruption.install()
        os.environ.pop("SNAKEMAKE_PROFILE", None)  # jobs inherit the environment and would apply the profile once more
        cluster.limit_threads_to_a_node(workflow.resource_settings)
        for line in repeated_seeds(plan.datasets, plan.experiments):
            print(f"warning: {line}", file=sys.stderr)
        if in_storage:
            print("\n".join(stored_results.described(workflow, plan.data.image_storage())), file=sys.stderr)
    if workflow.remote_exec:
        cluster.record_what_jobs_finish()
except UserError as error:
    end_with(error)


estimates = Estimates(plan, read_speeds(), KnownSizes(plan))

# What `verify` compares results with. When jobs are planned, the modifier is that of the workflow that uses this one.
EXPECTED = Path(".snakemake", "difficulty", "expected.json")
PLANNED = Path(".snakemake", "difficulty", "plan.json")
own_rules, verify_name = workflow.modifier.rules, workflow.modifier.modify_rulename("verify")
before_names, _, after_names = verify_name.partition("verify")
plan_name = f"{before_names}plan{after_names}"


def look_at_results(dag):
    """Before jobs are planned: looks for results that cannot be trusted, or writes what those to verify must be."""
    targets = {rule.name for rule in dag.targetrules} | {*dag.targetfiles}
    try:
        require_configuration()
        if in_storage:
            stored_results.check(dag, SCRIPTS, targets)
        if verify_name in targets:
            expected_results.write_expected(own_rules, plan.files(), EXPECTED)
        limit_memory_to_the_machine(dag.workflow)
        if plan_name in targets and not dag.workflow.dryrun:
            jobs = planned_jobs(own_rules, plan.files())
            write_plan(jobs, own_name, estimates, SCRIPTS, dag.workflow.cores, PLANNED)
        elif targets != {verify_name} and not dag.workflow.dryrun:
            survey(estimates, SCRIPTS)  # or jobs would ask for what 50,000 images need
        if not targets <= {verify_name, plan_name}:
            expected_results.check_results(dag.workflow.persistence)
    except UserError as error:
        end_with(error)


if workflow.is_main_process:
    incomplete_results.install(before=look_at_results)

# In place of Snakemake's own handler of what it logs, which jobs on a cluster keep.
terminal = quiet_terminal(workflow) if workflow.is_main_process else None


onsuccess:
    if text := summary.success(terminal, plan.by_interest()):
        print(text, file=sys.stderr)


onerror:
    if text := summary.failure(terminal):
        print(text, file=sys.stderr)


# `python` in a rule is the interpreter that runs Snakemake, unless conda provides one.
with_conda = "conda" in map(str, workflow.deployment_settings.deployment_method)
interpreter = "" if with_conda else f"export PATH={shlex_quote(str(Path(sys.executable).parent))}:$PATH; "
budget = f"export DIFFICULTY_MEMORY={plan.memory}; "  # see difficulty/memory_budget.py; a prefix triggers nothing
no_shared_disk = f"export {VARIABLE}=1; " if in_storage else ""
prefix = f"set -euo pipefail; {interpreter}{budget}{no_shared_disk}SCRIPTS={shlex_quote(str(SCRIPTS))}; "
shell.prefix(prefix.replace("{", "{{").replace("}", "}}"))


NAME, RUN = r"[A-Za-z0-9][A-Za-z0-9_-]*", r"seed-\d+(-fold-\d+)?"


wildcard_constraints:
    dataset=NAME,
    experiment=NAME,
    group=NAME,
    detection=NAME,
    run=RUN,
    epoch=r"\d+",
    shard=SHARD,


def any_of(names):
    """A regular expression for a wildcard that stands for one of some names; for nothing if there are none."""
    return "|".join(names) or "(?!)"


def memory(wildcards, attempt, rulename):
    """A job's memory in MB, by its formula in difficulty/costs/formulas: as much again with every retry."""
    may_have_gpu = has_gpu() or not workflow.local_exec  # only the node of a job tells
    return estimates.memory(own_name(rulename), dict(wildcards.items()), attempt, may_have_gpu)


def minutes(wildcards, attempt, rulename):
    """How many minutes a job may take, by the same formula, and as many again with every retry."""
    return estimates.minutes(own_name(rulename), dict(wildcards.items()), attempt)


def own_name(rule):
    """The name of a rule here, whatever a workflow calls it that uses this one as a module."""
    return rule.removeprefix(before_names).removesuffix(after_names)


def workers(wildcards):
    """Processes that decode images next to the one that trains or evaluates, where images stay in their files."""
    return plan.training.workers(wildcards.experiment)


def threads_with_workers(wildcards):
    """One, and one for each of the workers if it is known that there will be any."""
    return plan.training.threads(wildcards.experiment)


def first_results(wildcards):
    """The priority of a job: what the experiment of most interest needs runs first, so that there is soon one to read."""
    experiment = next(iter(plan.by_interest()), None)
    datasets = plan.data.ancestors(plan.data.of(experiment)) if experiment else []
    return int(wildcards.get("experiment") == experiment or wildcards.get("dataset") in datasets)


def of_wildcards(method):
    """A function of the wildcards that calls a method of the plan with those that its parameters are named after."""
    names = [name for name, each in inspect.signature(method).parameters.items() if each.default is each.empty]
    return lambda wildcards: method(*(getattr(wildcards, name) for name in names))


def parameters(method):
    """settings, code and upstream of a rule whose stage a method of the plan returns."""
    stage = of_wildcards(method)
    return {
        "settings": lambda wildcards: stage(wildcards).settings,
        "code": lambda wildcards: stage(wildcards).code,
        "upstream": lambda wildcards: stage(wildcards).upstream,
    }


def users_paths(files):
    """Paths of the user's for an input function. With results in a storage, the job that reads one runs beside it."""
    found = literal_paths.literal(files)
    if not in_storage:
        return found
    found = [found] if isinstance(found, str) else found
    return [path if path.startswith("results/") else local(path) for path in found]


def users_files(method):
    """An input function for files of the user's, which a method of the plan returns or misses."""
    found = of_wildcards(method)

    def literal_files(wildcards):
        try:
            return users_paths(found(wildcards))
        except UserError as error:
            end_with(error)

    return literal_files


def beside(table):
    """What a job without a shared disk fetches beside a data set's table of pixels: image files, unless none is read."""
    dataset = Path(table).parent.name
    if dataset in plan.data.recorded:
        return []
    found = [paths.FILES] if plan.data.image_storage()[dataset] == "memory" else [paths.FILES, paths.IMAGES]
    return [pattern.format(dataset=dataset) for pattern in found]


def subset_evidence(wildcards):
    """The tables that say which examples of a subset are chosen.

    Scores count as `ancient`: they are written again when a seed is added, which changes nothing of the subset;
    `upstream` says when what was chosen by has changed.
    """
    found = plan.data.evidence(wildcards.dataset)
    by = plan.datasets[wildcards.dataset]["select"]["by"]
    return ancient(found) if by == "score" else users_paths(found)


OPTIONS = {
    "threads": "--threads {threads}",
    "processes": "--processes {threads}",
    "workers": "--workers {resources.workers}",
    "memory": "--memory {resources.budget}",
    "epoch": "--epoch {wildcards.epoch}",
    "half": "--half {wildcards.half}",
    "runs": "--runs {params.runs:q}",
}


def command(script, options="", inputs="", outputs="output"):
    """The shell text of a rule, its script with the three parameters, its log, and an option for every file.

    options: names of OPTIONS. inputs, outputs: names of the files in `input` and `output`, which the script's options are
    called after, or `option=name` where they are not; an output that is called `output` has no name there.
    """
    parts = [f'python "$SCRIPTS"/{script}.py --settings {{params.settings:q}} --code {{params.code}}']
    parts += ["--upstream={params.upstream} --log {log:q}", *(OPTIONS[name] for name in options.split())]
    for kind, names in (("input", inputs), ("output", outputs)):
        for option, _, name in (each.partition("=") for each in names.split()):
            place = kind if option == "output" and not name else f"{kind}.{name or option}"
            parts.append(f"--{option.replace('_', '-')} {{{place}:q}}")
    return " ".join(parts)


def figure_files(place, category, **labels):
    """The outputs of a rule that draws a figure, a PNG that goes into the report, and the other formats.

    place: path below results/figures/ without suffix, which says what its caption is.
    """
    caption = figure_places.CAPTIONS / f"{figure_places.caption(place)}.rst"
    shown = report(paths.figure(place), caption=str(caption), category=category, labels=labels)
    others = [format for format in plan.figures.formats if format != "png"]
    return {"png": shown, **{format: paths.figure(place, format) for format in others}}


def together(*figures):
    """A list of files for each format, as a rule has them that draws several figures; of what `figure_files` returns."""
    return {format: [figure[format] for figure in figures] for format in figures[0]}


def drawing(method):
    """The parameters of a rule that draws figures, those of its stage, their names, and options for all its files.

    Each input and output is given by the option that has its name.
    """
    stage = of_wildcards(method)

    def options(wildcards, input, output):
        files = [*input.items(), *output.items()]
        return [word for name, paths in files for word in (f"--{name.replace('_', '-')}", *words(paths))]

    return {**parameters(method), "figures": lambda wildcards: stage(wildcards).figures, "options": options}


def words(paths):
    return [paths] if isinstance(paths, str) else list(paths)
