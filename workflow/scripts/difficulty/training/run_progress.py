"""The progress of a training: its steps, the clean pass and the saving after each epoch, and its tables at the end."""

from collections.abc import Mapping

from difficulty.progress import Part, Progress
from difficulty.training.partial_run import PartialRun

CLEAN, SAVING, TABLES = "clean pass", "saving", "tables"
_PASS = 1 / 3  # of an example without gradients, relative to a step, until one was measured
_SECONDS_PER_OUTCOME = 1.1e-6  # of an example after an epoch: reading and writing it at the end, on one core
_SOURCES = {"clean": 1, "online": 1, "both": 2}


def run_progress(
    name: str, examples: int, *trainings: tuple[PartialRun, Mapping, int], other_passes: int = 0
) -> Progress:
    """Progress of one or more trainings after another, less what of them is finished.

    examples: number of those that a clean pass goes through. trainings: the unfinished run, settings (epochs, records)
    and number of training examples of each. other_passes: clean passes besides those that are recorded.
    """
    total, done, rounds, passes, outcomes, relative = 0, 0, 0, other_passes, 0, _PASS
    for partial, settings, trained in trainings:
        finished = max(partial.epoch, 0)
        left, recorded = settings["epochs"] - finished, settings["records"]
        total, done, rounds = total + settings["epochs"] * trained, done + finished * trained, rounds + left
        outcomes += settings["epochs"] * examples * _SOURCES.get(recorded, 0)
        if recorded in ("clean", "both"):
            passes += left
            relative = _measured(partial, examples / trained) or relative
    further = {
        CLEAN: Part(passes * examples, passes, relative),
        SAVING: Part(rounds=rounds),
        TABLES: Part(outcomes, seconds=_SECONDS_PER_OUTCOME),
    }
    return Progress(name, total, done=done, rounds=rounds, further=further)


def _measured(partial: PartialRun, examples_per_trained: float) -> float | None:
    """Seconds of an example in the clean pass, relative to a step, after the last finished epoch; None before."""
    if partial.epoch < 1:
        return None
    trained, passed = partial.outcomes(partial.epoch)["seconds"]
    return passed / trained / examples_per_trained
