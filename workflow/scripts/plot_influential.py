"""Draws for some test images of an experiment the training images that help or harm their prediction most."""

from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.images import open_images, take
from difficulty.figures.influence.choice import choose_influential
from difficulty.figures.influence.influential import influential_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.pairwise_tables import INFLUENTIAL, OVERALL_INFLUENCE, QUERIES
from difficulty.stage import run_stage
from difficulty.tables import read_table
from difficulty.training.majority import majority_of

CURVATURES = {"identity": "no curvature", "diagonal": "diagonal curvature", "kfac": "K-FAC", "ekfac": "EK-FAC"}


def main(args):
    queries = read_table(args.queries, QUERIES)
    queries["predicted"] = majority_of(args.records, pd.Index(queries["example_id"]), "test")
    influential, overall = read_table(args.influential, INFLUENTIAL), read_table(args.overall, OVERALL_INFLUENCE)
    chosen = choose_influential(influential, overall, queries)
    shown = chosen.example_ids()
    strategy, _, precision = args.influential.stem.partition("_")
    damping = f"damping {args.settings['damping']}" if strategy != "identity" else ""
    how = [part for part in (CURVATURES[strategy], precision, damping) if part]
    example_ids, images = open_images(args.pixels)
    figure = influential_figure(
        chosen,
        read_table(args.labels, LABELS).set_index("example_id").loc[shown],
        take(images, pd.Index(example_ids).get_indexer(shown))[:],
        dict(enumerate(class_names(read_table(args.examples, EXAMPLES, ["label", "class_name"])))),
        f"{args.labels.parent.name}: what helps and harms the prediction of {args.queries.stem} ({', '.join(how)})",
        args.settings["measurement"],
    )
    write_figure(figure, args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--influential", type=Path, required=True)
    parser.add_argument("--overall", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--records", type=Path, nargs="+", required=True, help="records of all runs")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    run_stage(main, parser)
