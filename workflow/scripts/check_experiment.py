"""Holds an experiment's settings, and those of its analyses, against its data before anything of it is trained.

All that does not fit is reported, a line each. The table that is written says what the settings were held against.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from difficulty.checks.analysis_faults import class_faults, further_faults, influence_faults, split_faults, vog_faults
from difficulty.checks.prepared_data import CHECKED, PreparedData
from difficulty.checks.subset_faults import subset_faults
from difficulty.checks.training_faults import trained_examples, training_faults
from difficulty.errors import UserError
from difficulty.models.smallest_images import refuse_small_images
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")


def main(args):
    pairs = zip(args.examples, args.pixels, strict=True)
    data = {each.name: each for each in (PreparedData.read(*pair) for pair in pairs)}
    faults = list(dict.fromkeys(all_faults(args.output.parent.name, args.settings, data)))
    for fault in faults:
        logger.error(fault)
        print(fault, file=sys.stderr)
    if faults:
        settings = "1 setting does" if len(faults) == 1 else f"{len(faults)} settings do"
        raise UserError(f"{settings} not fit the data; change what is named above and run again")
    rows = [row for each in data.values() for row in each.rows()]
    write_table(pd.DataFrame(rows), args.output, CHECKED, provenance(args))


def all_faults(experiment: str, settings: Mapping, data: Mapping[str, PreparedData]) -> Iterator[str]:
    """A line for each fault. data: name -> data sets, that of the experiment first."""
    own = next(iter(data.values()))
    training, wanted = settings["experiment"], settings["evaluations"]
    yield from training_faults(experiment, training, own)
    yield from _network_faults(experiment, settings, own)
    yield from further_faults(f"evaluations.{experiment}", wanted, data, own)
    yield from class_faults(f"evaluations.{experiment}", wanted, data, own)
    if vog := settings.get("vog"):
        yield from vog_faults(vog, own)
        yield from further_faults("analyses.vog.out_of_distribution", vog["out_of_distribution"], data, own)
    if depth := settings.get("prediction_depth"):
        yield from split_faults("analyses.prediction_depth", depth, own)
    if influence := settings.get("influence"):
        yield from influence_faults(influence, own, trained_examples(training, own))
    for name, subset in settings["subsets"].items():
        yield from subset_faults(name, subset["chain"], data[subset["root"]].examples)


def _network_faults(experiment: str, settings: Mapping, own: PreparedData) -> Iterator[str]:
    """Those of the network, which is built only where no smaller check says enough: torch takes seconds to import."""
    network = settings["network"]
    try:
        refuse_small_images(network, own.shape[:2])
    except UserError as error:
        yield f"experiments.{experiment}.architecture: {error}, or set the size of data set {own.name!r}"
        return
    is_named = network.get("modules") or network.get("probes")
    if is_named or network.get("batch_size") == 1 or network["architecture"].startswith("torchvision:"):
        from difficulty.checks.network_faults import network_faults

        yield from network_faults(experiment, network, own.name, own.shape, len(own.class_names))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--examples", type=Path, nargs="+", required=True, help="the experiment's own data set first")
    parser.add_argument("--pixels", type=Path, nargs="+", required=True, help="in the order of --examples")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
