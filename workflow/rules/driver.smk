"""What Snakemake does not do by itself: one process at a time in a folder, jobs that end with it, a quiet terminal."""

from difficulty.driver import interruption, summary
from difficulty.driver.lock import DriverLock
from difficulty.driver.terminal import quiet_terminal

driver_lock = DriverLock()
if workflow.is_main_process:
    try:
        driver_lock.install()
        interruption.install()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(1)

terminal = quiet_terminal(workflow) if workflow.is_main_process else None  # None: Snakemake's own output is shown

# Those with planted noise first: there, what is suspicious can be compared with what is wrong.
SUMMARIZED = {
    name: experiments[name]["dataset"]
    for name in sorted(experiments, key=lambda name: "label_noise" not in experiments[name])
}


onsuccess:
    if text := summary.success(terminal, SUMMARIZED):
        print(text, file=sys.stderr)


onerror:
    if text := summary.failure(terminal):
        print(text, file=sys.stderr)
