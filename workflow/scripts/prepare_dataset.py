"""Reads a data set from its source; writes its table of examples, its decoded pixels and its images as files."""

import importlib
import logging
import sys
from pathlib import Path

import pyarrow as pa

from difficulty.datasets.duplicates import describe_duplicates
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.files import FILES, describe_files
from difficulty.datasets.images import IN_FILES, content_digest
from difficulty.datasets.label_sets import LABEL_SETS
from difficulty.datasets.pixels import channel_statistics, write_example_ids, write_pixels
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import Column, write_table

logger = logging.getLogger("difficulty")


def main(args):
    name = args.examples.parent.name
    source = importlib.import_module(f"difficulty.datasets.{args.settings['source']}").read(args.settings)
    for note in source.notes:
        warn(f"{name}: {note}")
    try:
        prepared = prepare(source, args.settings, args.images, name)
    except UserError:
        for line in source.intake.lines(name, used=0)[1:]:  # what was left out before
            warn(line)
        raise
    used = len(prepared.examples)
    for line in source.intake.lines(name, used):
        print(line, file=sys.stderr)
        logger.info(line)
    for remark in prepared.remarks:
        warn(f"{name}: {remark}")
    facts = provenance(
        args, ("numpy", "pandas", "pyarrow", "pillow"), bad_images=len(prepared.bad), intake=source.intake.facts(used)
    )
    lines, summary = describe_duplicates(prepared.examples)
    for line in lines:
        logger.warning(line)
    if summary:
        warn(f"{name}: {summary}; see {args.log or 'above'}")
    facts_of_pixels = {**facts, **channel_statistics(prepared.histogram), "reading": prepared.reading.facts()}
    example_ids = prepared.examples["example_id"]
    if prepared.images is None:
        facts_of_pixels |= {"storage": IN_FILES, "shape": prepared.shape, "content": content_digest(prepared.examples)}
        write_example_ids(args.pixels, example_ids, facts_of_pixels)
        print(f"{name}: images stay in their files, decoded at each use", file=sys.stderr)
    else:
        write_pixels(args.pixels, example_ids, prepared.images, facts_of_pixels)
    further = {
        name: LABEL_SETS.get(name)
        or Column(pa.Array.from_pandas(column).type, "truth column of the source", nullable=True)
        for name, column in prepared.examples.items()
        if name not in EXAMPLES.columns
    }
    write_table(prepared.examples, args.examples, EXAMPLES.extended(further), facts)
    files = describe_files(args.images, prepared.examples["file"], prepared.examples["sha256"])
    write_table(files, args.files, FILES, facts)
    logger.info("%s examples, images of shape %s", prepared.examples["split"].value_counts().to_dict(), prepared.shape)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--files", type=Path, required=True)
    run_stage(main, parser)
