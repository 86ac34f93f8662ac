"""Draws how variance of gradients is spread in each stage of training, and one stage against another."""

from pathlib import Path

from difficulty.analysis.vog_correlation import VOG_CORRELATION
from difficulty.analysis.vog_label_noise import VOG_LABEL_NOISE
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.figures.vog.stages import vog_stages_figure
from difficulty.scores.collect import SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import run_stage
from difficulty.tables import read_schema, read_table


def main(args):
    stages = dict(args.settings["stages"])
    columns, tables = read_schema(args.scores).columns, {}
    for role, suffix in ROLE_SUFFIXES.items():
        names = {f"vog_{stage}{suffix}": f"vog_{stage}" for stage in stages}
        if names.keys() <= columns.keys():
            table = read_table(args.scores, SCORES, [*names, "is_corrupt", f"runs_{role}"])
            tables[role] = table[table[f"runs_{role}"] > 0].rename(columns=names)
    figure = vog_stages_figure(
        tables,
        read_table(args.correlation, VOG_CORRELATION),
        read_table(args.label_noise, VOG_LABEL_NOISE),
        stages,
        f"{args.scores.parent.name}: variance of gradients in the stages of training",
    )
    write_figure(figure, args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--correlation", type=Path, required=True)
    parser.add_argument("--label-noise", type=Path, required=True)
    run_stage(main, parser)
