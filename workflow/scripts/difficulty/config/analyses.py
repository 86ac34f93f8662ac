"""What is computed from the records and scores of the experiments, beside the scores themselves."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator

from difficulty.config.names import Name, Text
from difficulty.config.problems import Place, expected, unknown_name
from difficulty.config.ranges import Range
from difficulty.config.section import Section, problem, without_repeats
from difficulty.config.suite import CheckedSection, ScoreName, Suite, unknown_scores

_Bootstrap = Annotated[int, Range(10, 100_000)]
_Scores = Annotated[list[ScoreName], Field(min_length=1), AfterValidator(without_repeats)]
_Group = Annotated[
    list[Text],
    Field(min_length=2, json_schema_extra={"minItems": 1}),  # a pattern may stand for both
    AfterValidator(without_repeats),
]
_TABLES = ("order", "reliability", "statistics")  # {group}-order.parquet lies beside {group}.parquet
_PLANTED = "is_corrupt"
_HELD_OUT = "_validation"
_PLANTED_HELD_OUT = "-validation"  # {experiment}-validation: its planted noise, as its folds hold the examples out
# Those that the authors compare with what is learned.
_STATISTICS_BESIDE_LEARNING = ("local_entropy", "dct_coefficients", "segments", "edge_strength")
# Scores of label quality, which experiments with folds have of the examples that they hold out.
HELD_OUT_SCORES = ("self_confidence", "normalized_margin")


class Dynamics(CheckedSection):
    """The learning-dynamics scores: loss, margin, forgetting and their kin over the epochs."""

    gives: ClassVar[tuple[str, ...]] = (
        "first_learned",
        "learning_epoch",
        "iteration_learned",
        "forgetting_events",
        "confidence",
        "variability",
        "correctness",
        "aleatoric",
        "aum",
        "el2n",
        "loss",
        "loss_mean",
        "entropy",
        "grand_last",
    )

    records: Literal["clean", "online"] = Field("clean", description="which records the scores are computed from")
    el2n_epoch: Annotated[int, Range(1, 100_000)] | None = Field(
        None, description="epoch at which el2n and grand_last are taken; null: a tenth of the epochs"
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Every experiment must reach the epoch and keep the records."""
        epochs = {name: settings["epochs"] for name, settings in suite.experiments.items() if "epochs" in settings}
        shortest = min(epochs, key=epochs.get, default=None)
        if self.el2n_epoch and shortest and self.el2n_epoch > epochs[shortest]:
            what = f"1..{epochs[shortest]} (epochs of {shortest!r})"
            yield ("el2n_epoch",), expected(what, self.el2n_epoch)
        kept = {name: settings["records"] for name, settings in suite.experiments.items() if "records" in settings}
        if without := [name for name, records in kept.items() if records not in (self.records, "both")]:
            yield (
                ("records",),
                f"experiment {without[0]!r} keeps {kept[without[0]]} records only; set its records: both",
            )


