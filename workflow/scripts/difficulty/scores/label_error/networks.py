"""What the networks of an experiment say of the examples that they were trained on, and how well they fit them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.label_error.evidence import PooledNetworks, trained_on_evidence
from difficulty.scores.record_file import RecordFile
from difficulty.scores.runs import run_of, seed_of
from difficulty.tables import read_table

_COLUMNS = ("role", "correct", "margin")


@dataclass
class Networks:
    """pooled: the evidence of all runs. of_seed: of the runs of each seed, by its name; both NaN where no run was
    trained on an example. fitted, tested: of each run, the share of its training examples, and of test images if there
    are any, whose label it predicts at its last epoch.
    """

    pooled: PooledNetworks
    of_seed: dict[str, PooledNetworks] = field(default_factory=dict)
    fitted: list[float] = field(default_factory=list)
    tested: list[float] = field(default_factory=list)


def read_views(path: Path | None) -> pd.DataFrame | None:
    """The mean margin of augmented copies of each example in each run: columns run, example_id and view_margin.

    path: the table of augmentation sensitivity; None where there is none.
    """
    return read_table(path, RUN_SCORES, columns=["run", "example_id", "view_margin"]) if path else None


def pool_networks(records: Sequence[Path], example_id: np.ndarray, views: pd.DataFrame | None = None) -> Networks:
    """The evidence of every run about the examples that it was trained on, read one at a time.

    records: files. example_id: int64 (N,), sorted. views: see `read_views`.
    """
    networks = Networks(PooledNetworks(example_id))
    for path in records:
        of_seed = networks.of_seed.setdefault(seed_of(run_of(path)), PooledNetworks(example_id))
        own = None if views is None else views.loc[views["run"] == run_of(path)].set_index("example_id")["view_margin"]
        right = {"train": [], "test": []}  # after the last epoch
        for block in RecordFile(path).blocks(_COLUMNS):
            for role, found in right.items():
                found.append(block.of_role(role)["correct"][-1].copy())  # a view would keep all epochs
            part = block.of_role("train")
            said = trained_on_evidence(
                part["margin"], None if own is None else own.loc[part.example_id].to_numpy(float)
            )
            networks.pooled.add(part.example_id, said)
            of_seed.add(part.example_id, said)
        for shares, role in ((networks.fitted, "train"), (networks.tested, "test")):
            if (known := np.concatenate(right[role])).size:
                shares.append(float(known.mean()))
    return networks


def skill_of_trained(networks: Networks, labels: np.ndarray) -> float | None:
    """The skill of networks that have seen all examples, by the test images; None where there are none.

    It counts in the proportion in which it reaches the skill with training images: the rest of that is memorised.
    labels: (N,), given, of the training examples.
    """
    if not (networks.tested and networks.fitted):
        return None
    commonest = np.bincount(labels).max() / len(labels)
    tested, fitted = (
        max(np.mean(each) - commonest, 0) / (1 - commonest) for each in (networks.tested, networks.fitted)
    )
    return float(tested * min(1, tested / fitted)) if fitted else 0.0
