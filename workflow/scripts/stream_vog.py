"""Variance of gradients of a run's examples over its checkpoints, all at once: no map is kept."""

import pandas as pd

from difficulty.saved_runs.gradients import gradient_pass
from difficulty.saved_runs.options import run_arguments
from difficulty.saved_runs.unfinished import unfinished
from difficulty.scores.vog.tables import VOG_RUN, stage_rows
from difficulty.stage import run_stage
from difficulty.tables import write_table


def main(args):
    stages = args.settings["stages"]
    epochs = sorted(set().union(*stages.values()))
    gradients = gradient_pass(args, epochs)
    with unfinished(args, gradients.run, epochs, len(gradients.rows), gradients.provenance) as parts:
        for example_ids, passes in gradients.batches(parts.done):
            checkpoints = ((epoch, *result) for epoch, result in zip(epochs, passes, strict=True))
            parts.add(dict(stage_rows(stages, example_ids, checkpoints)), done=len(example_ids))
        write_table(pd.DataFrame(parts.columns()), args.output, VOG_RUN, gradients.provenance)


if __name__ == "__main__":
    run_stage(main, run_arguments(__doc__, "vog.parquet, or vog-shard-1.parquet"))
