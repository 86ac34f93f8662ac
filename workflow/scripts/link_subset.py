"""Makes a data set of hard links to some of another's images, chosen in one of the ways of `choose`."""

import logging
import shutil
from pathlib import Path

import pandas as pd

from difficulty.csv_files import write_csv
from difficulty.datasets.duplicates import duplicate_of
from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.files import FILES, check_files, describe_files, link_files
from difficulty.datasets.images import IN_FILES, ImageFiles, content_digest, open_images, take
from difficulty.datasets.pixels import write_example_ids, write_pixels
from difficulty.errors import UserError
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.subsets.choosing import choose
from difficulty.subsets.evidence import considered
from difficulty.tables import read_provenance, read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    name, facts = args.examples.parent.name, provenance(args)
    check_files(args.parent_files)
    parent = read_table(args.parent_examples, EXAMPLES)
    present, evidence = considered(args, parent)
    try:
        examples = choose(present, args.settings, evidence)
    except UserError as error:
        raise UserError(f"datasets.{name}.{error}") from error
    examples["duplicate_of"] = duplicate_of(examples)
    linked = examples.assign(file=examples["split"] + "/" + examples["file"].str.split("/", n=1).str[1])
    shutil.rmtree(args.images, ignore_errors=True)
    former = parent.set_index("example_id").loc[linked["example_id"]].reset_index()
    source = args.parent_files.parent / "images"
    link_files(source, former["file"], args.images, linked["file"], args.settings["link"])
    write_images(args, linked, facts)
    schema = read_schema(args.parent_examples)
    further = {name: column for name, column in schema.columns.items() if name not in EXAMPLES.columns}
    write_table(linked, args.examples, EXAMPLES.extended(further), facts)
    shown = linked[["example_id", "split", "key", "label", "class_name", "file"]]
    if evidence is not None:
        shown = shown.assign(**{evidence.name: shown["example_id"].map(evidence)})
    if (corrected := former["class_name"] != linked["class_name"]).any():
        shown = shown.assign(former_class=former["class_name"].where(corrected))
    write_csv(shown, args.list)
    write_table(describe_files(args.images, linked["file"], linked["sha256"]), args.files, FILES, facts)
    if empty := sorted(set(class_names(linked)) - set(linked.loc[linked["split"] == "train", "class_name"])):
        warn(f"{name}: no training examples of class {', '.join(empty)}")
    if args.settings["select"]["by"] == "verdict" and len(linked) == len(parent):
        warn(f"{name}: no verdict leaves any example out; it has all of {args.parent_examples.parent.name}")
    counts = linked.groupby("split").size().to_dict()
    logger.info("%s of %d examples, by %s", counts, len(parent), args.settings["select"]["by"])


def write_images(args, examples: pd.DataFrame, facts: dict) -> None:
    """Writes the table of pixels of a subset's `examples`, in the form that the parent's has."""
    example_ids, images = open_images(args.parent_pixels)
    images = take(images, pd.Index(example_ids).get_indexer(examples["example_id"]))
    of_parent = read_provenance(args.parent_pixels)
    # The parent's normalisation, so that networks trained on different parts see an image alike.
    facts = {**facts, **{key: of_parent[key] for key in ("mean", "std")}}
    if isinstance(images, ImageFiles):
        facts |= {"storage": IN_FILES, "content": content_digest(examples)}
        facts |= {key: of_parent[key] for key in ("shape", "reading")}
        write_example_ids(args.pixels, examples["example_id"], facts)
    else:
        write_pixels(args.pixels, examples["example_id"], images, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "parent-examples", "parent-pixels", "parent-files", help="of the data set to choose from")
    required_paths(parser, "examples", "pixels", "files", "images")
    required_paths(parser, "list", help="CSV of what was chosen")
    parser.add_argument("--evidence", type=Path, nargs="*", default=[], help="tables that say which are chosen")
    parser.add_argument("--runs", nargs="*", default=[], help="runs that count")
    run_stage(main, parser)
