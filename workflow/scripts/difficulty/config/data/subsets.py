"""Subsets: data sets made of hard links to the images of another, and how their examples are chosen."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from difficulty.config.core.names import ClassName, PathText, Text
from difficulty.config.core.problems import expected
from difficulty.config.core.ranges import Count, Range, Seed
from difficulty.config.core.section import ChosenBy, Section, problem, without_repeats

_Fraction = Annotated[float, Range(0, 1, low_excluded=True)]
_STRATA, _DROP_HARDEST = 50, 0.0  # as `stratified` has them
_Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(without_repeats)]
# The words of analysis/suspect_verdicts.py by which examples can be chosen: all but `undecided`.
Verdict = Literal["likely wrong label", "duplicate or leak", "disputed", "ambiguous", "atypical", "easy", "typical"]
_Verdicts = Annotated[list[Verdict], Field(min_length=1), AfterValidator(without_repeats)]


class ByList(Section):
    """The examples that a table names; or all, as decided on in a list of suspects."""

    by: Literal["list"] = Field(description="how the training examples are chosen")
    path: PathText = Field(
        description="table, CSV or Parquet, relative to the working directory; with a column `decision` (keep, drop, "
        "relabel or nothing) all examples stay but those to drop, and those to relabel get the label in `new_label`, "
        "else `suggested_label`"
    )
    column: Literal["example_id", "key", "file", "original_index"] = Field(
        "example_id", description="its column, called as in the table of examples, that says which examples are meant"
    )


class ByClass(Section):
    """All examples of some classes, which are renumbered."""

    by: Literal["class"] = Field(description="how the training examples are chosen")
    classes: Annotated[list[ClassName], Field(min_length=1), AfterValidator(without_repeats)] = Field(
        description="names of the classes"
    )


class ByChance(Section):
    """A random part of the training examples."""

    by: Literal["random"] = Field(description="how the training examples are chosen")
    fraction: _Fraction | None = Field(None, description="share of the training examples; null: as many as `like` says")
    like: Text | None = Field(
        None,
        description="in place of `fraction`: a data set with as many training examples, e.g. one to compare this with",
    )

    @model_validator(mode="after")
    def _has_one_size(self):
        if (self.fraction is None) == (self.like is None):
            raise problem("expected one of fraction and like")
        return self


class _OfExperiment(Section):
    experiment: Text = Field(description="the experiment, on the data set that this is a subset of")
    seeds: _Seeds = Field(description="seeds of that experiment that count; named, so that another one changes nothing")


class ByScore(_OfExperiment):
    """The easiest or the hardest by a score, or some of every level of difficulty."""

    by: Literal["score"] = Field(description="how the training examples are chosen")
    score: Text = Field(description="a score that the experiment has, e.g. aum; its mean over the runs counts")
    keep: Literal["easiest", "hardest", "stratified"] = Field(
        description="which end; stratified: the same number from every level of difficulty, as far as it has so many"
    )
    fraction: _Fraction = Field(description="share of the training examples")
    strata: Annotated[int, Range(1, 1000)] | None = Field(
        None,
        description=f"levels, of equal width, that `keep: stratified` cuts the scores' range into; null: {_STRATA}",
    )
    drop_hardest: Annotated[float, Range(0, 1, high_excluded=True)] | None = Field(
        None,
        description="share of the training examples, the hardest, that `keep: stratified` leaves out first; null: 0",
    )

    @field_validator("strata", "drop_hardest")
    @classmethod
    def _is_of_stratified(cls, value, info):
        if value is not None and info.data.get("keep", "stratified") != "stratified":
            raise problem(f"is for keep: stratified; leave it out for the {info.data['keep']}")
        return value

    @field_validator("strata")
    @classmethod
    def _is_another_number(cls, strata):
        return None if strata == _STRATA else strata

    @field_validator("drop_hardest")
    @classmethod
    def _leaves_enough(cls, share, info):
        fraction = info.data.get("fraction", 0)
        if share is not None and fraction + share > 1 + 1e-9:
            raise problem(expected(f"at most 1 - fraction, {1 - fraction:g}", share))
        return None if share == _DROP_HARDEST else share


class ByLearning(_OfExperiment):
    """What the runs of an experiment learned, or did not learn."""

    by: Literal["learned"] = Field(description="how the training examples are chosen")
    keep: Literal["learned", "not_learned"] = Field(description="which side")
    runs: Literal["all", "majority", "any"] = Field(
        "majority", description="how many runs must be right about an example that counts as learned"
    )
    epoch: Count | None = Field(None, description="epoch whose predictions count; null: the last")
    balance: bool = Field(False, description="cut both sides to the size of the smaller one, at random")


class ByVerdict(Section):
    """What the list of suspects of an experiment says of each example, by all of its runs."""

    by: Literal["verdict"] = Field(description="how the training examples are chosen")
    experiment: Text = Field(description="the experiment, on the data set that this is a subset of; all its runs count")
    keep: _Verdicts | None = Field(None, description="verdicts of the examples to keep, e.g. [easy, typical]")
    drop: _Verdicts | None = Field(
        None, description="in place of `keep`: verdicts of the examples to leave out, e.g. [likely wrong label]"
    )

    @model_validator(mode="after")
    def _has_one_side(self):
        if (self.keep is None) == (self.drop is None):
            raise problem("expected one of keep and drop")
        return self


class ByTruth(Section):
    """The examples whose label in an experiment with planted or known label noise is right."""

    by: Literal["truth"] = Field(description="how the training examples are chosen")
    experiment: Text = Field(description="the experiment, on the data set that this is a subset of")


# Those that take a part of the training examples, and leave the test split alone.
OfTraining = ByChance | ByScore | ByLearning | ByVerdict | ByTruth
AnySelection = Annotated[ByList | ByClass | ByChance | ByScore | ByLearning | ByVerdict | ByTruth, ChosenBy("by")]


class Subset(Section):
    """Hard links to some of another data set's images."""

    source: Literal["subset"] = Field(description="where the images come from")
    of: Text = Field(description="the data set that this is a subset of")
    select: AnySelection = Field(description="which of its training examples, e.g. {by: random, fraction: 0.5}")
    per_class: bool = Field(
        False, description="choose within each class: the same share of each, and the same number where sizes are given"
    )
    train: Count | None = Field(None, description="training examples, drawn from those chosen; null: all of them")
    test: Count | None = Field(
        None,
        description="test examples, drawn from those chosen that are not for training; null: the test split as it is",
    )
    seed: Seed = Field(0, description="seed of all draws")
    link: Literal["hard", "symlink", "copy"] = Field("hard", description="how the files enter the subset")
