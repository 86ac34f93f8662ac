"""Data sets. A source of images is one class here and the module of difficulty/datasets/ that `source` names."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from difficulty.config.names import Text
from difficulty.config.problems import expected
from difficulty.config.ranges import Count, Range, Seed
from difficulty.config.section import ChosenBy, Section, problem, problems_at, without_repeats
from difficulty.config.subsets import Subset

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


class Limit(Section):
    """How many examples of a split are kept, drawn at random."""

    train: Count | None = Field(None, description="training examples to keep; null: all")
    test: Count | None = Field(None, description="test examples to keep; null: all")


class DataSource(Section):
    """What every source of images offers."""

    # Whether an image has several labels.
    is_multi_label: ClassVar[bool] = False

    size: Annotated[int, Range(1, 8192)] | None = Field(
        None, description="side in pixels that images are fitted to (resized, then cropped to a square); null: as is"
    )
    color: Literal["rgb", "grey"] | None = Field(None, description="colours to convert to; null: as the images are")
    storage: Literal["auto", "memory", "files"] | None = Field(
        None,
        description="where decoded images are kept: in memory, or nowhere, so that each use decodes the files; "
        "auto or null: in memory up to 4 GiB",
    )
    limit: Limit | None = Field(None, description="how many examples of each split are kept; null: all")
    limit_seed: Seed = Field(0, description="seed of the draw that `limit` makes")

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return []


class Digits(DataSource):
    """scikit-learn's 1,797 real 8x8 images of handwritten digits."""

    source: Literal["digits"] = Field(description="where the images come from")


class ImageFolder(DataSource):
    """A folder {train,test|val}/{class}/* of image files."""

    source: Literal["image_folder"] = Field(description="where the images come from")
    path: Text = Field(description="folder that holds train/ and test/ or val/, relative to the working directory")
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded; they are listed by name either way"
    )
    link: Literal["hard", "symlink", "copy"] = Field("hard", description="how the original files enter results/")


def _as_list(value):
    return [value] if isinstance(value, str) else value


Files = Annotated[
    list[Text],
    Field(min_length=1),
    AfterValidator(without_repeats),
    BeforeValidator(_as_list, json_schema_input_type=Text | list[Text]),
]


def _adds_columns(names: list[str]) -> list[str]:
    taken = [index for index, name in enumerate(names) if name in _COLUMNS_OF_EXAMPLES]
    if taken:
        raise problems_at(((index,), f"{names[index]!r} is a column of every data set") for index in taken)
    return without_repeats(names)


Truths = Annotated[list[Text], AfterValidator(_adds_columns)]


class ParquetFiles(Section):
    """The files of each split, in the order in which their rows are read."""

    train: Files = Field(description="file or files with the training examples, relative to the working directory")
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
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded; they are listed by name either way"
    )

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return self.truth


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
    root: Text = Field("data", description="folder that holds torchvision's files, relative to the working directory")
    download: bool = Field(True, description="fetch the files from their publisher where they are missing or damaged")


class Cifar10(_Cifar):
    """CIFAR-10: 60,000 photographs of 10 classes, 32x32 RGB."""

    source: Literal["cifar10"] = Field(description="where the images come from")


class Cifar100(_Cifar):
    """CIFAR-100: 60,000 photographs of 100 classes, 32x32 RGB."""

    source: Literal["cifar100"] = Field(description="where the images come from")


class FlatFolder(DataSource):
    """One folder of image files, with a table of labels or labels in the file names."""

    source: Literal["flat_folder"] = Field(description="where the images come from")
    path: Text = Field(description="folder that holds the images, relative to the working directory")
    recursive: bool = Field(False, description="whether images in folders below it count; their names contain the path")
    labels: Text | None = Field(None, description="CSV or Parquet table of labels, relative to the working directory")
    file_column: Text = Field("file", description="column of `labels` that has the file names")
    label_column: Text = Field("label", description="column of `labels` that has the classes, by name or number")
    split_column: Text | None = Field(
        None, description="column of `labels` that has train, test, val or validation; null: test images are drawn"
    )
    pattern: Text | None = Field(
        None,
        description="in place of `labels`: regular expression for all of a file name, with the group label and, if "
        "names tell, split, e.g. '(?P<label>[a-z]+)_[0-9]+[.]jpg' in quotes",
    )
    test_fraction: Annotated[float, Range(0, 1, high_excluded=True)] = Field(
        0.2, description="share of the images that is drawn for the test, class by class, where no split is given"
    )
    split_seed: Seed = Field(0, description="seed of that draw")
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded or have no label, and labels without image"
    )
    link: Literal["hard", "symlink", "copy"] = Field("hard", description="how the original files enter results/")

    @field_validator("pattern")
    @classmethod
    def _names_the_label(cls, pattern):
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            raise problem(f"is no regular expression ({error})") from None
        if "label" not in groups:
            raise problem("has no group that is called label; write (?P<label>...) around it")
        return pattern

    @model_validator(mode="after")
    def _has_one_kind_of_labels(self):
        if self.labels and self.pattern:
            raise problems_at([(("pattern",), "labels and pattern exclude each other; leave one of them out")])
        if not self.labels and not self.pattern:
            raise problem("has neither labels (a table) nor pattern (of file names); give one of them")
        return self


