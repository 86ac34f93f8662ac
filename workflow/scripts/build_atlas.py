"""Makes a page that shows results: one file, which a browser opens from disk."""

import logging
import shutil
from pathlib import Path

from difficulty.atlas.arrays import Arrays
from difficulty.atlas.figures import describe_figures
from difficulty.atlas.methods import describe_methods
from difficulty.atlas.page import render
from difficulty.atlas.payload import Payload
from difficulty.atlas.results import Results
from difficulty.atomic_files import atomic_path
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.figures.style.palette import POINT_COLORS, SHARE_COLORS
from difficulty.plan import paths
from difficulty.stage import arguments, required_paths, run_stage
from difficulty.tables import read_arrow

logger = logging.getLogger("difficulty")
MOST_IMAGES = 60_000  # in one file
FOLDERS = {"index": "atlas"}  # beside a page


def main(args):
    settings, results = args.settings, Results(args.output.parent)
    arrays = Arrays(beside(args.output, results, settings["datasets"]))
    payload = Payload(results, settings["datasets"], settings["maps"], arrays)
    data = {
        "title": settings["title"],
        "datasets": payload.datasets,
        "thumbnails": payload.thumbnails,
        "experiments": payload.experiments(settings["experiments"], settings["tables"], settings["compared"]),
        "influential": payload.influential(settings["influential"]),
        "figures": describe_figures(settings["figures"], results, arrays),
        "methods": describe_methods(payload.provenance(settings["experiments"][0]), results.folder),
        "folder": folder_of(args.output),
        "palette": {"points": POINT_COLORS, "shares": SHARE_COLORS},
    }
    page = render(data, arrays.packed)
    with atomic_path(args.output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    if arrays.folder is None:
        shutil.rmtree(args.output.with_name(folder_of(args.output)), ignore_errors=True)  # of an earlier page
    counts = len(data["experiments"]), sum(map(len, payload.example_ids.values())), len(page.encode()) / 1e6
    logger.info("%d experiments, %d examples, %.1f MB", *counts)


def folder_of(page: Path) -> str:
    """The name of the folder beside a page in which its data lies if it has too many images for one file."""
    return FOLDERS.get(page.stem, page.stem)


def beside(page: Path, results: Results, datasets: list) -> Path | None:
    """An empty folder beside the page for its data, if it has too many images for one file; else None."""
    own = {root for _, root in datasets if root}
    tables = [read_arrow(results.path(paths.EXAMPLES, dataset=root), EXAMPLES, ["example_id"]) for root in own]
    images = sum(table.num_rows for table in tables)
    if images <= MOST_IMAGES:
        return None
    folder = page.with_name(folder_of(page))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "output")
    run_stage(main, parser)
