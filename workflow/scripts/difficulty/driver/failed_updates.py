"""A job that failed to update a file has not made it: it runs again at the next start.

Snakemake 9.27 restores the file as it was before, but records that it was made with the parameters of the job that
failed. So the next start would take it for up to date.
"""

import inspect

from snakemake.io import is_flagged

from difficulty.driver.internals import internal, replace_internal


def install() -> None:
    """Has Snakemake mark files that a failed job was to update as incomplete."""
    internal("snakemake.persistence.file:FilePersistence._mark_incomplete")
    replace_internal("snakemake.jobs:Job.postprocess", _marking_failed_updates)


def _marking_failed_updates(postprocess):
    signature = inspect.signature(postprocess)

    async def postprocess_and_mark(job, *args, **options):
        await postprocess(job, *args, **options)
        if signature.bind(job, *args, **options).arguments.get("error"):
            persistence = job.dag.workflow.persistence
            for file in job.output:
                if is_flagged(file, "update") and await file.exists():
                    persistence._mark_incomplete(str(file), None)

    return postprocess_and_mark
