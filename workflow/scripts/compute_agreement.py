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
from difficulty.analysis.agreement_groups import compared_runs, left_out, shared_labels
from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names, target_matrix
from difficulty.scores.record_arrays import stored_records
from difficulty.scores.runs import ROLE_SUFFIXES, experiment_of, run_of
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_table, write_table
from difficulty.training.run_tables import RECORDS

logger = logging.getLogger("difficulty")


def main(args):
    labels = {path.resolve().parent.name: read_table(path, LABELS) for path in args.labels}
    shared, first = shared_labels(labels), next(iter(labels.values()))
    sets = first.set_index("example_id") if has_label_sets(first) else None
    columns = ["example_id", "epoch", "role", shared.recorded]
    records = {
        (experiment_of(path), run_of(path)): stored_records(read_table(path, RECORDS, columns=columns), path)
        for path in args.records
    }
    names = dict(enumerate(class_names(read_table(args.examples, EXAMPLES, columns=["label", "class_name"]))))
    if sets is not None:
        names = dict(enumerate(set_class_names(sets)))
    curves, histograms = (
        [pd.DataFrame(columns=list(AGREEMENT.columns))],
        [pd.DataFrame(columns=list(AGREED_CLASSES.columns))],
    )
    uncompared = []
    for role in ROLE_SUFFIXES:
        compared = compared_runs(records, shared, role)
        if compared is None:
            uncompared.append(role)
            continue
        correct, example_id = compared.correct, compared.example_id
        label = shared.labels.loc[example_id].to_numpy()
        facts = {"role": role, "runs": len(correct), "seeds": compared.seeds, "judged_by": shared.judged_by}
        curve = agreement_curve(correct, label).assign(**facts, examples=len(example_id))
        curve["chance_corrected"] = chance_corrected(curve)
        curve["chance_corrected_within_class"] = chance_corrected(curve, "independent_within_class")
        curve["bimodality"] = bimodality(true_positive_agreement(correct))
        curve["binomial_bimodality"] = binomial_bimodality(len(correct), curve["mean_accuracy"])
        curves.append(curve)
        members = label if sets is None else target_matrix(sets.loc[example_id]) == 1
        histogram = agreed_classes(correct, members).assign(role=role, judged_by=shared.judged_by)
        histogram["class_name"] = [names.get(value, str(value)) for value in histogram["label"]]
        histograms.append(histogram)
        last = curve.iloc[-1]
        logger.info("%s: %d runs agree on %.3f after epoch %d", role, len(correct), last["agreement"], last["epoch"])
    for line in left_out(records, uncompared):
        warn(f"{args.output.stem}: {line}")
    members = sorted("/".join(member) for member in records)
    facts = provenance(args, members=members, judged_by=shared.judged_by)
    write_table(pd.concat(curves), args.output, AGREEMENT, facts)
    write_table(pd.concat(histograms), args.classes, AGREED_CLASSES, facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--labels", nargs="+", type=Path, required=True, help="labels.parquet of every experiment")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--classes", type=Path, required=True, help="output: classes of the agreed examples")
    run_stage(main, parser)
