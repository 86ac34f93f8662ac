"""Features of the images of a data set that come from outside: computed by somebody else, or by a network of theirs."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from difficulty.config.core.names import PathText, Text
from difficulty.config.core.problems import Place, expected
from difficulty.config.core.ranges import Range
from difficulty.config.core.section import Section, problems_at
from difficulty.config.training.architectures import CHOICES, TORCHVISION, Architecture, is_torchvision, settings_of
from difficulty.config.training.normalization import Normalization

_OF_FILE = ("test_file", "split", "column", "value")
_OF_NETWORK = ("architecture", "width", "depth", "stem", "layer", "size", "normalization")


class Features(Section):
    """A vector of features for each image, from a file, or from a network that was trained elsewhere.

    With `file`, somebody has computed them; with `weights`, a network computes them once for the data set.
    """

    file: PathText | None = Field(
        None,
        description="array (.npy) of one row of features per image, in the original order, or Parquet table with a "
        "column of vectors, relative to the working directory",
    )
    test_file: PathText | None = Field(
        None, description="the same of the test images, if `file` is of the training images alone"
    )
    split: Literal["train"] | None = Field(
        None,
        description="train: the file is of the training images alone, and others have no features; null: of both",
    )
    by: Literal["original_index", "name"] = Field(
        "original_index",
        description="what identifies an image in a table: its index in the original publication, or its name in the "
        "source without folders and extension",
    )
    column: Text | None = Field(None, description="column of a table that has the index or name; null: a .npy file")
    value: Text | None = Field(None, description="column of a table that has the vectors; null: a .npy file")
    weights: PathText | None = Field(
        None,
        description=f"in place of `file`: {TORCHVISION}<name>, a network of torchvision with its best weights; a file "
        "of weights; or the name of weights of torchvision's, e.g. IMAGENET1K_V1",
    )
    architecture: Architecture | None = Field(
        None, description=f"network that the weights are of: {CHOICES}; null: the one that `weights` names"
    )
    width: Annotated[int, Range(1, 65_536)] | None = Field(None, description="as in an experiment; null: as published")
    depth: Annotated[int, Range(0, 1000)] | None = Field(None, description="as in an experiment; null: 2")
    stem: Literal["cifar", "imagenet"] | None = Field(
        None, description="as in an experiment; null: by the size of the images"
    )
    layer: Text | None = Field(
        None,
        description="dotted name of the module whose output is taken, averaged over the places of a map; null: the "
        "input of the last linear layer",
    )
    size: Annotated[int, Range(8, 2048)] | None = Field(
        None,
        description="side in pixels that the image files are fitted to for the network; null: what torchvision's "
        "weights expect, for other networks the size of the data set",
    )
    normalization: Normalization | None = Field(
        None,
        description="what images are normalised with; null: what torchvision's weights expect, for other networks mean "
        "and deviation of the training images",
    )

    @model_validator(mode="after")
    def _fits(self):
        if (self.file is None) == (self.weights is None):
            text = "exclude each other; leave one of them out" if self.file else "are both missing; give one of them"
            raise problems_at([((), f"file and weights {text}")])
        if faults := list(self._faults_of_file() if self.file else self._faults_of_network()):
            raise problems_at(faults)
        return self

    def _faults_of_file(self) -> Iterator[tuple[Place, str]]:
        for key in _OF_NETWORK:
            if getattr(self, key) is not None:
                yield (key,), "is for weights, but the features are in a file; leave it out"
        if self.test_file is not None and self.split is not None:
            yield ("split",), "test_file has the features of the test images; leave one of them out"
        arrays = {file.lower().endswith(".npy") for file in (self.file, self.test_file) if file}
        if len(arrays) > 1:
            yield ("test_file",), "is of another kind than file; make both .npy files, or both tables"
        elif arrays == {True}:
            if self.by == "name":
                yield ("by",), "the rows of a .npy file have no names; set it to original_index"
            for key in ("column", "value"):
                if getattr(self, key) is not None:
                    yield (
                        (key,),
                        "the rows of a .npy file are numbered by the index and are the vectors; leave it out",
                    )
        else:
            for key, what in (("column", f"column that has the {self.by}"), ("value", "column of vectors")):
                if getattr(self, key) is None:
                    yield (key,), f"missing ({what})"

    def _faults_of_network(self) -> Iterator[tuple[Place, str]]:
        for key in _OF_FILE:
            if getattr(self, key) is not None:
                yield (key,), "is for a file of features; leave it out"
        if is_torchvision(self.weights):
            if not self.weights.removeprefix(TORCHVISION).isidentifier():
                yield ("weights",), expected(f"{TORCHVISION}<name>, e.g. {TORCHVISION}resnet50", self.weights)
            if self.architecture is not None:
                yield ("architecture",), f"{self.weights!r} names it already; leave it out"
        elif self.architecture is None:
            yield ("architecture",), "missing (network that the weights are of)"
        elif not PurePath(self.weights).suffix and not is_torchvision(self.architecture):
            text = f"{self.weights!r} is no file such as weights.safetensors; names are for {TORCHVISION}<name> only"
            yield ("weights",), text
        for key in ("width", "depth", "stem"):
            if getattr(self, key) is not None and key not in settings_of(self.architecture or ""):
                yield (key,), f"{self.architecture or self.weights} has no {key}; leave it out"
