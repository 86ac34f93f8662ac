"""Looks at a folder or a table of images, says what is in it, and writes a commented config.yaml for it.

Nothing but that file is written, and none that exists is replaced. Run it by `make new DIR=folder`.
"""

import argparse
import os
import shlex
import sys
from pathlib import Path

from difficulty.datasets.path_names import printable
from difficulty.errors import UserError
from difficulty.first_look.fitting import fitted
from difficulty.first_look.layouts import recognised
from difficulty.first_look.reading import read_leniently
from difficulty.first_look.report import report
from difficulty.first_look.starter import starter
from difficulty.first_look.survey import surveyed

CLONE = Path(__file__).parents[2]
CONFIG = "config.yaml"


def main(images: Path, folder: Path, goes_on: bool = False) -> None:
    images, folder = images.absolute(), folder.absolute()
    target = folder / CONFIG
    if target.exists():
        raise UserError(f"{printable(target)}: is there already and stays as it is; remove it for a new one")
    if not images.exists():
        raise UserError(f"{printable(images)}: no such folder; check DIR")
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(os.path.relpath(images, folder)) if images.is_relative_to(folder) else images
    name = printable(images.name)
    os.chdir(folder)  # paths of the configuration are relative to it
    layout = recognised(place)
    source, settings = read_leniently(layout.settings, place)
    survey = surveyed(source, name)
    if survey.bad and "on_bad_image" not in settings:
        settings = {**settings, "on_bad_image": "skip"}
    fit = fitted(survey)
    for line in report(layout, source, survey, fit):
        print(f"{name}: {line}", flush=True)
    start = CLONE / "config" / "README.md"
    features = CLONE / "docs" / "analyses" / "features.md"
    places = {"readme": start, "suite": CLONE / CONFIG, "features": features, "quoted": shlex.quote(str(folder))}
    text = starter(str(images), settings, survey, fit, places)
    with target.open("x", encoding="utf-8") as file:  # never over an existing one
        file.write(text)
    then = "used now as it is" if goes_on else f"look at it, then: make suspects DIR={shlex.quote(str(folder))}"
    print(f"written: {printable(target)}; {then}")


def one_line(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; nothing is written"
    return str(error) if isinstance(error, UserError) else f"{error.filename}: {error.strerror}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path, help="a folder of images, a Parquet table or an .npz archive")
    parser.add_argument("--out", type=Path, help="folder of the new config.yaml (default: the folder of the images)")
    parser.add_argument("--if-missing", action="store_true", help="a command follows; do nothing if there is one")
    args = parser.parse_args()
    out = args.out or (args.images.parent if args.images.is_file() else args.images)
    if args.if_missing and any(path.exists() for path in (out / CONFIG, out / "config" / CONFIG)):
        sys.exit()
    try:
        main(args.images, out, goes_on=args.if_missing)
    except (UserError, OSError, KeyboardInterrupt) as error:
        print(one_line(error), file=sys.stderr)
        sys.exit(1)
