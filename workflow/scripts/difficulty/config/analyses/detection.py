"""Detection: what is really hard, and which scores are tested against it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator

from difficulty.config.analyses.label_quality import HELD_OUT_SCORES
from difficulty.config.core.annotations import GoesWith
from difficulty.config.core.lists import Bootstrap, Scores
from difficulty.config.core.names import Name, Text
from difficulty.config.core.problems import Place, unknown_name
from difficulty.config.core.ranges import Range
from difficulty.config.core.section import Section, problem
from difficulty.config.suite import CheckedSection, Suite, unknown_scores
from difficulty.config.training.linear_probe import is_linear_probe
from difficulty.config.training.shared_labels import source_of_labels

_PLANTED = "is_corrupt"
_PLANTED_HELD_OUT = "-validation"  # {experiment}-validation: its planted noise, as its folds hold the examples out


class Truth(Section):
    """A column that says which examples of an experiment are really hard."""

    experiment: Text = Field(description="experiment whose scores are tested")
    column: Text = Field(description="truth column of its data set, or is_corrupt")
    role: Literal["train", "validation", "test"] = Field("train", description="role of the examples that are ranked")
    above: Annotated[float, Range(-1e30, 1e30)] | None = Field(
        None, description="examples with a larger value count as hard; null: the column itself is true or false"
    )
    top: Annotated[float, Range(0, 1, low_excluded=True, high_excluded=True)] | None = Field(
        None, description="this share of the examples, those with the largest values, counts as hard"
    )

    @field_validator("top")
    @classmethod
    def _is_only_rule(cls, top, info):
        if top is not None and info.data.get("above") is not None:
            raise problem("above and top exclude each other; leave one of them out")
        return top

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault if the experiment is unknown, or has no examples of the role or no such column."""
        if text := suite.no_experiment(self.experiment):
            yield ("experiment",), text
            return
        settings = suite.experiments[self.experiment]
        if self.role == "validation" and suite.holds_nothing_out(self.experiment):
            yield ("role",), f"experiment {self.experiment!r} holds no examples out; set its folds"
        if self.role == "train" and suite.is_held_out(self.experiment):
            what = (
                "is linear probes that have not seen"
                if suite.is_linear_probe(self.experiment)
                else "has held_out records of"
            )
            yield ("role",), f"experiment {self.experiment!r} {what} training examples; set validation"
        if self.column == _PLANTED:
            if self.role == "test":
                yield ("role",), "test labels are never corrupted; choose train or validation"
            if "label_noise" in settings and settings["label_noise"] is None:
                yield ("column",), f"experiment {self.experiment!r} has no label_noise, so no label is corrupt"
            return
        known = suite.truth_columns(settings["dataset"]) if "dataset" in settings else None
        if known is not None and self.column not in known:
            columns = [*known, *([_PLANTED] if settings.get("label_noise") else [])]
            yield (
                ("column",),
                f"data set {settings['dataset']!r} has {unknown_name('truth column', self.column, columns)}",
            )


class Detection(CheckedSection):
    """How well each score finds the examples that are really hard."""

    truths: Annotated[dict[Name, Truth], GoesWith(("experiments",))] = Field(
        {}, description="name -> what is really hard, in addition to planted noise under its experiment's name"
    )
    scores: Scores | None = Field(None, description="scores that are tested; null: all")
    bootstrap: Bootstrap = Field(1000, description="resamples of the examples behind each interval")

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for truths that do not fit their experiment or are named like one, and for unknown scores."""
        held_out = {
            f"{name}{_PLANTED_HELD_OUT}": name
            for name, settings in suite.experiments.items()
            if settings.get("folds") and settings.get("label_noise")
        }
        for second in held_out.keys() & suite.experiments.keys():
            yield (), f"held-out noise of {held_out[second]!r} would be called like experiment {second!r}; rename one"
        for name, truth in self.truths.items():
            if name in suite.experiments:
                yield ("truths", name), "is the name of an experiment, kept for its planted noise; choose another"
            elif name in held_out:
                text = f"is kept for planted noise in what experiment {held_out[name]!r} holds out; choose another"
                yield ("truths", name), text
            for place, text in truth.faults(suite):
                yield ("truths", name, *place), text
        yield from unknown_scores("scores", self.scores or [], suite, ranking=True)
        if self.scores and set(self.scores) <= set(suite.held_out_scores):
            yield ("scores",), "expected a score of trained examples, too; add one, e.g. aum"


def detections(detection: dict, experiments: dict[str, dict]) -> dict[str, dict]:
    """Returns name -> all settings of one test of the scores: planted noise of an experiment, or a configured truth.

    Planted noise is tested in the role validation, too, where an experiment has folds, and in this alone where it is
    linear probes, which hold every example out. Labels from another experiment may all be right; wrong ones are tested
    where they are planted.
    """
    noisy = [
        name
        for name, settings in experiments.items()
        if settings.get("label_noise", {}).get("fraction", "label_noise" in settings) and not source_of_labels(settings)
    ]
    roles = {name: "validation" if is_linear_probe(experiments[name]) else "train" for name in noisy}
    planted = {name: {"experiment": name, "column": _PLANTED, "role": role} for name, role in roles.items()}
    for name in noisy:
        if experiments[name].get("folds"):
            planted[f"{name}{_PLANTED_HELD_OUT}"] = planted[name] | {"role": "validation"}
    shared = {key: value for key, value in detection.items() if key != "truths"}
    tested = {name: truth | shared for name, truth in (planted | detection["truths"]).items()}
    for settings in tested.values():
        if "scores" in settings and settings["role"] != "validation":
            settings["scores"] = [score for score in settings["scores"] if score not in HELD_OUT_SCORES]
    return tested
