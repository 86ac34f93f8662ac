"""The configuration, planned once, and what Snakemake does before, between and after its jobs."""

import atexit
import gc
import os
import sys
from pathlib import Path
from shlex import quote as shlex_quote


include: "scripts.smk"


sys.path.insert(0, str(SCRIPTS))

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
            write_plan(jobs, own_name, estimates, SCRIPTS, dag.workflow.resource_settings.cores, PLANNED)
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


include: "declaring.smk"
