"""Makes the page that shows everything: one file, which a browser opens from disk."""

import logging
from pathlib import Path

from difficulty.atlas.arrays import Arrays
from difficulty.atlas.figures import describe_figures
from difficulty.atlas.methods import describe_methods
from difficulty.atlas.page import render
from difficulty.atlas.payload import describe_datasets, describe_experiments, digest_of
from difficulty.atomic_files import atomic_path
from difficulty.stage import arguments, required_paths, run_stage
from difficulty.tables import read_provenance

logger = logging.getLogger("difficulty")
_OF_EXPERIMENTS = ("scores", "suspects", "errors", "confusion", "correlation", "stability")


def main(args):
    settings, arrays = args.settings, Arrays()
    roots = list(dict.fromkeys(each["root"] for each in settings["datasets"]))
    args.thumbnails = dict(zip(roots, args.thumbnails, strict=True))
    datasets, thumbnails, examples = describe_datasets(settings["datasets"], args, arrays)
    data = {
        "title": settings["title"],
        "datasets": datasets,
        "thumbnails": thumbnails,
        "experiments": describe_experiments(settings["experiments"], args, datasets, examples, arrays),
        "figures": describe_figures(settings["figures"], args.figures, args.captions, arrays),
        "methods": describe_methods(read_provenance(args.scores[0]), args.benchmarks, settings["citation"]),
        "digest": digest_of(datasets),
    }
    page = render(data, arrays.packed, {})
    with atomic_path(args.output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    counts = len(data["experiments"]), sum(each["count"] for each in datasets.values()), len(page.encode()) / 1e6
    logger.info("%d experiments, %d examples, %.1f MB", *counts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    for name in ("examples", "thumbnails", *_OF_EXPERIMENTS):
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True)
    parser.add_argument("--figures", type=Path, nargs="*", default=[])
    parser.add_argument("--detection", type=Path, nargs="?")
    parser.add_argument("--evaluations", type=Path, nargs="?")
    required_paths(parser, "captions", "benchmarks", "output")
    run_stage(main, parser)
