"""Runs each job as Kubernetes, AWS Batch and Google Batch do, but here: in an empty folder of its own, which is removed
afterwards. Sources come from the storage, inputs too, and outputs go there."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.settings import CommonSettings

common_settings = CommonSettings(
    non_local_exec=True,
    implies_no_shared_fs=True,
    job_deploy_sources=True,
    pass_default_storage_provider_args=True,
    pass_default_resources_args=True,
    pass_envvar_declarations_to_cmd=True,
    auto_deploy_default_storage_provider=False,
    init_seconds_before_status_checks=0,
)


def run_in_a_folder_of_its_own(command: str) -> str:
    """Returns what the command printed if it failed."""
    with tempfile.TemporaryDirectory(prefix="private-") as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PWD"}
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
        )
        return f"{done.stdout}{done.stderr}\nit ended with status {done.returncode}" if done.returncode else ""


class Executor(RemoteExecutor):
    def __post_init__(self):
        self.pool = ThreadPoolExecutor(self.workflow.resource_settings.nodes)

    def run_job(self, job):
        command = self.format_job_exec(job)
        running = self.pool.submit(run_in_a_folder_of_its_own, command)
        self.report_job_submission(SubmittedJobInfo(job, external_jobid=str(job.jobid), aux={"running": running}))

    async def check_active_jobs(self, active_jobs):
        for info in active_jobs:
            running: Future = info.aux["running"]
            if not running.done():
                yield info
            elif said := running.result():
                self.report_job_error(info, msg=said)
            else:
                self.report_job_success(info)

    def cancel_jobs(self, active_jobs):
        self.pool.shutdown(wait=False, cancel_futures=True)
