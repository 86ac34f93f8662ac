"""KTH-TIPS2-b: 4,752 photographs of 11 materials (Caputo, Hayman, Mallikarjuna, ICCV 2005).

The archive of https://www.csc.kth.se/cvap/databases/kth-tips/ holds {class}/sample_{a,b,c,d}/*.png: of every material
four physical samples, of each nine scales (2 to 10, what the file names call it) and at each scale twelve photographs,
e.g. `15a-scale_10_im_10_col.png`, image 10 at scale 10. What the numbers of the images mean:

    number       1, 2, 3, 10   4, 5, 6, 11                  7, 8, 9, 12
    material     frontal       22.5 degrees to the right    22.5 degrees to the left
    number       1, 4, 7       2, 5, 8                      3, 6, 9                     10, 11, 12
    light from   the front     the top, 45 degrees          the side, 45 degrees        the room (ambient)

So say public readers of the data set, one of them after its web site; its users' guide (Mallikarjuna et al. 2006) was
not at hand in full. They differ in the side: one calls 4 to 6 and 11 left. `rotation` is therefore how far the material
is turned, to whichever side, which is also what may make it hard; `pose` tells the two sides apart.
"""

import re
from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.image_files import image_files
from difficulty.datasets.intake import Intake
from difficulty.datasets.path_names import printable
from difficulty.datasets.source import Source
from difficulty.errors import UserError

_NAME = re.compile(r"\d+[a-z]?-scale_(?P<scale>[2-9]|10)_im_(?P<image>[1-9]|1[0-2])_col\.png")
_SAMPLE = "sample_"
_POSES = {"frontal": (1, 2, 3, 10), "right": (4, 5, 6, 11), "left": (7, 8, 9, 12)}
_DEGREES = 22.5
_LIGHTS = {"front": (1, 4, 7), "top": (2, 5, 8), "side": (3, 6, 9), "ambient": (10, 11, 12)}
_SHOWN = 5


def read(settings: dict) -> Source:
    """Lists the images of the samples that train, then of those that test, in order of class, sample and name.

    settings: path; test_samples, letters of the samples that are the test; on_bad_image.
    Truth columns: sample (its letter), scale, pose, rotation (degrees), illumination (its name) and, true or false,
    light_front, light_top, light_side, light_ambient.
    Raises UserError if the folder has another layout, no image of a sample to test on, or (with on_bad_image: error) a
    class without training images or files with other names; with skip these are left out and become notes.
    """
    root = Path(settings["path"])
    folders = _sample_folders(root)
    if missing := sorted(set(settings["test_samples"]) - {sample for _, sample in folders}):
        known = ", ".join(sorted({sample for _, sample in folders}))
        raise UserError(f"{root}: no sample {', '.join(missing)}; set datasets.*.test_samples to some of {known}")
    rows, files, unknown, intake = [], [], [], Intake("files")
    for split in SPLITS:
        for (name, sample), folder in folders.items():
            if (sample in settings["test_samples"]) != (split == "test"):
                continue
            for file in image_files(folder, intake=intake):
                if facts := conditions(file.name):
                    rows.append({"split": split, "class_name": name, "sample": sample, **facts})
                    files.append(file)
                else:
                    unknown.append(printable(file.relative_to(root)))
    classes = sorted({name for name, _ in folders})
    training = {row["class_name"] for row in rows if row["split"] == "train"}
    problems = [f"{root / name}: class {name!r} has no training images" for name in classes if name not in training]
    if unknown:
        problems.append(f"{root}: {_counted(unknown)} not called like 15a-scale_10_im_10_col.png")
    if problems and settings.get("on_bad_image", "error") == "error":
        raise UserError(f"{'; '.join(problems)}; fix this or set on_bad_image: skip")
    if not training:
        raise UserError(f"{root}: no training images; {'; '.join(problems)}")
    listed = {file for folder in folders.values() for file in image_files(folder)}
    outside = [printable(file) for file in image_files(root, recursive=True) if file not in listed]
    intake.leave_out("outside of {class}/sample_{letter}/", outside)
    intake.leave_out("not called like 15a-scale_10_im_10_col.png", unknown)
    examples = pd.DataFrame(rows)
    examples.insert(1, "key", [file.relative_to(root).as_posix() for file in files])
    examples.insert(2, "original_index", examples.groupby("split").cumcount())
    examples.insert(3, "label", examples["class_name"].map(classes.index))
    return Source(examples, lambda row: files[row], tuple(problems), intake)


def conditions(name: str) -> dict | None:
    """Under what a photograph was taken, by the name of its file: the truth columns of `read` but the sample.

    None for a name of another form.
    """
    if not (match := _NAME.fullmatch(name)):
        return None
    number = int(match["image"])
    pose = next(pose for pose, numbers in _POSES.items() if number in numbers)
    illumination = next(light for light, numbers in _LIGHTS.items() if number in numbers)
    return {
        "scale": int(match["scale"]),
        "pose": pose,
        "rotation": 0.0 if pose == "frontal" else _DEGREES,
        "illumination": illumination,
        **{f"light_{light}": light == illumination for light in _LIGHTS},
    }


def _sample_folders(root: Path) -> dict[tuple[str, str], Path]:
    """(class, letter of the sample) -> folder, in order."""
    layout = "expected {class}/sample_a/*.png and so on; set datasets.*.path to the folder KTH-TIPS2-b"
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; {layout}")
    found = sorted(path for path in root.glob(f"[!.]*/{_SAMPLE}?") if path.is_dir())
    if not found:
        raise UserError(f"{root}: no samples in it; {layout}")
    return {(path.parent.name, path.name.removeprefix(_SAMPLE)): path for path in found}


def _counted(names: list[str]) -> str:
    """`1 file (wool/sample_a/x.png) is` or `7 files (a, b, ...) are`."""
    shown = f"({', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''})"
    return f"1 file {shown} is" if len(names) == 1 else f"{len(names):,} files {shown} are"
