"""Writes what is known of an experiment's examples as another tool reads it: see docs/export.md."""

import importlib
import logging
from pathlib import Path

from difficulty.atomic_files import atomic_path
from difficulty.export.judged import Judged, read_judged
from difficulty.stage import arguments, provenance, required_paths, run_stage

logger = logging.getLogger("difficulty")


def main(args):
    format, score = args.settings["format"], args.settings["score"]
    judged = read_judged(args.scores, args.suspects, args.examples, next(iter(args.files), None), score)
    module = importlib.import_module(f"difficulty.export.{format.replace('-', '_')}")
    module.write(judged, args.output, provenance(args))
    with atomic_path(args.output / "README.md") as temporary:
        temporary.write_text(about(judged, format), encoding="utf-8")
    logger.info("%d examples for %s; label_quality: %s", len(judged.examples), format, judged.quality)


def about(judged: Judged, format: str) -> str:
    """The page that lies with the files."""
    issues, images = int(judged.examples["is_label_issue"].sum()), judged.images
    lines = [
        f"Written by difficulty for {format}; docs/export.md says how to open it.",
        f"- label_quality: {judged.quality}.",
        f"- is_label_issue ({issues:,} of {(judged.examples['split'] == 'train').sum():,}): {judged.issue}.",
        f"- Images: {images.as_posix()}/, as seen from the folder that holds results/." if images else "- No images.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "scores", "suspects", "examples", "output")
    parser.add_argument("--files", nargs="*", type=Path, default=[], help="table of the image files, if there are any")
    run_stage(main, parser)
