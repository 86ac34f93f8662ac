"""Reads a data set from its source; writes its table of examples, its decoded pixels and its images as files."""

import importlib
import logging
import sys

from difficulty.datasets.duplicates import describe_duplicates
from difficulty.datasets.example_tables import EXAMPLES, truth_column
from difficulty.datasets.files import FILES, describe_files
from difficulty.datasets.images import IN_FILES, content_digest
from difficulty.datasets.label_sets import LABEL_SETS
from difficulty.datasets.pixels import channel_statistics, write_example_ids, write_pixels
from difficulty.datasets.preparation import Prepared, preparing
from difficulty.datasets.source import Source
from difficulty.errors import UserError
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")


def main(args):
    name = args.examples.parent.name
    source = importlib.import_module(f"difficulty.datasets.{args.settings['source']}").read(args.settings)
    for note in source.notes:
        warn(f"{name}: {note}")
    facts = provenance(args, ("numpy", "pandas", "pyarrow", "pillow"))
    try:
        with preparing(source, args.settings, args.images, name, facts, args.processes) as prepared:
            report(args, source, prepared)
            write(args, source, prepared, facts)
    except UserError:
        for line in source.intake.lines(name, used=0)[1:]:  # what was left out before
            warn(line)
        raise


def write(args, source: Source, prepared: Prepared, facts: dict) -> None:
    facts = {**facts, "bad_images": len(prepared.bad), "intake": source.intake.facts(len(prepared.examples))}
    write_images(args, prepared, facts)
    known, own = EXAMPLES.columns, prepared.examples
    further = {name: LABEL_SETS.get(name) or truth_column(own[name]) for name in own if name not in known}
    write_table(own, args.examples, EXAMPLES.extended(further), facts)
    write_table(describe_files(prepared.folder, own["file"], own["sha256"]), args.files, FILES, facts)


def report(args, source: Source, prepared: Prepared) -> None:
    """Says what was read, what was left out, and what is remarkable, on the terminal and in the log."""
    name, splits = args.examples.parent.name, prepared.examples["split"].value_counts().to_dict()
    for line in source.intake.lines(name, len(prepared.examples)):
        print(line, file=sys.stderr)
        logger.info(line)
    for remark in prepared.remarks:
        warn(f"{name}: {remark}")
    lines, summary = describe_duplicates(prepared.examples)
    for line in lines:
        logger.warning(line)
    if summary:
        warn(f"{name}: {summary}; see {args.log or 'above'}")
    if prepared.images is None:
        print(f"{name}: images stay in their files, decoded at each use", file=sys.stderr)
    logger.info("%s examples, images of shape %s", splits, prepared.shape)


def write_images(args, prepared: Prepared, facts: dict) -> None:
    """Writes the decoded images, or where they stay in their files only which examples they are of."""
    facts = {**facts, **channel_statistics(prepared.histogram), "reading": prepared.reading.facts()}
    example_ids = prepared.examples["example_id"]
    if prepared.images is None:
        facts |= {"storage": IN_FILES, "shape": prepared.shape, "content": content_digest(prepared.examples)}
        write_example_ids(args.pixels, example_ids, facts)
    else:
        write_pixels(args.pixels, example_ids, prepared.images, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--processes", type=int, default=1, help="that decode side by side; the result is the same")
    required_paths(parser, "examples", "pixels", "images", "files")
    run_stage(main, parser)
