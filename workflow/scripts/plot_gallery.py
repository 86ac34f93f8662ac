"""Draws the easiest and the hardest images of each class by one score of an experiment."""

from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.images import open_images, take
from difficulty.datasets.label_sets import LABEL_SETS, has_label_sets, joined_names, named_text, set_class_names
from difficulty.errors import UserError
from difficulty.figures.scores.gallery import gallery_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.stage import run_stage
from difficulty.tables import read_schema, read_table
from difficulty.training.majority import majority_of, majority_sets_of

ROLE = "train"


def main(args):
    score, settings = args.settings["score"], args.settings
    columns = read_schema(args.scores).columns
    rankings = ranking_columns(columns, ROLE)
    if score not in rankings:
        known = ", ".join(sorted(rankings))
        raise UserError(f"figures.gallery.score: {args.scores} has no score {score!r}; choose one of {known}")
    wanted = ["example_id", "label", "clean_label", "is_corrupt", f"runs_{ROLE}", rankings[score]]
    table = read_table(args.scores, SCORES, wanted)
    table = table[table[f"runs_{ROLE}"] > 0].rename(columns={rankings[score]: "value"}).set_index("example_id")
    table["predicted"] = majority_of(args.records, table.index, ROLE)
    sets = ["example_id", *LABEL_SETS] if "label_set" in read_schema(args.examples).columns else []
    examples = read_table(args.examples, EXAMPLES, ["label", "class_name", *sets])
    if has_label_sets(examples):
        names = set_class_names(examples)
        given = examples.set_index("example_id")["label_names"].loc[table.index]
        table["given_set"] = given.map(joined_names)
        sets = majority_sets_of(args.records, table.index, ROLE)
        table["predicted_set"] = sets.map(lambda text: named_text(text, names), na_action="ignore")
    example_ids, images = open_images(args.pixels)
    figure = gallery_figure(
        table,
        take(images, pd.Index(example_ids).get_indexer_for(table.index)),
        dict(enumerate(class_names(examples))),
        f"{args.scores.parent.name}: easiest and hardest training images by {score}",
        score,
        columns[rankings[score]].direction,
        settings["examples_per_class"],
        settings["classes"],
    )
    write_figure(figure, args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--records", nargs="+", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    run_stage(main, parser)
