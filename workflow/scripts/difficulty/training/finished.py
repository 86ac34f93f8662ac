"""The tables and checkpoints of a run whose training has finished."""

import argparse

import numpy as np
import pandas as pd

from difficulty.tables import write_table
from difficulty.training import assembly
from difficulty.training.checkpoint_epochs import checkpoint_epochs
from difficulty.training.checkpoints import write_manifest
from difficulty.training.partial_run import PartialRun
from difficulty.training.record_files import write_records
from difficulty.training.run_tables import HISTORY, STEPS, TIMING

_SOURCES = {"clean": ("clean", "none"), "online": ("online", "none"), "both": ("clean", "online")}


def write_run(
    args: argparse.Namespace, partial: PartialRun, facts: dict, labels: pd.DataFrame, roles: np.ndarray
) -> pd.DataFrame:
    """Writes all that a run leaves and removes what is unfinished; returns the history.

    args: settings; records, online_records, history, steps, timing and checkpoints, the paths. labels: N rows of
    LABELS; roles: (N,).
    """
    settings, epochs = args.settings, args.settings["epochs"]
    source, other = _SOURCES[settings["records"]]
    for path, recorded in ((args.records, source), (args.online_records, other)):
        write_records(
            assembly.records(partial, recorded, labels, roles, epochs), path, epochs, {**facts, "source": recorded}
        )
    history = assembly.history(partial, source, labels, roles, epochs, settings.get("train_sample"))
    write_table(history, args.history, HISTORY, facts)
    write_table(assembly.steps(partial, epochs), args.steps, STEPS, facts)
    write_table(assembly.timing(partial, epochs), args.timing, TIMING, facts)
    checksums = partial.publish(args.checkpoints, checkpoint_epochs(settings))
    write_manifest(args.checkpoints, checksums, facts)
    partial.remove()
    return history
