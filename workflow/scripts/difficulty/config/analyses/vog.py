"""Variance of gradients: the experiments, the checkpoints of each stage, and whether the maps are kept."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter, WithJsonSchema

from difficulty.config.core.annotations import GoesWith
from difficulty.config.core.lists import ExperimentNames, Splits
from difficulty.config.core.names import StageName, Text
from difficulty.config.core.problems import Place, expected
from difficulty.config.core.ranges import Epoch, Range
from difficulty.config.core.section import problem, without_repeats
from difficulty.config.suite import CheckedSection, Suite
from difficulty.config.training.snapshots import is_snapshots, stages_in_epochs
from difficulty.training.checkpoint_epochs import checkpoint_epochs

_DEFAULT_STAGES = ("early", "late", "complete")
_FEWEST = 2  # checkpoints of a stage, where the user says so; the deviation is then half of a single difference
_FEWEST_UNASKED = 3  # checkpoints of a stage otherwise
_MAGNITUDE = "gradient_magnitude"
_TARGETS = ("label", "predicted")
_CLASS = TypeAdapter(Annotated[int, Range(0, 10**9)])


def _target(value) -> str | int:
    if isinstance(value, str):
        if value not in _TARGETS:
            raise problem(expected("label, predicted or the number of a class", value, _TARGETS))
        return value
    return _CLASS.validate_python(value)


_Epochs = Annotated[list[Epoch], Field(min_length=_FEWEST), AfterValidator(without_repeats)]
_Target = Annotated[
    str | int,
    PlainValidator(_target),
    WithJsonSchema({"anyOf": [{"enum": list(_TARGETS)}, {"type": "integer", "minimum": 0}]}),
]


class Vog(CheckedSection):
    """Variance of gradients (Agarwal et al. 2022): spread of the gradient with respect to an image over checkpoints."""

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments that are scored (noise-*: all whose name fits); "
        "null: all that keep at least three checkpoints, or two where `checkpoints` is 2",
    )
    stages: Annotated[dict[StageName, _Epochs], Field(min_length=1)] | None = Field(
        None,
        description="name -> two or more epochs whose checkpoints make a stage (0: the initialisation); null: early, "
        "late and complete, from `checkpoints` ones. Where an experiment's checkpoints are files by stage, these are "
        "its stages, if they have two files or more, and complete",
    )
    checkpoints: Annotated[int, Range(_FEWEST, 1000), GoesWith(("experiments",))] = Field(
        3,
        description="how many checkpoints early and late have each where `stages` is null. Twice as many are chosen, "
        "evenly spread from the first epoch to the last: the first half are early, the last half late, all of them "
        "complete. An experiment that keeps fewer has smaller stages, of three at least (two where this is 2), or "
        "complete only, of all that it keeps",
    )
    splits: Splits = Field(["train", "test"], description="splits whose examples are scored")
    target: _Target = Field(
        "label", description="class whose logit is differentiated: the given label, the predicted class, or a number"
    )
    keep_gradients: Annotated[bool, GoesWith(("experiments",))] = Field(
        True,
        description="keep each checkpoint's maps, so that another checkpoint costs that one only; false: keep no map "
        "and compute all checkpoints of a run in one job, which another checkpoint then does again: quicker where a "
        "checkpoint takes less than the start of a job (2 to 3 s)",
    )
    shards: Annotated[int, Range(1, 10_000)] = Field(
        1, description="parts that the examples are cut into, each a job of its own"
    )
    out_of_distribution: Annotated[list[Text], AfterValidator(without_repeats), GoesWith(("datasets",))] = Field(
        [],
        description="further data sets, of images that the networks do not know: how well VoG of the predicted class "
        "tells their test split from the experiment's own",
    )
    precision: Literal["float32", "bfloat16"] = Field("float32", description="arithmetic of the gradients")

    def given_scores(self, experiments: Mapping[str, Mapping]) -> tuple[str, ...]:
        """Normalised and raw VoG of every stage that one of the experiments may have, and the baseline."""
        stages = list(self.stages or _DEFAULT_STAGES)
        for settings in experiments.values():
            own = settings.get("checkpoints")
            stages += stages_in_epochs(own, _FEWEST) if is_snapshots(own) else []
        scores = dict.fromkeys(f"vog_{stage}{ending}" for stage in stages for ending in ("", "_raw"))
        return (*scores, _MAGNITUDE)

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it."""
        found = {score: [] for score in self.given_scores(suite.experiments)}
        for name, stages in self.used(suite).items():
            for score in (*(f"vog_{stage}{ending}" for stage in stages for ending in ("", "_raw")), _MAGNITUDE):
                found[score].append(name)
        return found

    def scored_experiments(self, suite: Suite) -> list[str]:
        """The wanted experiments that have enough checkpoints."""
        wanted = suite.experiments if self.experiments is None else self.experiments
        return [
            name
            for name in wanted
            if name in suite.experiments
            and not suite.no_networks(name)
            and not suite.has_no_own_passes(name)
            and len(saved_epochs(suite.experiments[name])) >= self._fewest(suite.experiments[name])
            and stages_of(self.stages, self.checkpoints, suite.experiments[name])
        ]

    def used(self, suite: Suite) -> dict[str, dict[str, list[int]]]:
        """Experiment -> stage -> epochs, in order."""
        return {
            name: stages_of(self.stages, self.checkpoints, suite.experiments[name])
            for name in self.scored_experiments(suite)
        }

    def _fewest(self, settings: Mapping) -> int:
        """How many checkpoints an experiment must keep."""
        says_which = self.stages is not None or is_snapshots(settings.get("checkpoints"))
        return _FEWEST if says_which else min(self.checkpoints, _FEWEST_UNASKED)

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for unknown experiments, and for stages whose checkpoints an experiment does not keep."""
        for index, name in enumerate(self.experiments or []):
            if text := suite.no_experiment(name):
                yield ("experiments", index), text
            elif text := suite.no_networks(name):
                yield ("experiments", index), f"{text}, which have no checkpoints"
            elif len(saved := saved_epochs(suite.experiments[name]) or [0, 1, 2]) < (
                fewest := self._fewest(suite.experiments[name])
            ):
                kept = "one checkpoint" if len(saved) == 1 else "two checkpoints"
                text = f"experiment {name!r} keeps {kept} only, expected {fewest} or more"
                yield ("experiments", index), f"{text}; set its checkpoints: all, or train for more epochs"
            elif text := suite.has_no_own_passes(name):
                yield ("experiments", index), text
        for index, name in enumerate(self.out_of_distribution):
            if text := suite.no_dataset(name):
                yield ("out_of_distribution", index), text
            elif suite.has_no_images(name):
                yield ("out_of_distribution", index), f"data set {name!r} has no images; choose another"
        for stage, epochs in (self.stages or {}).items():
            for name in self.scored_experiments(suite):
                saved = saved_epochs(suite.experiments[name])
                if is_snapshots(suite.experiments[name]["checkpoints"]):
                    continue
                if missing := [index for index, epoch in enumerate(epochs) if epoch not in saved]:
                    what = f"a checkpoint that {name!r} keeps, {in_short(saved)}"
                    yield ("stages", stage, missing[0]), expected(what, epochs[missing[0]])
                    break


def saved_epochs(settings: Mapping) -> list[int]:
    """The epochs whose weights an experiment's runs keep; none if its settings are not valid."""
    if not {"checkpoints", "epochs"} <= settings.keys():
        return []
    if is_snapshots(settings["checkpoints"]):
        return list(range(1, settings["epochs"] + 1))
    return checkpoint_epochs(settings)


