"""What Snakemake does not do by itself: one process at a time in a folder, jobs that end with it, a quiet terminal."""

from difficulty.driver import summary
from difficulty.driver.interruption import ending_jobs, interrupting
from difficulty.driver.lock import DriverLock, locking_by_process
from difficulty.driver.terminal import quiet_terminal

terminal = None  # Snakemake's own output is shown

if workflow.is_main_process:
    try:
        driver_lock = DriverLock(Path(".snakemake", "difficulty", "driver.lock"))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    replace_internal("snakemake.persistence:PersistenceBase.lock", locking_by_process(driver_lock))
    replace_internal("snakemake.scheduling.job_scheduler:JobScheduler.exit_gracefully", interrupting)
    replace_internal("snakemake.executors.local:Executor.cancel", ending_jobs)
    terminal = quiet_terminal(workflow)


# Those with planted noise first: there, what is suspicious can be compared with what is wrong.
SUMMARIZED = {
    name: experiments[name]["dataset"]
    for name in sorted(experiments, key=lambda name: "label_noise" not in experiments[name])
}


onsuccess:
    print(summary.success(terminal, SUMMARIZED), file=sys.stderr)


onerror:
    if text := summary.failure(terminal):
        print(text, file=sys.stderr)
