"""What all networks of an experiment say of its training examples, and how well they fit them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.label_error.confusions import with_confusions
from difficulty.scores.label_error.evidence import (
    PooledNetworks,
    held_out_evidence,
    normal_scores,
    trained_on_evidence,
)
from difficulty.scores.record_arrays import RecordArrays, stored_records
from difficulty.scores.runs import ROLES_OF_TRAINING_SPLIT, run_of, seed_of
from difficulty.tables import read_table
from difficulty.training.run_tables import RECORDS

_COLUMNS = ("example_id", "epoch", "role", "correct", "margin", "loss")


@dataclass
class Networks:
    """pooled: of all runs. of_seed: of the runs of each seed, by its name. fitted, tested: of each run, the share of
    its training examples, and of test images if there are any, whose label it predicts at its last epoch.
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
    """The evidence of every run, read one at a time.

    records: files. example_id: int64 (N,), sorted. views: see `read_views`.
    """
    networks = Networks(PooledNetworks(example_id))
    for path in records:
        run = stored_records(read_table(path, RECORDS, columns=list(_COLUMNS)), path)
        of_seed = networks.of_seed.setdefault(seed_of(run_of(path)), PooledNetworks(example_id))
        own = None if views is None else views.loc[views["run"] == run_of(path)].set_index("example_id")["view_margin"]
        for role in ROLES_OF_TRAINING_SPLIT:
            part = run.of_role(role)
            if not len(part.example_id):
                continue
            said = _evidence(role, part, None if own is None else own.loc[part.example_id].to_numpy(np.float64))
            networks.pooled.add(part.example_id, said)
            of_seed.add(part.example_id, said)
            if role == "train":
                networks.fitted.append(float(part["correct"][-1].mean()))
        if len((tests := run.of_role("test")).example_id):
            networks.tested.append(float(tests["correct"][-1].mean()))
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


def scores_of_seeds(networks: Networks, of_classes: Mapping[str, np.ndarray], labels: np.ndarray) -> pd.DataFrame:
    """Columns of RUN_SCORES, and `label_error` of the networks of each seed alone.

    of_classes: name of a seed -> probabilities (N, C) that show which classes the labels confuse; none where images
    have several labels. labels: (N,), given. The role is `validation` only where no network was trained on any example.
    """
    parts = []
    for seed, pooled in networks.of_seed.items():
        evidence = pooled.mean()
        own = with_confusions(evidence, [of_classes[seed]], labels) if seed in of_classes else normal_scores(evidence)
        parts.append(pd.DataFrame({"example_id": pooled.example_id, "run": seed, "label_error": own}))
    return pd.concat(parts).assign(role="train" if networks.fitted else "validation")


def _evidence(role: str, part: RecordArrays, views: np.ndarray | None) -> np.ndarray:
    if role == "train":
        return trained_on_evidence(part["margin"], views)
    return held_out_evidence(part["loss"], part["margin"], views)