class Agreement(CheckedSection):
    """How far runs agree on what they get right (Pliushch et al. 2022)."""

    groups: dict[Name, _Group] = Field(
        {},
        description="name -> experiments on the same data set, beside one group per experiment, under its own name; "
        "noise-* stands for all whose name fits",
    )
    scores: _Scores = Field(
        ["learning_epoch", "first_learned", "aum", "loss_mean"],
        description="scores whose order of the examples is compared between the runs of a group; the first is drawn",
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Groups name experiments on the same data set and are not named like one; all experiments have the scores."""
        yield from _missing_scores(self.scores, suite)
        for first, second in _named_like_a_table(self.groups, suite.experiments):
            if second in self.groups:
                yield ("groups", second), f"is what a table of group {first!r} is called; choose another name"
            elif first in self.groups:
                yield ("groups", first), f"one of its tables would be called like experiment {second!r}; choose another"
            else:
                yield (), f"a table of experiment {first!r} would be called like experiment {second!r}; rename one"
        for group, names in self.groups.items():
            if group in suite.experiments:
                yield ("groups", group), "is the name of an experiment, which has a group of its own; choose another"
            for index, name in enumerate(names):
                if text := suite.no_experiment(name):
                    yield ("groups", group, index), text
            datasets = {suite.experiments[name].get("dataset"): name for name in names if name in suite.experiments}
            datasets.pop(None, None)
            if len(datasets) > 1:
                (one, first), (other, second), *_ = datasets.items()
                text = (
                    f"expected experiments on the same data set, got {first!r} on {one!r} and {second!r} on {other!r}"
                )
                yield ("groups", group), text


class Correlation(CheckedSection):
    """Rank correlation of every pair of scores."""

    scores: Annotated[_Scores, Field(min_length=2)] | None = Field(
        None,
        description="scores in the matrix, in this order; null: those of learning dynamics, but not loss_mean, and, "
        "where they are computed, the local_entropy, dct_coefficients, segments and edge_strength of the images",
    )
    bootstrap: _Bootstrap = Field(1000, description="resamples of the examples behind each interval")

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """The scores exist, in every experiment."""
        yield from _missing_scores(self.scores or [], suite)

    def compared(self, statistics: Sequence[str]) -> list[str]:
        """The scores in the matrix. statistics: those of images that are computed."""
        learning = [name for name in Dynamics.gives if name != "loss_mean"]
        return self.scores or [*learning, *(name for name in _STATISTICS_BESIDE_LEARNING if name in statistics)]


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
        """The experiment exists and has examples of that role and that column."""
        if text := suite.no_experiment(self.experiment):
            yield ("experiment",), text
            return
        settings = suite.experiments[self.experiment]
        if self.role == "validation" and "folds" in settings and settings["folds"] is None:
            yield ("role",), f"experiment {self.experiment!r} holds no examples out; set its folds"
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


class TruthCorrelation(CheckedSection):
    """Rank correlation of every score with the truth columns that hold numbers."""

    bootstrap: _Bootstrap = Field(1000, description="resamples of the examples behind each interval")


class Detection(CheckedSection):
    """How well each score finds the examples that are really hard."""

    truths: dict[Name, Truth] = Field(
        {}, description="name -> what is really hard, beside planted noise under its experiment's name"
    )
    scores: _Scores | None = Field(None, description="scores that are tested; null: all")
    bootstrap: _Bootstrap = Field(1000, description="resamples of the examples behind each interval")

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Truths fit their experiments and are not named like one; the scores exist."""
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


class Suspects(CheckedSection):
    """suspects.csv: the ranked list that a person who cleans data opens first."""

    score: ScoreName = Field(
        "aum",
        description="score that the list is ranked by, hardest first; with folds also e.g. aum_validation, of the runs "
        "that hold an example out",
    )
    suggest_above: Annotated[float, Range(0, 1, high_excluded=True)] = Field(
        0.1, description="another label is suggested if it has more than this share of the predictions of an example"
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """The score exists, and every experiment holds examples out if it is one of held-out examples."""
        score = self.score.removesuffix(_HELD_OUT)
        of_held_out_only = score in suite.held_out_scores
        if of_held_out_only and score == self.score:
            yield ("score",), f"{score!r} is a score of held-out examples; write '{score}{_HELD_OUT}'"
        elif not of_held_out_only and (text := suite.no_ranking(score)):
            yield ("score",), text
        elif score != self.score and (name := suite.without_folds()):
            other = "aum" if of_held_out_only else score
            yield ("score",), f"experiment {name!r} holds no examples out; set its folds or choose {other!r}"


def _missing_scores(scores: list[str], suite: Suite) -> Iterator[tuple[Place, str]]:
    """A fault for each entry of `scores` that not every experiment has."""
    yield from unknown_scores("scores", scores, suite)
    for index, score in enumerate(scores):
        if score in suite.held_out_scores and (name := suite.without_folds()):
            yield ("scores", index), f"experiment {name!r} holds no examples out; set its folds or leave it out"


def _named_like_a_table(*sections: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every two names of agreement groups, the second of which is what a table of the first is called."""
    names = {name: None for section in sections for name in section}
    yield from ((name, f"{name}-{table}") for name in names for table in _TABLES if f"{name}-{table}" in names)


def detections(detection: dict, experiments: dict[str, dict]) -> dict[str, dict]:
    """Name -> all settings of one test of the scores: planted noise of an experiment, or a configured truth.

    Planted noise is tested in the role validation, too, where an experiment has folds.
    """
    noisy = [
        name
        for name, settings in experiments.items()
        if settings.get("label_noise", {}).get("fraction", "label_noise" in settings)
    ]
    planted = {name: {"experiment": name, "column": _PLANTED, "role": "train"} for name in noisy}
    for name in noisy:
        if experiments[name].get("folds"):
            planted[f"{name}{_PLANTED_HELD_OUT}"] = planted[name] | {"role": "validation"}
    shared = {key: value for key, value in detection.items() if key != "truths"}
    tested = {name: truth | shared for name, truth in (planted | detection["truths"]).items()}
    for settings in tested.values():
        if "scores" in settings and settings["role"] != "validation":
            settings["scores"] = [score for score in settings["scores"] if score not in HELD_OUT_SCORES]
    return tested
