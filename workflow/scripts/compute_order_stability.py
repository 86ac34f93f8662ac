"""Rank correlation of scores between all runs of a group of experiments, and between means over halves of them."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.order_stability import (
    ORDER,
    RELIABILITY,
    aligned,
    order_rows,
    reliability_rows,
    scores_of_runs,
)
from difficulty.scores.runs import ROLE_SUFFIXES, experiment_of
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")
ONE_NETWORK = "left out, as only one network has them"
ONE_SEED = "without halves, as all networks have the same seed, so none are independent"


def main(args):
    found = scores_by_experiment(args.families, args.settings["scores"])
    order, reliability = [pd.DataFrame(columns=list(ORDER.columns))], [pd.DataFrame(columns=list(RELIABILITY.columns))]
    left_out = {ONE_NETWORK: [], ONE_SEED: []}
    for role in ROLE_SUFFIXES:
        for score in args.settings["scores"]:
            parts = {name: own[role, score] for name, own in found.items() if (role, score) in own}
            runs = [(name, seed) for name, (seeds, _, _) in parts.items() for seed in seeds]
            if len(runs) < 2:
                left_out[ONE_NETWORK] += [f"{role} {score}"] if runs else []
                continue
            values = aligned((example_id, scores) for _, example_id, scores in parts.values())
            named = {"role": role, "score": score}
            order.append(order_rows(values, runs).assign(**named))
            halves = reliability_rows(values, runs)
            reliability.append(halves.assign(**named))
            if len(halves):
                mean = halves["spearman_mean"].iloc[0]
                logger.info("%s, %s: %d runs, halves of the seeds correlate %.3f", role, score, len(runs), mean)
            else:
                left_out[ONE_SEED].append(f"{role} {score}")
    for reason, what in left_out.items():
        if what:
            warn(f"{args.output.stem}: {reason}: {', '.join(what)}; add a seed")
    facts = provenance(args, experiments=list(found))
    write_table(pd.concat(order), args.output, ORDER, facts)
    write_table(pd.concat(reliability), args.reliability, RELIABILITY, facts)


def scores_by_experiment(families: list[Path], wanted: list[str]) -> dict[str, dict]:
    """Experiment -> what `scores_of_runs` says of its families; experiments in the order in which they are given."""
    found: dict[str, dict] = {}
    for path in families:
        found.setdefault(experiment_of(path), {}).update(scores_of_runs(path, wanted))
    return found


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--families", nargs="+", type=Path, required=True, help="the scores of every run, per family")
    parser.add_argument("--output", type=Path, required=True, help="output: every pair of runs")
    parser.add_argument("--reliability", type=Path, required=True, help="output: means over halves of the runs")
    run_stage(main, parser)
