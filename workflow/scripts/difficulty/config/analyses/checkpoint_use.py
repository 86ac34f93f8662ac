"""The checkpoints that an analysis of networks uses, and checks of its choice."""

from collections.abc import Iterable, Iterator, Sequence

from difficulty.config.analyses.vog import in_short, saved_epochs
from difficulty.config.core.problems import Place, expected
from difficulty.config.suite import Suite


def used_epochs(suite: Suite, experiments: Sequence[str] | None, epochs: Sequence[int] | None) -> dict[str, list[int]]:
    """Experiment -> epochs whose checkpoints are used, in order.

    experiments: None, all that keep checkpoints, have one label per image and no `batch_norm: batch`. epochs: None,
    the last that each keeps.
    """
    found = {}
    for name in suite.experiments if experiments is None else experiments:
        if name in suite.experiments and not suite.no_networks(name) and not suite.has_no_own_passes(name):
            saved = saved_epochs(suite.experiments[name])
            if saved:
                found[name] = saved[-1:] if epochs is None else sorted(epochs)
    return found


def use_faults(
    suite: Suite, experiments: Sequence[str] | None, epochs: Sequence[int] | None
) -> Iterator[tuple[Place, str]]:
    """Yields a fault for each experiment that is unknown or lacks a checkpoint. Arguments as for `used_epochs`."""
    for index, name in enumerate(experiments or []):
        if text := suite.no_experiment(name):
            yield ("experiments", index), text
        elif text := suite.no_networks(name):
            yield ("experiments", index), f"{text}, which have no checkpoints"
        elif text := suite.has_no_own_passes(name):
            yield ("experiments", index), text
    for name in used_epochs(suite, experiments, epochs):
        saved = saved_epochs(suite.experiments[name])
        if missing := [index for index, epoch in enumerate(epochs or []) if epoch not in saved]:
            what = f"a checkpoint that {name!r} keeps, {in_short(saved)}"
            yield ("epochs", missing[0]), expected(what, epochs[missing[0]])
            break


def architecture_faults(suite: Suite, key: str, architectures: Iterable[str]) -> Iterator[tuple[Place, str]]:
    """Yields a fault for each architecture under `key` that no experiment has."""
    used = {settings.get("architecture") for settings in suite.experiments.values()}
    for architecture in architectures:
        if architecture not in used and None not in used:
            yield (key, architecture), "is the architecture of no experiment; leave it out"
