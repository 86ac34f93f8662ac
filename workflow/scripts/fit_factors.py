"""The curvature of a run's network at one checkpoint, on its training examples, as factors that influence rests on."""

import logging

import numpy as np

from difficulty.scores.factor_files import save_factors
from difficulty.scores.influence import assemble, covariance_sums, eigenbases, fit_factors, second_moment_sums
from difficulty.scores.influence_tables import INFLUENCE_TIMING
from difficulty.stage import provenance, run_stage
from difficulty.tables import write_table
from difficulty.training.checkpoints import checkpoint_name, write_manifest
from difficulty.training.influence_command import influence_arguments, labelled_network

logger = logging.getLogger("difficulty")


def main(args):
    network, settings = labelled_network(args), args.settings
    rows, strategy = np.flatnonzero(network.examples["role"] == "train"), settings["strategy"]
    options = {key: settings[key] for key in ("fisher", "seed", "modules") if key in settings}
    options["memory"] = args.memory << 20
    run = args.checkpoints.parent
    batches = network.batches(rows, f"{run.parent.name}/{run.name} {strategy}", passes=2 if strategy == "ekfac" else 1)
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
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"))
    args.output.mkdir(parents=True, exist_ok=True)
    checksum = save_factors(args.output / checkpoint_name(args.epoch), factors)
    write_manifest(args.output, {args.epoch: checksum}, facts)
    write_table(watch.table(network.device.type, args.threads), args.timing, INFLUENCE_TIMING, facts)
    for phase, seconds, _ in watch.rows:
        logger.info("%s: %.2f s", phase, seconds)


if __name__ == "__main__":
    run_stage(main, influence_arguments(__doc__, "folder of the factors"))
