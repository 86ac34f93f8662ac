"""A suite with the rules that no other suite of the tests has, and the user's files that it reads."""

import numpy as np
import pandas as pd

from tests.faults.suite import in_small_parts
from tests.support.workflows import TINY, Workflow

RARE = "rare"
RARE_TARGETS = ["all", "results/review.html", "results/export/noisy/coco"]
DIGITS = 1797  # of which the data set takes some
OWN_FEATURES = {"architecture": "mlp", "width": 16}
NOISE = {"kind": "symmetric", "fraction": 0.2}
SHARED = {"kind": "experiment", "experiment": "noisy"}
SECONDS = {"dataset": "few", "split": "train", "file": "seconds.csv", "by": "original_index", "column": "index"}
QUICKEST = {"by": "score", "score": "seconds", "experiment": "noisy", "seeds": [0], "keep": "easiest", "fraction": 0.5}
CONFIG = {
    **TINY,
    "datasets": {
        "few": {**TINY["datasets"]["few"], "features": {**OWN_FEATURES, "weights": "start.safetensors"}},
        "other": {"source": "digits", "limit": {"train": 30, "test": 20}},
        "right": {"source": "subset", "of": "few", "select": {"by": "truth", "experiment": "noisy"}},
        "drawn": {"source": "subset", "of": "few", "select": {"by": "random", "like": "right"}},
        "quick": {"source": "subset", "of": "few", "select": QUICKEST},
        "unseen": {"source": "records", "files": ["unseen.parquet"], "probabilities": "p", "held_out": True},
    },
    "defaults": {**TINY["defaults"], "epochs": 2, "seeds": [0]},
    "experiments": {
        "noisy": {"label_noise": NOISE},
        "right": {"dataset": "right", "label_noise": SHARED},
        "drawn": {"dataset": "drawn", "label_noise": SHARED},
        "quick": {"dataset": "quick"},
        "frozen": {"architecture": "linear_probe", "label_noise": NOISE},
        "unseen": {"dataset": "unseen"},
        "given": {"probabilities": {"file": "probabilities.npy"}},
    },
    "analyses": {
        **TINY["analyses"],
        "vog": {
            "experiments": ["noisy"],
            "stages": {"both": [1, 2]},
            "keep_gradients": False,
            "out_of_distribution": ["other"],
        },
        "images": {"statistics": ["contrast"], "joins": {"seconds": {**SECONDS, "value": "s"}}},
        "augmentation_sensitivity": {"experiments": ["noisy"], "augmentation": {"crop": 1}, "draws": 2},
        "second_split": {"experiments": ["noisy"], "epochs": 1},
        "removal": {"cleaned": {"experiment": "noisy", "rules": {"truth": ["right"], "random": ["drawn"]}}},
        "vog_toy": {"seeds": [0], "bootstrap": 20},
    },
}


def rare_suite(folder) -> Workflow:
    """The suite in a new folder, with files of weights, probabilities, held-out records and seconds, in small parts."""
    from safetensors.torch import save_file  # imports torch, as the next line does

    from difficulty.models.building import build_model

    workflow = in_small_parts(Workflow(folder, CONFIG))
    draws = np.random.default_rng(0)
    p = draws.dirichlet(np.ones(10), DIGITS)
    np.save(workflow.work / "probabilities.npy", p)
    table = pd.DataFrame({"example_id": range(100), "label": draws.integers(0, 10, 100), "p": list(p[:100])})
    table.to_parquet(workflow.work / "unseen.parquet")
    seconds = pd.Series(draws.random(DIGITS), name="s").rename_axis("index")
    seconds.to_csv(workflow.work / "seconds.csv")
    save_file(build_model(OWN_FEATURES, 1, (8, 8), 1000, seed=1).state_dict(), workflow.work / "start.safetensors")
    return workflow
