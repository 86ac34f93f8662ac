"""How likely each given label is wrong, by all evidence there is; how many are; and whether that can be trusted."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.label_errors import summary
from difficulty.analysis.label_errors.tables import LABEL_CONFUSION, LABEL_ERRORS
from difficulty.analysis.label_errors.trust import verdict
from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.label_sets import LABEL_SETS, has_label_sets
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES
from difficulty.scores.label_error.judgement import judge
from difficulty.scores.label_error.outside import taken_for_others
from difficulty.scores.label_error.tables import LABEL_ERROR, OF_SEEDS
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.table_parts import frame_writer
from difficulty.tables import read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    labels = read_table(args.labels, LABELS, columns=["example_id", "split", "label"])
    labels = labels[labels["split"] == "train"].sort_values("example_id")
    example_id, given = labels["example_id"].to_numpy(copy=True), labels["label"].to_numpy(copy=True)
    del labels
    named = [name for name in ("label", "class_name", *LABEL_SETS) if name in read_schema(args.examples).columns]
    examples, facts = read_table(args.examples, EXAMPLES, named), provenance(args)
    several, are_probes = has_label_sets(examples), args.settings.get("are_probes", False)
    said = judge(args, example_id, given, several, are_probes)
    if fitted := said.noisy.sampled:
        logger.info("noise models are fitted to a sample, %d of %d examples, and judge all", fitted, len(given))
    known = summary.facts_of(said, given, are_probes, args.settings.get("corrected", False))
    found = said.estimate() if not several and verdict(known)[0] else None
    wrong = said.wrong(found)
    scores = {"example_id": example_id, "label_error": said.label_error, "label_error_probability": wrong}
    write_table(pd.DataFrame(scores), args.output, EXAMPLE_SCORES.extended(LABEL_ERROR), facts)
    role = "train" if said.networks.fitted else "validation"  # where no network was trained on any example
    with frame_writer(args.seeds, RUN_SCORES.extended(OF_SEEDS), facts) as append:
        for seed, own in said.of_seeds.items():
            append(pd.DataFrame({"example_id": example_id, "run": seed, "role": role, "label_error": own}))
    names = class_names(examples, max((each.shape[1] for each in said.predictors.values()), default=0))
    pairs = summary.confusion(found, wrong, given, names) if found else summary.NO_CONFUSION
    write_table(pairs, args.confusion, LABEL_CONFUSION, facts)

    row = summary.of_several_labels(len(given), said.kinds) if several else summary.summary(known, said.kinds, found)
    write_table(pd.DataFrame([row]), args.errors, LABEL_ERRORS, facts)
    if found:
        text = "%.0f of %d labels are estimated to be wrong (%.0f to %.0f); the cut has %d"
        logger.info(text, *(row[name] for name in ("estimated_wrong", "examples", "low", "high", "cut")))
    for line in (*said.left_out.values(), *taken_for_others(said.predictors, given, names)):
        warn(f"{args.errors.parent.name}: {line}")
    if row["trustworthy"]:
        logger.info(row["reason"])
    else:
        warn(f"{args.errors.parent.name}: {row['reason']}")


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "labels", "examples", "output")
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--views", nargs="?", type=Path, help="scores of augmented copies of the images in every run")
    parser.add_argument("--held-out", nargs="?", type=Path, help="probabilities of networks that held the examples out")
    parser.add_argument("--features", nargs="?", type=Path, help="scores of given features")
    parser.add_argument("--probe", nargs="?", type=Path, help="out-of-fold probabilities of a probe on these features")
    parser.add_argument("--given", nargs="?", type=Path, help="held-out probabilities that others computed")
    required_paths(parser, "seeds", help="output: the score of the networks of each seed by itself")
    required_paths(parser, "errors", help="output: one row, how many labels are wrong")
    required_paths(parser, "confusion", help="output: which classes are likely in place of the given ones")
    run_stage(main, parser)
