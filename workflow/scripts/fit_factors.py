"""The curvature of a run's network at one checkpoint, on its training examples, as factors for influence."""

import numpy as np

from difficulty.saved_runs.curvature import fisher_options, write_curvature
from difficulty.saved_runs.influence import labelled_network
from difficulty.saved_runs.options import influence_arguments
from difficulty.scores.influence.scoring import assemble, covariance_sums, eigenbases, fit_factors, second_moment_sums
from difficulty.stage import run_stage


def main(args):
    network, strategy = labelled_network(args), args.settings["strategy"]
    rows, options = np.flatnonzero(network.run.roles == "train"), fisher_options(args)
    batches = network.batches(rows, strategy, passes=2 if strategy == "ekfac" else 1)
    watch, bases = network.stopwatch, None
    factors = fit_factors(network.model, batches, "identity", **options)
    if strategy in ("kfac", "ekfac"):
        with watch.phase("covariances", len(rows)):
            covariances = covariance_sums(network.model, batches, **options)
        with watch.phase("eigendecomposition", len(rows)):
            bases = eigenbases(covariances)
            factors = assemble("kfac", covariances, bases)
    if strategy in ("diagonal", "ekfac"):
        with watch.phase("second moments", len(rows)):
            squares = second_moment_sums(network.model, bases, batches, **options)
        factors = assemble(strategy, squares, bases)
    write_curvature(args, factors, watch, network.run.device)


if __name__ == "__main__":
    run_stage(main, influence_arguments(__doc__, "folder of the factors"))
