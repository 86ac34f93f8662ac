"""Data sets. A source of images is one class here or in image_folders.py, and the module of difficulty/datasets/ that

`source` names.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from difficulty.config.core.names import PathText, Text
from difficulty.config.core.ranges import Count, Seed
from difficulty.config.core.section import ChosenBy, Section, problem, problems_at, without_repeats
from difficulty.config.data.data_source import DataSource, OneOrMore, Unlabelled
from difficulty.config.data.image_folders import FlatFolder, ImageFolder, KthTips2b, Voc
from difficulty.config.data.subsets import Subset

# The columns of every table of examples, which a truth column must not overwrite.
_COLUMNS_OF_EXAMPLES = (
    "example_id",
    "split",
    "key",
    "original_index",
    "label",
    "class_name",
    "file",
    "sha256",
    "duplicate_of",
    "label_set",
    "label_names",
    "uncounted",
)


def _matching(patterns: list[str]) -> list[str]:
    """The files that patterns like `train-*.parquet` stand for, sorted; other entries as they are."""
    files, unmatched = [], []
    for index, pattern in enumerate(patterns):
        root = Path(pattern).anchor
        try:
            is_pattern = set("*?[") & set(pattern) and not Path(pattern).exists()
            found = sorted(map(str, Path(root).glob(pattern.removeprefix(root)))) if is_pattern else [pattern]
        except (ValueError, OSError) as error:
            unmatched.append(((index,), f"{pattern!r} is no pattern of files ({error}); correct it"))
            continue
        files += found
        if not found:
            unmatched.append(((index,), f"no file matches {pattern!r}"))
    if unmatched:
        raise problems_at(unmatched)
    return without_repeats(files)


Files = Annotated[
    list[PathText],
    Field(min_length=1),
    AfterValidator(_matching),
    OneOrMore,
]


def _adds_columns(names: list[str]) -> list[str]:
    taken = [index for index, name in enumerate(names) if name in _COLUMNS_OF_EXAMPLES]
    if taken:
        raise problems_at(((index,), f"{names[index]!r} is a column of every data set") for index in taken)
    return without_repeats(names)


Truths = Annotated[list[Text], AfterValidator(_adds_columns)]


class Digits(DataSource):
    """scikit-learn's 1,797 real 8x8 images of handwritten digits."""

    source: Literal["digits"] = Field(description="where the images come from")


class Shapes(DataSource):
    """Generated 32x32 images of six shapes of which everything that makes them hard is known."""

    source: Literal["shapes"] = Field(description="where the images come from")
    train: Count = Field(3000, description="training images; more of them leave the first ones as they are")
    test: Count = Field(600, description="test images; more of them leave the first ones as they are")
    seed: Seed = Field(0, description="seed of the generator")

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return ["radius", "axis_ratio", "rotation", "center_x", "center_y", "intensity", "noise"]


class _Cifar(DataSource):
    root: PathText = Field(
        "data", description="folder that holds torchvision's files, relative to the working directory"
    )
    download: bool = Field(True, description="fetch the files from their publisher where they are missing or damaged")


class Cifar10(_Cifar):
    """CIFAR-10: 60,000 photographs of 10 classes, 32x32 RGB."""

    source: Literal["cifar10"] = Field(description="where the images come from")


class Cifar100(_Cifar):
    """CIFAR-100: 60,000 photographs of 100 classes, 32x32 RGB."""

    source: Literal["cifar100"] = Field(description="where the images come from")


class ParquetFiles(Section):
    """The files of each split, in the order in which their rows are read."""

    train: Files = Field(
        description="file or files with the training examples, relative to the working directory, or a pattern of "
        "their names, like data/train-*.parquet"
    )
    test: Files | None = Field(None, description="file or files with the test examples; null: no test split")


