"""The tables of label quality, from what held-out networks make of every example."""

import argparse
import logging
from collections.abc import Mapping, Sequence

import pandas as pd

from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.label_quality import scoring
from difficulty.scores.label_quality.held_out import HELD_OUT, HeldOut, held_out_table, rows_of_group
from difficulty.tables import write_table

logger = logging.getLogger("difficulty")


def write_label_quality(args: argparse.Namespace, seeds: Sequence[HeldOut], facts: Mapping) -> None:
    """Writes scores (args.output), the noise rate of each seed (args.estimates) and the probabilities (args.held_out).

    facts: provenance of the three.
    """
    scores = [scored(each) for each in seeds]
    table = pd.concat(scores).sort_values(["run", "example_id"], kind="stable")
    write_table(table, args.output, RUN_SCORES.extended(scoring.LABEL_QUALITY), facts)
    estimates = pd.DataFrame([estimated(each, rows) for each, rows in zip(seeds, scores, strict=True)])
    write_table(estimates, args.estimates, scoring.NOISE_ESTIMATES, facts)
    rows = rows_of_group(seeds[0].probabilities.shape[1])
    write_table(held_out_table(seeds), args.held_out, HELD_OUT, facts, rows, dictionary=False)


def scored(held_out: HeldOut) -> pd.DataFrame:
    """Label quality of each example: RUN_SCORES with the columns of LABEL_QUALITY."""
    probabilities, label = held_out.probabilities, held_out.label
    return pd.DataFrame(
        {
            "example_id": held_out.example_id,
            "run": held_out.run,
            "role": "validation",
            "self_confidence": scoring.self_confidence(probabilities, label),
            "normalized_margin": scoring.normalized_margin(probabilities, label),
            "label_issue": scoring.label_issues(probabilities, label),
        }
    )


def estimated(held_out: HeldOut, scores: pd.DataFrame) -> dict:
    """The row of NOISE_ESTIMATES. scores: of the same examples."""
    counts = (held_out.seed, len(scores), int(scores["label_issue"].sum()))
    joint = scoring.confident_joint(held_out.probabilities, held_out.label)
    rate = scoring.estimated_noise_rate(joint, held_out.label)
    text = "seed %d: %d held-out examples, %d label issues, estimated noise rate %.2f %%"
    logger.info(text, *counts, 100 * rate)
    return dict(zip(scoring.NOISE_ESTIMATES.columns, (*counts, rate), strict=True))
