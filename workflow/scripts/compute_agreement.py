"""Agreement of the runs of a group of experiments per epoch, and the classes of what they agree on."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.agreement import (
    AGREED_CLASSES,
    AGREEMENT,
    agreed_classes,
    agreement_curve,
    bimodality,
    binomial_bimodality,
    chance_corrected,
    true_positive_agreement,
)
from difficulty.analysis.agreement_groups import comparable_runs
from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names, target_matrix
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import ROLE_SUFFIXES, experiment_of, run_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    columns = ["example_id", "epoch", "role", "correct"]
    records = {
        (experiment_of(path), run_of(path)): stored_records(read_table(path, RECORDS, columns=columns), path)
        for path in args.records
    }
    labels = [read_table(path, LABELS).set_index("example_id") for path in args.labels]
    classes, sets = shared_labels(labels), labels[0] if has_label_sets(labels[0]) else None
    names = dict(enumerate(class_names(read_table(args.examples, EXAMPLES, columns=["label", "class_name"]))))
    if sets is not None:
        names = dict(enumerate(set_class_names(sets)))
    curves, histograms = (
        [pd.DataFrame(columns=list(AGREEMENT.columns))],
        [pd.DataFrame(columns=list(AGREED_CLASSES.columns))],
    )
    for role in ROLE_SUFFIXES:
        compared = comparable_runs(records, role)
        if compared is None:
            continue
        correct, example_id = compared
        label = classes.loc[example_id].to_numpy()
        curve = agreement_curve(correct, label).assign(role=role, runs=len(correct), examples=len(example_id))
        curve["chance_corrected"] = chance_corrected(curve)
        curve["chance_corrected_within_class"] = chance_corrected(curve, "independent_within_class")
        curve["bimodality"] = bimodality(true_positive_agreement(correct))
        curve["binomial_bimodality"] = binomial_bimodality(len(correct), curve["mean_accuracy"])
        curves.append(curve)
        members = label if sets is None else target_matrix(sets.loc[example_id]) == 1
        histogram = agreed_classes(correct, members).assign(role=role)
        histogram["class_name"] = [names.get(value, str(value)) for value in histogram["label"]]
        histograms.append(histogram)
        last = curve.iloc[-1]
        logger.info("%s: %d runs agree on %.3f after epoch %d", role, len(correct), last["agreement"], last["epoch"])
    if len(curves) == 1:  # e.g. one seed with folds, and no test split
        logger.warning("%s: no two runs have the same examples in the same role; add a seed", args.output.stem)
    facts = provenance(args, members=sorted("/".join(member) for member in records))
    write_table(pd.concat(curves), args.output, AGREEMENT, facts)
    write_table(pd.concat(histograms), args.classes, AGREED_CLASSES, facts)


def shared_labels(labels: list[pd.DataFrame]) -> pd.Series:
    """The class of each example: the given label, or the clean one where the experiments' labels differ."""
    same = all(each["label"].equals(labels[0]["label"]) for each in labels)
    return labels[0]["label" if same else "clean_label"]


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="labels.parquet of every experiment")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--classes", type=Path, required=True, help="output: classes of the agreed examples")
    run_stage(main, parser)
