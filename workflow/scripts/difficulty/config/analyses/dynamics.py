"""Scores of learning dynamics: from which records, and at which epoch."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from difficulty.config.core.problems import Place, expected
from difficulty.config.core.ranges import Range
from difficulty.config.suite import CheckedSection, Suite
from difficulty.scores.dynamics.catalogue import DYNAMICS


class Dynamics(CheckedSection):
    """The learning-dynamics scores: loss, margin, forgetting and others, over the epochs."""

    gives: ClassVar[tuple[str, ...]] = tuple(name for name, entry in DYNAMICS.items() if entry.direction)

    records: Literal["clean", "online"] = Field("clean", description="which records the scores are computed from")
    el2n_epoch: Annotated[int, Range(1, 100_000)] | None = Field(
        None, description="epoch at which el2n and grand_last are taken; null: a tenth of the epochs"
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault if an experiment ends before the epoch or does not keep the records.

        A linear probe has one epoch and one kind of records, whatever is set.
        """
        others = {name: each for name, each in suite.experiments.items() if not suite.is_linear_probe(name)}
        epochs = {name: settings["epochs"] for name, settings in others.items() if "epochs" in settings}
        shortest = min(epochs, key=epochs.get, default=None)
        if self.el2n_epoch and shortest and self.el2n_epoch > epochs[shortest]:
            what = f"1..{epochs[shortest]} (epochs of {shortest!r})"
            yield ("el2n_epoch",), expected(what, self.el2n_epoch)
        kept = {name: settings["records"] for name, settings in others.items() if "records" in settings}
        if without := [name for name, records in kept.items() if records not in (self.records, "both")]:
            yield (
                ("records",),
                f"experiment {without[0]!r} keeps {kept[without[0]]} records only; set its records: both",
            )
