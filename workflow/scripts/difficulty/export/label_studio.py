"""For Label Studio: a task for each example in the list of suspects, in its order, and the labelling interface.

Images are named as Label Studio's own server of local files wants them, with the working directory of the workflow as
document root: `/data/local-files/?d=results/datasets/...`.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from difficulty.atomic_files import atomic_path
from difficulty.datasets.label_sets import joined_names
from difficulty.errors import UserError
from difficulty.export.json_files import plain_rows, write_json
from difficulty.export.judged import Judged

URL = "/data/local-files/?d="
_IMAGE, _LABEL = "image", "label"
_SHOWN = ("given_label", "verdict", "evidence")


def write(judged: Judged, folder: Path, provenance: dict) -> None:
    write_json(folder / "tasks.json", _tasks(judged.by_rank()))
    with atomic_path(folder / "interface.xml") as temporary:
        temporary.write_bytes(interface(judged))


def _tasks(ranked: Judged) -> Iterator[dict]:
    for row, given, suggested in zip(plain_rows(ranked.examples), ranked.given, ranked.suggested, strict=True):
        url = URL + quote((ranked.images / row["file"]).as_posix())
        text = {"given_label": joined_names(given), **{name: row[name] or "" for name in _SHOWN[1:] if name in row}}
        yield {
            "data": {"image": url, **text, **{name: row[name] for name in ("rank", "example_id", "key")}},
            "predictions": [_prediction(suggested, row["suggested_share"])] if suggested else [],
            "meta": row,
        }


def _prediction(suggested: list[str], share: float) -> dict:
    """The suggestion, with its share of the networks' predictions as score."""
    value = {"from_name": _LABEL, "to_name": _IMAGE, "type": "choices", "value": {"choices": suggested}}
    return {"model_version": "difficulty", "score": share, "result": [value]}


def interface(judged: Judged) -> bytes:
    """The configuration of the labelling interface, XML: the image, what is known of it, and a choice of all classes.

    Raises UserError if the name of a class has a character that XML cannot hold.
    """
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Image", name=_IMAGE, value="$image")
    for name in _SHOWN:
        if name == "given_label" or name in judged.examples:
            ElementTree.SubElement(view, "Header", value=name.replace("_", " ").capitalize(), size="6")
            ElementTree.SubElement(view, "Text", name=name, value=f"${name}")
    choice = "multiple" if judged.has_sets else "single"
    choices = ElementTree.SubElement(view, "Choices", name=_LABEL, toName=_IMAGE, choice=choice, showInline="true")
    others = {name for names in judged.suggested for name in names or ()} - set(judged.class_names)
    for name in [*judged.class_names, *sorted(others)]:
        ElementTree.SubElement(choices, "Choice", value=name)
    text = ElementTree.tostring(view, encoding="utf-8")
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise UserError("a class has a control character in its name, which XML cannot hold; rename it") from error
    return text + b"\n"
