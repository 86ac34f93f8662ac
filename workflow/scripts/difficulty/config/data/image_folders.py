"""Sources of images that are folders of files."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from difficulty.config.core.names import PathText, Text
from difficulty.config.core.problems import expected
from difficulty.config.core.ranges import Range, Seed
from difficulty.config.core.section import problem, problems_at, without_repeats
from difficulty.config.data.data_source import DataSource, OneOrMore, Unlabelled


class ImageFolder(DataSource):
    """A folder {train,test|val}/{class}/... of image files."""

    source: Literal["image_folder"] = Field(description="where the images come from")
    path: PathText = Field(description="folder that holds train/ and test/ or val/, relative to the working directory")
    test_folder: Text | None = Field(
        None,
        description="name of the folder of test images; null: the first of test, testing, val, valid, validation, dev "
        "and eval that has a folder of a training class",
    )
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded; they are listed by name either way"
    )
    link: Literal["hard", "symlink", "copy"] = Field("hard", description="how the original files enter results/")


class FlatFolder(DataSource):
    """One folder of image files, with a table of labels or labels in the file names."""

    source: Literal["flat_folder"] = Field(description="where the images come from")
    path: PathText = Field(description="folder that holds the images, relative to the working directory")
    recursive: bool = Field(False, description="whether images in folders below it count; their names contain the path")
    labels: PathText | None = Field(
        None, description="table of labels, CSV, TSV, JSON lines or Parquet, relative to the working directory"
    )
    file_column: Text = Field("file", description="column of `labels` that has the file names, or these without ending")
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
        0.2,
        description="share of the images that is drawn for the test, class by class and identical files together, "
        "where no split is given",
    )
    split_seed: Seed = Field(0, description="seed of that draw")
    unlabelled: Unlabelled = "error"
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
    path: PathText = Field(
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
    OneOrMore,
]


class Voc(DataSource):
    """PASCAL VOC's layout: photographs with annotated objects of twenty classes, several labels per image."""

    is_multi_label: ClassVar[bool] = True

    source: Literal["voc"] = Field(description="where the images come from")
    path: PathText = Field(
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
