"""Draws a sheet of labelled samples of a data set."""

from pathlib import Path

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.images import open_images
from difficulty.errors import UserError
from difficulty.figures.data.samples import sample_sheet
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_schema, read_table


def main(args):
    sets = ["label_names"] if "label_names" in read_schema(args.examples).columns else []
    examples = read_table(args.examples, EXAMPLES, ["example_id", "split", "label", "class_name", *sets])
    example_ids, images = open_images(args.pixels)
    if not (examples["example_id"].to_numpy() == example_ids).all():
        raise UserError(f"{args.pixels}: not the images of {args.examples}; delete both and run the workflow again")
    shown = {key: args.settings[key] for key in ("examples_per_class", "classes")}
    write_figure(sample_sheet(examples, images, f"{args.examples.parent.name}: samples", **shown), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    run_stage(main, parser)
