"""All that a page holds, from the tables of the results."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.accuracy import accuracy_of, digest_of_test
from difficulty.analysis.convergence import convergence, convergence_sentences
from difficulty.analysis.feature_map import FEATURE_MAP
from difficulty.analysis.score_order import in_order, similar_order
from difficulty.atlas.arrays import Arrays
from difficulty.atlas.examples import describe_examples, describe_thumbnails, read_example_ids, read_examples
from difficulty.atlas.experiment import describe_experiment
from difficulty.atlas.json_values import as_records
from difficulty.atlas.results import Results
from difficulty.errors import UserError
from difficulty.plan import paths
from difficulty.scores.runs import seed_of
from difficulty.tables import read_arrow, read_provenance, read_schema, read_table
from difficulty.training.histories import read_histories

_CORRELATION = ["role", "score_a", "score_b", "spearman", "low", "high", "examples"]
_STABILITY = ["role", "score", "seeds_per_half", "spearman_mean", "reliability", "seeds_for_90", "examples"]
_INFLUENTIAL = ["query_id", "helpful", "rank", "example_id"]
_SHOWN = 8  # examples on each side
_MEASURES = ("average_precision", "auroc", "precision_at_prevalence")
_DETECTION = ["experiment", "truth", "role", "score", "run", "examples", "positives"]
_DETECTION += [f"{name}{end}" for name in _MEASURES for end in ("", "_low", "_high")]


class Payload:
    """What is read of the results once and shown in several places.

    datasets: (name, its root: the data set that its images are from, None if there are none) of each. maps: roots whose
    images have places on a map by their features.
    """

    def __init__(
        self, results: Results, datasets: Sequence[tuple[str, str | None]], maps: Sequence[str], arrays: Arrays
    ):
        self.results, self.arrays = results, arrays
        tables = {name: read_table(results.path(paths.FEATURE_MAP, dataset=name), FEATURE_MAP) for name in maps}
        self.maps = {name: tables[root].set_index("example_id") for name, root in datasets if root in tables}
        self.example_ids = {name: read_example_ids(results.path(paths.EXAMPLES, dataset=name)) for name, _ in datasets}
        self.tested: dict[str, str] = {}
        self.datasets = {name: self._dataset(name, root) for name, root in datasets}
        roots = dict.fromkeys(root for _, root in datasets if root)
        self.thumbnails = {
            root: describe_thumbnails(results.path(paths.THUMBNAILS, dataset=root), arrays) for root in roots
        }

    def _dataset(self, name: str, root: str | None) -> dict:
        """A data set, and for each example the position of its picture among those of the root; None: its own.

        Of its examples no more than their numbers stay in memory.
        """
        examples = read_examples(self.results.path(paths.EXAMPLES, dataset=name))
        self.tested[name] = digest_of_test(examples)
        page = {**describe_examples(name, examples, self.arrays), "root": root, "tiles": None}
        if root in (None, name):
            return page
        positions = self.example_ids[root].get_indexer(self.example_ids[name])
        if (positions < 0).any():
            missing = self.example_ids[name][positions < 0].min()
            raise UserError(f"{name}: example {missing} is not one of {root}; run the workflow again")
        return {**page, "tiles": self.arrays.numbers(positions, "i4")}

    def experiments(
        self,
        experiments: Sequence[Mapping],
        tables: Sequence[str],
        compared: bool,
    ) -> list[dict]:
        """The experiments' parts of the page.

        experiments: name, dataset and runs of each. tables: those about all of them that there are. compared: whether
        there are tables that compare scores with each other.
        """
        shared = {pattern: self.results.path(pattern) for pattern in tables}
        detection = _rows(shared[paths.DETECTIONS], _DETECTION) if paths.DETECTIONS in shared else []
        described = []
        for experiment in experiments:
            name, dataset = experiment["name"], experiment["dataset"]
            classes = self.datasets[dataset]["classes"]
            page = describe_experiment(name, self.results, self.example_ids[dataset], classes, self.arrays)
            page["columns"] += self._places(dataset)
            history = read_histories(self._of_runs(paths.HISTORY, experiment))
            accuracy = accuracy_of(history)
            page |= {**experiment, "settings": self.provenance(experiment).get("settings", {})}
            page |= {"accuracy": accuracy and accuracy._asdict(), "warnings": _warnings(history)}
            page["tested"] = self.tested[dataset]
            if compared:
                page["correlation"] = _correlation(self.results.path(paths.CORRELATION, experiment=name))
                page["stability"] = _rows(self.results.path(paths.STABILITY, experiment=name), _STABILITY)
            page["detection"] = [row for row in detection if row["experiment"] == name]
            described.append(page)
        return described

    def _of_runs(self, pattern: str, experiment: Mapping) -> list[Path]:
        """A path for every run of an experiment."""
        return [self.results.path(pattern, experiment=experiment["name"], run=run) for run in experiment["runs"]]

    def _places(self, dataset: str) -> list[dict]:
        """Two columns, the places of a data set's images on a map by their features, if there are any."""
        if dataset not in self.maps:
            return []
        places = self.maps[dataset].reindex(self.example_ids[dataset])
        about = "place on a map of the images by their features, on which similar ones are close"
        return [
            {
                "name": f"map_{axis}",
                "about": about,
                "direction": 0,
                "role": None,
                "values": self.arrays.quantised(places[axis].to_numpy(np.float64)),
            }
            for axis in ("x", "y")
        ]

    def influential(self, explained: Sequence[Mapping[str, str]]) -> list[dict]:
        """The training examples that help and harm predictions most.

        explained: experiment, variant of the approximation and queries of each table. Returns for each query its
        experiment, its example_id, and those of the examples, the most influential first.
        """
        found = []
        for table in explained:
            rows = _columns(self.results.path(paths.INFLUENTIAL, **table), _INFLUENTIAL).sort_values("rank")
            for query, of_query in rows.groupby("query_id", sort=False):
                sides = {side: of_query[of_query["helpful"] == (side == "helpful")] for side in ("helpful", "harmful")}
                examples = {side: each["example_id"].head(_SHOWN).tolist() for side, each in sides.items()}
                found.append({**table, "example": int(query), **examples})
        return found

    def provenance(self, experiment: Mapping) -> dict:
        """How an experiment's first run was made, as each of its tables tells."""
        return read_provenance(self._of_runs(paths.HISTORY, experiment)[0])


def _rows(path: Path, names: list[str]) -> list[dict]:
    return as_records(_columns(path, names))


def _columns(path: Path, names: list[str]) -> pd.DataFrame:
    return read_arrow(path, read_schema(path), names).to_pandas()


def _correlation(path) -> list[dict]:
    """The rows of each role, scores that order the images alike next to each other."""
    table = _columns(path, [*_CORRELATION, "direction_a", "direction_b"])
    parts = [in_order(part, similar_order(part)) for _, part in table.groupby("role", sort=False)]
    return as_records(pd.concat(parts)[_CORRELATION]) if parts else []


def _warnings(history: pd.DataFrame) -> list[str]:
    """What to know before one trusts the scores of runs with these histories."""
    found = convergence_sentences(convergence(history))
    if len(set(history["run"].map(seed_of))) == 1:
        found.append("There is one seed: how much scores depend on it is not known.")
    return found
