"""Makes the page that shows everything: one file, which a browser opens from disk."""

import logging

from difficulty.atlas.arrays import Arrays
from difficulty.atlas.figures import describe_figures
from difficulty.atlas.methods import describe_methods
from difficulty.atlas.page import render
from difficulty.atlas.payload import Payload
from difficulty.atlas.results import Results
from difficulty.atomic_files import atomic_path
from difficulty.stage import arguments, provenance, required_paths, run_stage

logger = logging.getLogger("difficulty")


def main(args):
    settings, arrays, results = args.settings, Arrays(), Results(args.output.parent)
    payload = Payload(results, settings["datasets"], settings["maps"], arrays)
    data = {
        "title": settings["title"],
        "datasets": payload.datasets,
        "thumbnails": payload.thumbnails,
        "experiments": payload.experiments(settings["experiments"], settings["tables"]),
        "influential": payload.influential(settings["influential"]),
        "figures": describe_figures(settings["figures"], results, arrays),
        "methods": describe_methods(provenance(args), results.folder / "benchmarks"),
        "digest": payload.digest(),
    }
    page = render(data, arrays.packed)
    with atomic_path(args.output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    counts = len(data["experiments"]), sum(map(len, payload.examples.values())), len(page.encode()) / 1e6
    logger.info("%d experiments, %d examples, %.1f MB", *counts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "output")
    run_stage(main, parser)
