"""Recognises tables of images, archives of arrays, and tables that label the files of a folder."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.datasets.image_files import image_files
from difficulty.datasets.path_names import printable
from difficulty.datasets.split_folders import TEST_NAMES, TRAIN_NAMES
from difficulty.errors import UserError
from difficulty.tables import read_foreign
from difficulty.text_tables import is_text_table

_LABELS = ("label", "labels", "class", "category", "target", "fine_label", "y", "species", "diagnosis", "class_name")
_CLASS_NAMES = ("label_name", "class_name")
_SPLITS = ("split", "subset", "partition", "set")
_SPLIT_OF = {**dict.fromkeys(TRAIN_NAMES, "train"), **dict.fromkeys(TEST_NAMES, "test")}
_IMAGES = ("images", "x", "image", "imgs")
_ROWS_LOOKED_AT = 1000
_MATCHING = 0.5  # share of a column that must be names of files


def image_tables(place: Path) -> dict | None:
    """Settings of the source `parquet` for a table, or for the tables in a folder or in data/ below it."""
    folders = [place, place / "data"] if place.is_dir() else []
    found = [place] if _is_parquet(place) else [path for folder in folders for path in sorted(folder.glob("*.parquet"))]
    tables = [path for path in found if _image_column(path)]
    if not tables:
        return None
    files = _by_split(tables)
    first = files["train"][0]
    schema, image = pq.read_schema(first), _image_column(first)
    given = {"files": {split: [str(path) for path in paths] for split, paths in files.items()}}
    given |= {"image": image, "label": _label_column(first, _label_candidates(schema), taken=(image,))}
    names = [name for name in _CLASS_NAMES if name in schema.names and name != given["label"]]
    return {"source": "parquet", **given, **({"class_name": names[0]} if names else {})}


def archives(place: Path) -> dict | None:
    """Settings of the source `npz` for an archive, or for the archives in a folder."""
    found = [place] if place.suffix.lower() == ".npz" else sorted(place.glob("*.npz")) if place.is_dir() else []
    if not found:
        return None
    files = {split: str(paths[0]) for split, paths in _by_split(found).items()}
    names = _arrays(Path(files["train"]))
    own = _pair(names, ("", ""))
    if own:
        return {"source": "npz", "files": files, "images": own[0], "labels": own[1]}
    by_split: dict[str, list[str]] = {}
    for word in (*TRAIN_NAMES, *TEST_NAMES):
        if pair := _pair(names, (f"{word}_", "")) or _pair(names, ("", f"_{word}")):
            by_split.setdefault(_SPLIT_OF[word], pair)
    if "train" not in by_split:
        raise UserError(f"{printable(found[0])}: which arrays are images and labels? It has {', '.join(names)}")
    return {"source": "npz", "files": dict.fromkeys(by_split, files["train"]), "arrays": by_split}


def label_table(place: Path, below: Sequence[Path]) -> dict | None:
    """Settings of the source `flat_folder` for a table in a folder that names images there or in one of its folders.

    Without a column of splits all images are for training, so that all of them are ranked.
    """
    tables = [path for path in sorted(place.iterdir()) if path.is_file() and (is_text_table(path) or _is_parquet(path))]
    for path in tables:
        table = read_foreign(path).slice(0, _ROWS_LOOKED_AT)
        for root in (place, *below):
            if (column := _file_column(table, root)) is None:
                continue
            names = [name for name in table.column_names if name != column]
            split = next((name for name in names if name.lower() in _SPLITS and _are_splits(table[name])), None)
            label = _label_column(path, names, taken=(split,))
            rest = {"split_column": split} if split else {"test_fraction": 0}
            is_deep = any("/" in str(name) for name in table[column].to_pylist())
            given = {"path": str(root), "recursive": is_deep, "labels": str(path)}
            return {"source": "flat_folder", **given, "file_column": column, "label_column": label, **rest}
    return None


def _is_parquet(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() == ".parquet"


def _image_column(path: Path) -> str | None:
    """The first column of a Parquet file that holds encoded images."""
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{printable(path)}: is no Parquet file ({' '.join(str(error).split())})") from error
    for field in schema:
        kind = field.type
        is_struct = pa.types.is_struct(kind) and {"bytes", "path"} <= {part.name for part in kind}
        if is_struct or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            return field.name
    return None


def _by_split(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Files by the word that their names begin or end with; all are for training where no name says so.

    Of several kinds of test files (`val`, `test`), the first in the order of TEST_NAMES.
    """
    words = {path: [word for word in re.split(r"[^a-z]+", path.stem.lower()) if word in _SPLIT_OF] for path in paths}
    train = [path for path in paths if words[path] and words[path][0] in TRAIN_NAMES]
    if not train:
        return {"train": list(paths)}
    tests = ([path for path in paths if words[path][:1] == [word]] for word in TEST_NAMES)
    test = next(filter(None, tests), None)
    return {"train": train, **({"test": test} if test else {})}


def _label_candidates(schema: pa.Schema) -> list[str]:
    kinds = (pa.types.is_integer, pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary)
    return [field.name for field in schema if any(is_kind(field.type) for is_kind in kinds)]


def _label_column(path: Path, names: Iterable[str], taken: Iterable[str | None]) -> str:
    """The column of labels: by its name, or as the only one that is left. Raises UserError if it is not clear."""
    names = [name for name in names if name not in taken]
    known = [name for wanted in _LABELS for name in names if name.lower() == wanted]
    if known or len(names) == 1:
        return (known or names)[0]
    has = f"it has {', '.join(names)}; call it label" if names else "there is no other column"
    raise UserError(f"{printable(path)}: which column has the labels is not clear: {has}")


def _file_column(table: pa.Table, root: Path) -> str | None:
    """The column most of whose values are names of images below a folder, with or without their endings."""
    files = [path.relative_to(root) for path in image_files(root, recursive=True)]
    names = {path.as_posix() for path in files} | {path.with_suffix("").as_posix() for path in files}
    shares = {
        column: sum(str(PurePosixPath(str(value))) in names for value in table[column].to_pylist()) / max(len(table), 1)
        for column in table.column_names
    }
    best = max(shares, key=shares.get, default=None)
    return best if best is not None and shares[best] > _MATCHING else None


def _are_splits(column: pa.ChunkedArray) -> bool:
    return all(str(value).lower() in _SPLIT_OF for value in column.unique().to_pylist())


def _arrays(path: Path) -> list[str]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return list(archive.files)
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise UserError(f"{printable(path)}: cannot be read as an archive of arrays ({error})") from error


def _pair(names: Sequence[str], around: tuple[str, str]) -> list[str] | None:
    """[images, labels] among the names of arrays, each with a word before or after it."""
    before, after = around
    images, labels = (
        next((name for wanted in kinds for name in names if name.lower() == f"{before}{wanted}{after}"), None)
        for kinds in (_IMAGES, _LABELS)
    )
    return [images, labels] if images and labels else None
