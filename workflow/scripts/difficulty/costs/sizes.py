"""How large a data set is: as prepared, else as its source says, else a guess that is named as one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

_IN_MEMORY = 4 << 30  # bytes of decoded images, beyond which they stay in their files
_PART, _COPIES = 64 << 20, 2  # bytes of images in a row group; while it is read
_GUESSED, _GUESSED_CLASSES, _GUESSED_SIDE = 50_000, 10, 32


@dataclass(frozen=True)
class Sizes:
    """Examples of a data set by split, its classes, and the shape of its images.

    file_bytes: of an encoded image in mean, as the source has it. in_files: images are decoded at every use. note: what
    was guessed, in a sentence; empty if nothing.
    """

    train: int
    test: int
    classes: int
    height: int
    width: int
    channels: int
    file_bytes: float = 0
    storage: str = "auto"
    records: int = 0
    note: str = ""

    @property
    def examples(self) -> int:
        return self.train + self.test

    @property
    def numbers(self) -> int:
        """Of an image."""
        return self.height * self.width * self.channels

    @property
    def in_files(self) -> bool:
        if self.storage == "auto":
            return self.examples * self.numbers > _IN_MEMORY
        return self.storage == "files"

    @property
    def decoded(self) -> int:
        """Bytes of all decoded images in memory."""
        return 0 if self.in_files else self.examples * self.numbers

    @property
    def in_parts(self) -> int:
        """Bytes of memory in which a table of images is read, by row groups."""
        return _COPIES * min(self.decoded, _PART)


DIGITS = Sizes(1437, 360, 10, 8, 8, 1, 160)
CIFAR10 = Sizes(50_000, 10_000, 10, 32, 32, 3, 2300)
CIFAR100 = replace(CIFAR10, classes=100)


def unknown(name: str, why: str) -> Sizes:
    """What is assumed of a data set of which nothing is known."""
    note = f"{name}: {why}, so {_GUESSED:,} images of {_GUESSED_SIDE} x {_GUESSED_SIDE} pixels are assumed"
    return Sizes(_GUESSED, _GUESSED // 5, _GUESSED_CLASSES, _GUESSED_SIDE, _GUESSED_SIDE, 3, 2300, note=note)


def with_settings(sizes: Sizes, settings: Mapping) -> Sizes:
    """Sizes of a source after what its settings say: size, color, limit, storage."""
    limit = settings.get("limit", {})
    train, test = (
        min(limit.get(split) or count, count) for split, count in (("train", sizes.train), ("test", sizes.test))
    )
    side = settings.get("size")
    height, width = (side, side) if side else (sizes.height, sizes.width)
    channels = {"rgb": 3, "grey": 1}.get(settings.get("color"), sizes.channels)
    storage = settings.get("storage") or "auto"
    return replace(sizes, train=train, test=test, height=height, width=width, channels=channels, storage=storage)


def of_subset(parent: Sizes, settings: Mapping, like: Sizes | None = None) -> Sizes:
    """Sizes of a subset by its settings; what only its making tells is taken as all of the parent's examples."""
    select = settings["select"]
    train, classes = parent.train, parent.classes
    if like:
        train = like.train
    elif "fraction" in select:
        train = round(parent.train * select["fraction"])
    elif select["by"] == "class":
        train, classes = parent.train * len(select["classes"]) // max(parent.classes, 1), len(select["classes"])
    test = parent.test if select["by"] != "class" else parent.test * classes // max(parent.classes, 1)
    train = min(train, settings.get("train") or train)
    test = min(settings.get("test") or test, parent.train + parent.test)
    return replace(parent, train=train, test=test, classes=classes)
