"""Draws what the statistics of some easy and hard images of an experiment see in them."""

from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.datasets.images import open_images, take
from difficulty.errors import UserError
from difficulty.figures.images.maps import choose_images, image_maps_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.scores.image_statistics import image_maps, shrunk
from difficulty.stage import run_stage
from difficulty.tables import read_schema, read_table

ROLE = "train"


def main(args):
    score, statistics = args.settings["score"], args.settings["statistics"]
    columns = read_schema(args.scores).columns
    rankings = ranking_columns(columns, ROLE)
    if score not in rankings:
        known = ", ".join(sorted(rankings))
        raise UserError(f"figures.image_maps.score: {args.scores} has no score {score!r}; choose one of {known}")
    wanted = ["example_id", "label", "clean_label", "is_corrupt", f"runs_{ROLE}", rankings[score], *statistics]
    table = read_table(args.scores, SCORES, wanted)
    table = table[table[f"runs_{ROLE}"] > 0].rename(columns={rankings[score]: "value"})
    direction = columns[rankings[score]].direction
    chosen = choose_images(table["value"].to_numpy(float, na_value=float("nan")) * direction, args.settings["count"])
    table = pd.concat([table.iloc[rows].assign(part=part) for part, rows in chosen.items()])
    example_ids, images = open_images(args.pixels)
    shown = take(images, pd.Index(example_ids).get_indexer_for(table["example_id"]))[:]
    shown = shrunk(shown, args.settings.get("size"))
    figure = image_maps_figure(
        table,
        shown,
        [image_maps(image, statistics) for image in shown],
        dict(enumerate(class_names(read_table(args.examples, EXAMPLES, ["label", "class_name"])))),
        f"{args.scores.parent.name}: what statistics see in easy and hard images, by {score}",
        score,
        direction,
    )
    write_figure(figure, args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    run_stage(main, parser)
