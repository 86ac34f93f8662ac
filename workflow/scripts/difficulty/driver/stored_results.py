"""Results in a storage (--default-storage-provider), as in a cloud, in place of a folder that all jobs share.

Each job then has a folder of its own, into which Snakemake fetches the inputs that its rule declares and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from snakemake_interface_executor_plugins.settings import SharedFSUsage

from difficulty.driver.internals import replace_internal
from difficulty.errors import UserError

_READ_RESULTS_HERE = {"verify", "suspects"}


def is_used(workflow) -> bool:
    """Whether results are kept in a storage; known before rules are."""
    return workflow.storage_settings.default_storage_provider is not None


def described(workflow, storage_of: Mapping[str, str]) -> list[str]:
    """What goes otherwise than on a shared disk, in one line, and for which data sets jobs fetch all image files.

    storage_of: data set -> its setting `storage`.
    """
    settings = workflow.storage_settings
    lines = [
        f"results are kept in {settings.default_storage_prefix or 'a storage'} ({settings.default_storage_provider}): "
        "hard links become copies, a job that ends early starts again from its beginning, and jobs that read files of "
        "yours run on this machine"
    ]
    if names := sorted(name for name, storage in storage_of.items() if storage == "auto"):
        lines.append(
            f"datasets: jobs that read images of {', '.join(names)} fetch all image files; with `storage: memory` they "
            "fetch one table of decoded pixels"
        )
    return lines


def fetch_images(rules: Iterable, beside: Callable[[str], list[str]]) -> None:
    """Has every rule that reads a data set's table of pixels or files fetch what lies beside it.

    rules: Snakemake's. beside: returns the further inputs of a job that reads a table.
    """
    for rule in rules:
        given = dict(rule.input.items())
        if tables := [given[name] for name in ("pixels", "files") if name in given]:
            rule.set_input(_siblings(tables, beside))


def _siblings(inputs: list, beside: Callable[[str], list[str]]) -> Callable:
    """An input function. inputs: functions of wildcards that return paths, or patterns of paths."""

    def found(wildcards):
        given = [each(wildcards) if callable(each) else str(each).format(**dict(wildcards.items())) for each in inputs]
        tables = [path for each in given for path in ([each] if isinstance(each, str) else each)]
        return sorted({path for table in tables for path in beside(table)} - set(tables))

    return found


def deploy(files: Callable[[], Iterable[Path]]) -> None:
    """Has Snakemake bring some files to jobs that do not see them: of its own accord it brings what git knows."""

    def with_ours(get_sources):
        return lambda dag: get_sources(dag) | {str(Path(file).absolute().relative_to(Path.cwd())) for file in files()}

    replace_internal("snakemake.dag:DAG.get_sources", with_ours)


def check(dag, scripts: Path, targets: set[str]) -> None:
    """Raises UserError if jobs cannot get the workflow's source, if they would take away each other's copies of files,
    or for targets that read results in this folder."""
    _require_copies_of_its_own_for_each_job(dag.workflow)
    if SharedFSUsage.SOURCES not in dag.workflow.storage_settings.shared_fs_usage and not scripts.is_relative_to(
        Path.cwd()
    ):
        raise UserError(
            f"{Path.cwd()}: jobs get what is below this folder, but the workflow is in {scripts.parents[1]}; start it "
            "there, or clone it into this folder"
        )
    if found := sorted(targets & _READ_RESULTS_HERE):
        prefix = dag.workflow.storage_settings.default_storage_prefix
        raise UserError(
            f"{found[0]}: reads results in this folder, but they are kept in {prefix}; copy them from there into "
            "results/ and start it without a storage, or make the others and look at them there"
        )


def _require_copies_of_its_own_for_each_job(workflow) -> None:
    """Raises UserError if two jobs would keep what they fetch in one folder.

    Unless Snakemake is told that jobs share these copies, each job removes those of its inputs and outputs when it
    ends, even if another job still reads them. Their folder is relative to the one in which a job starts: in a cloud
    (`implies_no_shared_fs`) one of its own, which it leaves for --directory; on a cluster this one.
    """
    settings, executor = workflow.storage_settings, workflow.executor_plugin.common_settings
    if SharedFSUsage.STORAGE_LOCAL_COPIES in settings.shared_fs_usage:
        return
    if workflow.overwrite_workdir is not None and not settings.assume_common_workdir:
        raise UserError(
            f"--directory: all jobs would work in {Path.cwd()}, and each would remove files there that others read; "
            "start Snakemake in that folder instead"
        )
    folder = str(settings.remote_job_local_storage_prefix)
    if executor.non_local_exec and not executor.implies_no_shared_fs and "$" not in folder:
        raise UserError(
            f"--shared-fs-usage: all jobs would keep what they fetch in {folder}, and each would remove files that "
            "others read; name a folder of its own for each job, such as "
            "--remote-job-local-storage-prefix '/tmp/$SLURM_JOB_ID'"
        )
