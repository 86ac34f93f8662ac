"""What is left of a training: steps, clean passes, saving and tables."""

from types import SimpleNamespace

import pytest

from difficulty.training.run_progress import CLEAN, SAVING, TABLES, run_progress

TRAINED, EXAMPLES = 1000, 1500


def unfinished(epoch, train=10.0, record=3.0):
    """A run after an epoch that took so many seconds."""
    return SimpleNamespace(epoch=epoch, outcomes=lambda number: {"seconds": (train, record)})


def left(*trainings, **options):
    """(units, rounds) of steps and of the other parts, and the progress."""
    progress = run_progress("plain", EXAMPLES, *trainings, **options)
    return {name: (part.units, part.rounds) for name, part in progress.parts.items()}, progress


@pytest.mark.parametrize(("epoch", "finished"), [(-1, 0), (0, 0), (7, 7)])
@pytest.mark.parametrize(("records", "passes", "sources"), [("clean", 1, 1), ("online", 0, 1), ("both", 1, 2)])
def test_parts_of_a_training(epoch, finished, records, passes, sources):
    parts, progress = left((unfinished(epoch), {"epochs": 20, "records": records}, TRAINED))
    to_do = 20 - finished
    assert parts[""] == (to_do * TRAINED, to_do) and parts[SAVING] == (0, to_do)
    assert parts[CLEAN] == (passes * to_do * EXAMPLES, passes * to_do)
    assert progress.parts[TABLES].seconds_left() == pytest.approx(20 * EXAMPLES * sources * 1.1e-6)


def test_a_pass_is_expected_to_take_what_it_took_before():
    """0.01 s of a step and 0.002 s of a pass for an example; a third where nothing was measured."""
    settings = {"epochs": 20, "records": "clean"}
    resumed, fresh = (left((unfinished(epoch), settings, TRAINED))[1].parts[CLEAN] for epoch in (7, 0))
    assert resumed.each(0.01) == pytest.approx(0.002)
    assert fresh.each(0.01) == pytest.approx(0.01 / 3)


def test_two_trainings_after_another():
    """As on two halves: the first is finished, and a pass in between is to be done."""
    first, second = {"epochs": 20, "records": "none"}, {"epochs": 5, "records": "clean"}
    parts, _ = left((unfinished(20), first, 600), (unfinished(1), second, 400), other_passes=1)
    assert parts[""] == (4 * 400, 4) and parts[CLEAN] == (5 * EXAMPLES, 5) and parts[SAVING] == (0, 4)
