"""Results that are incomplete are made again, whether or not Snakemake is told so with --rerun-incomplete."""

from collections.abc import Callable

from difficulty.driver.internals import replace_internal


def install(before: Callable) -> None:
    """Has Snakemake make again what is marked as incomplete.

    before: called with Snakemake's DAG before it looks for the marks; only where jobs are planned, so that the targets
    are known then.
    """
    replace_internal("snakemake.dag:DAG.check_incomplete", lambda check: _check_after(before, check))


def _check_after(before: Callable, check: Callable) -> Callable:
    async def check_incomplete(dag):
        before(dag)
        dag.workflow.dag_settings.force_incomplete = True
        await check(dag)

    return check_incomplete
