"""Average precision of each class, for experiments whose images have several labels."""

from collections.abc import Iterator

from pydantic import Field

from difficulty.config.analyses.vog import in_short, saved_epochs
from difficulty.config.core.lists import Epochs
from difficulty.config.core.problems import Place, expected
from difficulty.config.suite import CheckedSection, Suite


class AveragePrecision(CheckedSection):
    """How well each class is separated from the others (mAP), in experiments whose images have several labels."""

    epochs: Epochs | None = Field(
        None, description="epochs whose checkpoints are used; null: the last that each experiment keeps"
    )

    def used(self, suite: Suite) -> dict[str, list[int]]:
        """Experiment -> epochs whose checkpoints are used, in order."""
        return {
            name: saved_epochs(settings)[-1:] if self.epochs is None else sorted(self.epochs)
            for name, settings in suite.experiments.items()
            if suite.is_multi_label(name) and saved_epochs(settings)
        }

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault if an experiment does not keep one of the checkpoints."""
        for name in self.used(suite):
            saved = saved_epochs(suite.experiments[name])
            if missing := [index for index, epoch in enumerate(self.epochs or []) if epoch not in saved]:
                what = f"a checkpoint that {name!r} keeps, {in_short(saved)}"
                yield ("epochs", missing[0]), expected(what, self.epochs[missing[0]])
                break