class KthTips2b(DataSource):
    """KTH-TIPS2-b: photographs of materials, {class}/sample_{a,b,c,d}/*.png."""

    source: Literal["kth_tips2b"] = Field(description="where the images come from")
    path: Text = Field(
        "KTH-TIPS2-b", description="folder that holds one folder per class, relative to the working directory"
    )
    test_samples: Annotated[
        list[Literal["a", "b", "c", "d"]], Field(min_length=1, max_length=3), AfterValidator(without_repeats)
    ] = Field(["c"], description="samples of each class that are the test; the others train")
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded or whose names tell no scale and number"
    )
    link: Literal["hard", "symlink", "copy"] = Field("hard", description="how the original files enter results/")

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        lights = [f"light_{light}" for light in ("front", "top", "side", "ambient")]
        return ["sample", "scale", "pose", "rotation", "illumination", *lights]


class NpzFiles(Section):
    """The archive of each split."""

    train: Text = Field(description="archive with the training examples, relative to the working directory")
    test: Text | None = Field(None, description="archive with the test examples, or the same; null: no test split")


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
    labels: Text = Field("y", description="name of the array of labels: class numbers")
    arrays: NpzArrays | None = Field(
        None, description="names by split, e.g. {train: [x_train, y_train]}; null: those two in each split"
    )

    @model_validator(mode="after")
    def _splits_differ(self):
        train, test = (getattr(self.arrays, split, None) or [self.images, self.labels] for split in ("train", "test"))
        if self.files.train == self.files.test and train == test:
            raise problems_at([(("files", "test"), "the same file and arrays as train; name those of each in arrays")])
        if self.arrays and self.arrays.test and not self.files.test:
            raise problems_at([(("arrays", "test"), "there is no test file; set files.test")])
        return self


def _named_lists(entries: list[str]) -> list[str]:
    wrong = [index for index, entry in enumerate(entries) if not all(entry.rpartition("/")[::2])]
    if wrong:
        what = "a folder and a list, e.g. VOC2007/trainval"
        raise problems_at(((index,), expected(what, entries[index])) for index in wrong)
    return without_repeats(entries)


_Lists = Annotated[
    list[Text],
    Field(min_length=1),
    AfterValidator(_named_lists),
    BeforeValidator(_as_list, json_schema_input_type=Text | list[Text]),
]


class Voc(DataSource):
    """PASCAL VOC's layout: photographs with annotated objects of twenty classes, several labels per image."""

    is_multi_label: ClassVar[bool] = True

    source: Literal["voc"] = Field(description="where the images come from")
    path: Text = Field(
        description="folder that holds VOC2007/{JPEGImages,Annotations,ImageSets}, relative to the working directory"
    )
    train: _Lists = Field(
        description="lists of the training examples: VOC2007/trainval is VOC2007/ImageSets/Main/trainval.txt",
    )
    test: _Lists | None = Field(None, description="lists of the test examples; null: no test split")
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded or have no file, annotation or object"
    )
    link: Literal["hard", "symlink", "copy"] = Field("hard", description="how the original files enter results/")

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return ["objects", "object_area"]


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
    epoch: Text = Field("epoch", description="column of epochs, without gaps, from 1 or from 0")
    label: Text = Field("label", description="column of class numbers, from 0: the labels that training saw")
    class_name: Text | None = Field(None, description="column of class names; null: the class numbers")
    split: Text | None = Field(None, description="column of train, test, val or validation; null: all are train")
    key: Text | None = Field(None, description="column of names of the examples, e.g. file names; null: the numbers")
    truth: Truths = Field([], description="columns kept as truth: what is known of an example's real difficulty")

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
