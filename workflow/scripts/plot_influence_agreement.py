"""Draws how far the ways to compute influence agree, on self-influence and on every set of queries."""

from pathlib import Path

from difficulty.analysis.influence_agreement import INFLUENCE_AGREEMENT, INFLUENCE_SAMPLE
from difficulty.figures.influence.agreement import influence_agreement_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_provenance, read_table


def main(args):
    agreement = read_table(args.agreement, INFLUENCE_AGREEMENT)
    sample = read_table(args.sample, INFLUENCE_SAMPLE)
    run = read_provenance(args.agreement).get("run", "")
    title = f"{args.agreement.parent.name}: how far do approximations of influence agree?"
    write_figure(influence_agreement_figure(agreement, sample, title, run), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--agreement", type=Path, required=True)
    parser.add_argument("--sample", type=Path, required=True)
    run_stage(main, parser)