def stages_of(stages: Mapping[str, list[int]] | None, checkpoints: int, settings: Mapping) -> dict[str, list[int]]:
    """Stage -> epochs of one experiment, in order.

    If `stages` is None, the early and the late stage have `checkpoints` of its checkpoints each, and none in common:
    twice as many, evenly spread from the first epoch to the last; all of them are the complete stage. It is the only
    one where early and late would have less than three, or than `checkpoints`, and there is none of less than that.
    Of networks that were trained elsewhere, the stages are those that name their files.
    """
    fewest = min(checkpoints, _FEWEST_UNASKED)
    if is_snapshots(settings["checkpoints"]):
        return stages_in_epochs(settings["checkpoints"], _FEWEST)
    if stages is not None:
        return {stage: sorted(epochs) for stage, epochs in stages.items()}
    saved = saved_epochs(settings)
    saved = saved[1:] if saved[:1] == [0] and len(saved) > fewest else saved
    if len(saved) < fewest:
        return {}
    part = min(checkpoints, len(saved) // 2)
    if part < fewest:
        return {_DEFAULT_STAGES[-1]: saved}
    chosen = [saved[(index * (len(saved) - 1)) // (2 * part - 1)] for index in range(2 * part)]
    return dict(zip(_DEFAULT_STAGES, (chosen[:part], chosen[-part:], chosen), strict=True))


def in_short(epochs: list[int]) -> str:
    """A list of epochs for a message, e.g. 1..15."""
    if epochs == list(range(epochs[0], epochs[-1] + 1)):
        return f"{epochs[0]}..{epochs[-1]}"
    return ", ".join(map(str, epochs[:10])) + (", ..." if len(epochs) > 10 else "")