class Parquet(DataSource):
    """Parquet tables with a column of encoded images."""

    source: Literal["parquet"] = Field(description="where the images come from")
    files: ParquetFiles = Field(description="the tables: {train: file or files, test: file or files}")
    image: Text = Field("image", description="column of encoded images: bytes, or Hugging Face's {bytes, path}")
    label: Text = Field("label", description="column of class labels")
    class_name: Text | None = Field(None, description="column of class names; null: from the metadata or the labels")
    index: Text | None = Field(None, description="column of the index in the original publication; null: row number")
    truth: Truths = Field([], description="columns kept as truth: what is known of an example's real difficulty")
    unlabelled: Unlabelled = "error"
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded; they are listed by name either way"
    )
    link: Literal["hard", "symlink", "copy"] = Field(
        "hard", description="how image files that the table names enter results/"
    )

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return self.truth


class NpzFiles(Section):
    """The archive of each split."""

    train: PathText = Field(description="archive with the training examples, relative to the working directory")
    test: PathText | None = Field(None, description="archive with the test examples, or the same; null: no test split")


ArrayNames = Annotated[list[Text], Field(min_length=2, max_length=2)]


class NpzArrays(Section):
    """Names of a split's arrays where they differ from `images` and `labels`."""

    train: ArrayNames | None = Field(None, description="[images, labels] of the training examples")
    test: ArrayNames | None = Field(None, description="[images, labels] of the test examples")


class Npz(DataSource):
    """NumPy archives with an array of images and an array of labels."""

    source: Literal["npz"] = Field(description="where the images come from")
    files: NpzFiles = Field(description="the archives: {train: file, test: file}")
    images: Text = Field("x", description="name of the array of images: uint8, or float from 0 to 1")
    labels: Text = Field("y", description="name of the array of labels: numbers or names of classes")
    arrays: NpzArrays | None = Field(
        None, description="names by split, e.g. {train: [x_train, y_train]}; null: those two in each split"
    )
    unlabelled: Unlabelled = "error"

    @model_validator(mode="after")
    def _splits_differ(self):
        train, test = (getattr(self.arrays, split, None) or [self.images, self.labels] for split in ("train", "test"))
        if self.files.train == self.files.test and train == test:
            raise problems_at([(("files", "test"), "the same file and arrays as train; name those of each in arrays")])
        if self.arrays and self.arrays.test and not self.files.test:
            raise problems_at([(("arrays", "test"), "there is no test file; set files.test")])
        return self


class Records(Section):
    """What other training runs recorded of every example at every epoch; scored without any training here."""

    source: Literal["records"] = Field(description="where the examples come from")
    files: Files = Field(
        description="Parquet tables, one per run, with one row per example and epoch, relative to the working "
        "directory; their order numbers the seeds from 0"
    )
    logits: Text | None = Field(None, description="column of logits, a list of one number per class in every row")
    probabilities: Text | None = Field(None, description="in place of `logits`: column of softmax probabilities")
    example_id: Text = Field("example_id", description="column of whole numbers that identify the examples")
    held_out: bool | None = Field(
        None,
        description="true: what is recorded of the training examples comes from networks that have not seen them "
        "(out-of-fold predictions), so that all their scores end in _validation; null: false",
    )
    epoch: Text = Field(
        "epoch",
        description="column of epochs, without gaps, from 1 or from 0; with held_out, a table without it has one epoch",
    )
    label: Text = Field("label", description="column of class numbers, from 0: the labels that training saw")
    class_name: Text | None = Field(None, description="column of class names; null: the class numbers")
    split: Text | None = Field(None, description="column of train, test, val or validation; null: all are train")
    key: Text | None = Field(None, description="column of names of the examples, e.g. file names; null: the numbers")
    truth: Truths = Field([], description="columns kept as truth: what is known of an example's real difficulty")
    unlabelled: Unlabelled = "error"

    @field_validator("held_out")
    @classmethod
    def _is_wanted(cls, held_out):
        return held_out or None

    @model_validator(mode="after")
    def _has_one_kind_of_predictions(self):
        if self.logits and self.probabilities:
            raise problems_at([(("probabilities",), "logits and probabilities exclude each other; leave one out")])
        if not self.logits and not self.probabilities:
            raise problem("has neither logits nor probabilities; name the column of one of them")
        return self

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return self.truth


AnySource = Annotated[
    Digits
    | Shapes
    | Cifar10
    | Cifar100
    | KthTips2b
    | ImageFolder
    | FlatFolder
    | Voc
    | Parquet
    | Npz
    | Records
    | Subset,
    ChosenBy("source"),
]
