"""Makes a data set of hard links to some of another's images, chosen by list, class, chance, score or learning."""

import logging
import shutil
from pathlib import Path

import pandas as pd

from difficulty.csv_files import without_mark, write_csv
from difficulty.datasets.duplicates import duplicate_of
from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.files import FILES, check_files, describe_files, link_files
from difficulty.datasets.images import IN_FILES, ImageFiles, content_digest, open_images, take
from difficulty.datasets.pixels import write_example_ids, write_pixels
from difficulty.datasets.subset import choose
from difficulty.errors import UserError
from difficulty.scores.choosing import learned, mean_hardness
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES
from difficulty.scores.record_arrays import stored_records
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_foreign, read_provenance, read_schema, read_table, write_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    select, name = args.settings["select"], args.examples.parent.name
    check_files(args.parent_files)
    parent = read_table(args.parent_examples, EXAMPLES)
    evidence = EVIDENCE[select["by"]](args, parent) if select["by"] in EVIDENCE else None
    try:
        examples = choose(parent, args.settings, evidence)
    except UserError as error:
        raise UserError(f"datasets.{name}.{error}") from error
    facts = provenance(args, ("numpy", "pandas", "pyarrow"))

    examples["duplicate_of"] = duplicate_of(examples)
    linked = examples.assign(file=examples["split"] + "/" + examples["file"].str.split("/", n=1).str[1])
    shutil.rmtree(args.images, ignore_errors=True)
    link_files(
        args.parent_files.parent / "images", examples["file"], args.images, linked["file"], args.settings["link"]
    )

    example_ids, images = open_images(args.parent_pixels)
    images = take(images, pd.Index(example_ids).get_indexer(linked["example_id"]))
    of_parent = read_provenance(args.parent_pixels)
    # The parent's normalisation, so that networks trained on different parts see an image alike.
    facts_of_pixels = {**facts, **{key: of_parent[key] for key in ("mean", "std")}}
    if isinstance(images, ImageFiles):
        of_files = {"storage": IN_FILES, "content": content_digest(linked)}
        facts_of_pixels |= {**of_files, "shape": of_parent["shape"], "reading": of_parent["reading"]}
        write_example_ids(args.pixels, linked["example_id"], facts_of_pixels)
    else:
        write_pixels(args.pixels, linked["example_id"], images, facts_of_pixels)
    schema = read_schema(args.parent_examples)
    further = {name: column for name, column in schema.columns.items() if name not in EXAMPLES.columns}
    write_table(linked, args.examples, EXAMPLES.extended(further), facts)
    shown = linked[["example_id", "split", "key", "label", "class_name", "file"]]
    if evidence is not None:
        shown = shown.assign(**{evidence.name: shown["example_id"].map(evidence)})
    write_csv(shown, args.list)
    write_table(describe_files(args.images, linked["file"], linked["sha256"]), args.files, FILES, facts)
    counts = linked.groupby("split").size().to_dict()
    empty = sorted(set(class_names(linked)) - set(linked.loc[linked["split"] == "train", "class_name"]))
    if empty:
        warn(f"{name}: no training examples of class {', '.join(empty)}")
    logger.info("%s of %d examples, by %s", counts, len(parent), select["by"])


def listed(args, parent: pd.DataFrame) -> pd.Series:
    """True for the examples that the user's table names; UserError for names that are not in the data set."""
    column = args.settings["select"]["column"]
    known = set(parent[column].astype(str))
    given = read_foreign(args.evidence[0], [column], text=[column])[column].to_pandas().astype(str)
    wanted = given.where(given.isin(known), given.map(without_mark))
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise UserError(
            f"{args.evidence[0]}: {len(unknown):,} of {len(wanted):,} values of {column!r} are no examples' of "
            f"{args.parent_examples.parent.name}, e.g. {unknown[0]!r}; remove them or name another column"
        )
    ids = parent.loc[parent[column].astype(str).isin(set(wanted)), "example_id"]
    return pd.Series(True, index=ids, name="listed")


def hardness(args, parent: pd.DataFrame) -> pd.Series:
    """How hard an example is by the mean of a score over the runs that count."""
    path, select = args.evidence[0], args.settings["select"]
    schema = read_schema(path)
    if schema.name == EXAMPLE_SCORES.name:  # of the image alone
        scores = read_table(path, EXAMPLE_SCORES).set_index("example_id")[select["score"]]
        return (scores * schema.columns[select["score"]].direction).dropna().rename("hardness")
    columns = {name: column for name, column in schema.columns.items() if name not in RUN_SCORES.columns}
    rows = read_table(path, RUN_SCORES, filters=[("run", "in", args.runs)])
    return mean_hardness(rows, columns, select["score"])


def learned_by(args, parent: pd.DataFrame) -> pd.Series:
    """Whether the runs that count predicted an example's given label, in one epoch."""
    select, correct = args.settings["select"], []
    for path in args.evidence:
        records = stored_records(read_table(path, RECORDS, columns=["example_id", "epoch", "role", "correct"]), path)
        trained = records.of_role("train")
        epoch = select.get("epoch", records.epochs)
        correct.append(pd.Series(trained["correct"][epoch - 1], index=trained.example_id))
    return learned(correct, select["runs"])


EVIDENCE = {"list": listed, "score": hardness, "learned": learned_by}


if __name__ == "__main__":
    parser = arguments(__doc__)
    for table in ("examples", "pixels", "files"):
        parser.add_argument(f"--parent-{table}", type=Path, required=True, help="of the data set to choose from")
        parser.add_argument(f"--{table}", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--list", type=Path, required=True, help="CSV of what was chosen")
    parser.add_argument("--evidence", type=Path, nargs="*", default=[], help="a family of scores, or records of runs")
    parser.add_argument("--runs", nargs="*", default=[], help="runs that count")
    run_stage(main, parser)
