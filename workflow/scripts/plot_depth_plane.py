"""Draws prediction depth of training examples held out against trained on, with the images at the corners."""

from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.images import open_images, take
from difficulty.figures.prediction_depth.plane import depth_plane_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import run_stage
from difficulty.tables import read_provenance, read_schema, read_table

ROLES = {"training": "train", "validation": "validation"}


def main(args):
    columns = {axis: f"prediction_depth{ROLE_SUFFIXES[role]}" for axis, role in ROLES.items()}
    stored = read_schema(args.scores).columns
    known = [name for name in columns.values() if name in stored]
    wanted = ["example_id", "split", "label", "clean_label", "is_corrupt", *known]
    table = read_table(args.scores, SCORES, wanted)
    table = table[table["split"] == "train"].set_index("example_id").sort_index()
    for axis, name in columns.items():
        table[axis] = table[name] if name in table else float("nan")
    example_ids, images = open_images(args.pixels)
    figure = depth_plane_figure(
        table,
        take(images, pd.Index(example_ids).get_indexer_for(table.index)),
        dict(enumerate(class_names(read_table(args.examples, EXAMPLES, ["label", "class_name"])))),
        read_provenance(args.family)["probes"],
        f"{args.scores.parent.name}: prediction depth of training images, held out and trained on",
    )
    write_figure(figure, args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--family", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    run_stage(main, parser)
