"""Planted label noise. A kind of noise is one class here and one in difficulty/datasets/label_noise.py."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from difficulty.config.core.names import ClassName, PathText, Text
from difficulty.config.core.ranges import Fraction, Seed
from difficulty.config.core.section import ChosenBy, Section, problem, problems_at


class Symmetric(Section):
    """A new label, uniform over the other classes, for a share of the training examples."""

    kind: Literal["symmetric"] = Field(description="how labels are changed")
    fraction: Fraction = Field(description="share of the training examples whose label changes, 0..1")
    seed: Seed = Field(0, description="seed of the draw, shared by all runs of the experiment")


class SymmetricAny(Section):
    """A new label, uniform over all classes, the right one among them."""

    kind: Literal["symmetric_any"] = Field(description="how labels are changed")
    fraction: Fraction = Field(description="share of the training examples whose label is drawn at random, 0..1")
    seed: Seed = Field(0, description="seed of the draw, shared by all runs of the experiment")


class Asymmetric(Section):
    """Classes that are taken for certain others."""

    kind: Literal["asymmetric"] = Field(description="how labels are changed")
    fraction: Fraction = Field(description="share of the training examples of each mapped class that change, 0..1")
    map: dict[ClassName, ClassName] = Field(description="class -> the class it is taken for, e.g. {cat: dog}")
    seed: Seed = Field(0, description="seed of the draw, shared by all runs of the experiment")

    @field_validator("map")
    @classmethod
    def _changes_labels(cls, mapping):
        if not mapping:
            raise problem("expected at least one class, e.g. {cat: dog}")
        if same := [source for source, target in mapping.items() if source == target]:
            raise problems_at(((source,), f"class {source!r} is mapped to itself") for source in same)
        return mapping


class FromFile(Section):
    """Labels from a table."""

    kind: Literal["file"] = Field(description="how labels are changed")
    path: PathText = Field(
        description="table, Parquet or text, with the columns label and example_id, key or original_index"
    )


class FirstBlock(Section):
    """A new label for the first examples, as in kronfluence's example."""

    kind: Literal["first_block"] = Field(description="how labels are changed")
    fraction: Fraction = Field(description="share of the training examples, from the first on, that change, 0..1")
    seed: Seed = Field(0, description="seed of the draw, shared by all runs of the experiment")


class FromExperiment(Section):
    """The labels that another experiment has, for instance those of a part of its examples."""

    kind: Literal["experiment"] = Field(description="how labels are changed")
    experiment: Text = Field(
        description="the experiment whose labels these are, on the same data set or one that this is a subset of"
    )
    relabel: bool | None = Field(
        None,
        description="true: where that experiment's list of suspects says that a label is likely wrong and suggests "
        "another, the one that it suggests; null: false",
    )

    @field_validator("relabel")
    @classmethod
    def _is_wanted(cls, relabel):
        return relabel or None


LabelNoise = Annotated[Symmetric | SymmetricAny | Asymmetric | FromFile | FirstBlock | FromExperiment, ChosenBy("kind")]
