"""Memory and CPU time of what shows images and results, and hands them on, by the number of examples.

Makes tables of results that nobody computed (those of bench_atlas.py, records of one run over --epochs epochs, features
of --features numbers, and image files, which are hard links to one another), and runs the workflow's scripts on them:
thumbnails, page, figures with images, exports, a subset, similar images, a map and scores of features. Printed for each
stage: the peak of its memory and its CPU seconds. Goals: at most 1 GiB, and 2 GiB of 1,281,167 images.

    python bench_pages.py --images 1281167 --classes 1000 --folder somewhere
    python bench_pages.py --images 60000 --folder somewhere --scripts ../../another/workflow/scripts --only gallery
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow as pa
from bench_atlas import EXPERIMENT, SCRIPTS, make_results

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.feature_tables import write_features
from difficulty.datasets.files import FILES, describe_files
from difficulty.figures.data import samples
from difficulty.figures.images import maps
from difficulty.figures.scores import gallery
from difficulty.scores.collect import SCORES
from difficulty.table_parts import frame_writer
from difficulty.tables import Column, read_table, write_table
from difficulty.training.run_tables import RECORDS

FORMATS = ("cleanlab", "coco", "fiftyone", "huggingface", "label-studio")
MOST_LINKS = 20_000  # to a file
STATISTIC = "edge_strength"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--scores", type=int, default=30)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--features", type=int, default=0, help="numbers of a vector; 0: no features")
    parser.add_argument("--pixels", type=Path, help="table of a data set whose images are repeated; else noise")
    parser.add_argument("--folder", type=Path, help="kept, with all that is made")
    parser.add_argument("--scripts", type=Path, default=SCRIPTS, help="of the version that is measured")
    parser.add_argument("--only", nargs="+", default=[], help="beginnings of names of stages")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        results = folder.absolute() / "results"
        if not (results / "datasets").exists():
            make_results(results, args)
            write_further(results, args)
        for name, command in stages(results, args.features).items():
            if not args.only or name.startswith(tuple(args.only)):
                measure(name, args.scripts, command, folder)


def write_further(results: Path, args) -> None:
    """Image files, labels, records, features and a map of the examples that `make_results` wrote."""
    dataset, folder = results / "datasets" / "many", results / "experiments" / EXPERIMENT
    examples = read_table(dataset / "examples.parquet", EXAMPLES, ["example_id", "split", "label", "file", "sha256"])
    source, images = dataset / "0.png", dataset / "images"
    for folder_of_class in examples["file"].str.rpartition("/")[0].unique():
        (images / folder_of_class).mkdir(parents=True)
    for place, file in enumerate(examples["file"]):
        if place % MOST_LINKS == 0:
            source = dataset / f"{place}.png"
            PIL.Image.fromarray(np.full((32, 32, 3), place % 256, np.uint8)).save(source)
        (images / file).hardlink_to(source)
    write_table(describe_files(images, examples["file"], examples["sha256"]), dataset / "files.parquet", FILES)
    labels = examples[["example_id", "split", "label"]].assign(clean_label=examples["label"], is_corrupt=False)
    write_table(labels.assign(content=labels["example_id"]), folder / "labels.parquet", LABELS)
    rows = examples[["example_id"]].assign(role=examples["split"], predicted=examples["label"], correct=True)
    for name, column in RECORDS.columns.items():
        if column.type == pa.float32():
            rows[name] = np.float32(0.5)
    with frame_writer(folder / "seed-0" / "records.parquet", RECORDS, {}) as write:
        for epoch in range(1, args.epochs + 1):
            write(rows.assign(epoch=epoch))
    scores = read_table(folder / "scores.parquet", SCORES, [*SCORES.columns, "score_00"])
    columns = dict.fromkeys(("score_00", STATISTIC), Column(pa.float32(), "made up", direction=1))
    scores[STATISTIC] = np.random.default_rng(2).random(len(examples)).astype(np.float32)
    write_table(scores, folder / "statistics.parquet", SCORES.extended(columns))
    if args.features:
        vectors = np.random.default_rng(3).normal(size=(len(examples), args.features)).astype(np.float32)
        write_features(dataset / "features.parquet", examples["example_id"].to_numpy(), vectors, {})


def stages(results: Path, features: int) -> dict[str, list]:
    """Name -> script and its options."""
    dataset, folder, made = results / "datasets" / "many", results / "experiments" / EXPERIMENT, results / "made"
    page = {"title": "Many images", "datasets": [["many", "many"]], "compared": True, "figures": [], "tables": []}
    page |= {"experiments": [{"name": EXPERIMENT, "dataset": "many", "runs": ["seed-0"]}]}
    page |= {"influential": [], "maps": []}
    tables = {"examples": dataset / "examples.parquet", "pixels": dataset / "pixels.parquet"}
    scores = {"scores": folder / "scores.parquet"}
    shown = {"score": "score_00", "examples_per_class": 25, "classes": 10}
    found = {
        "thumbnails": ["pack_thumbnails", {"pixels": tables["pixels"], "output": dataset / "thumbnails.parquet"}],
        "page": ["build_atlas", {"settings": page, "output": results / "index.html"}],
        "samples": _figure("data.samples", samples, made, {"examples_per_class": 10, "classes": 10}, tables),
        "gallery": _figure(
            "scores.gallery", gallery, made, shown, tables | scores | {"records": folder / "seed-0" / "records.parquet"}
        ),
        "image maps": _figure(
            "images.maps",
            maps,
            made,
            {"score": "score_00", "count": 4, "statistics": [STATISTIC]},
            tables | {"scores": folder / "statistics.parquet"},
        ),
    }
    exported = {**scores, "suspects": folder / "suspects.parquet", "examples": tables["examples"]}
    for name in FORMATS:
        settings = {"format": name, "score": "score_00"}
        output = {"files": dataset / "files.parquet", "output": made / EXPERIMENT / name}
        found[f"export {name}"] = ["export_results", {"settings": settings, **exported, **output}]
    parent = {f"parent-{name}": path for name, path in {**tables, "files": dataset / "files.parquet"}.items()}
    subset = {name: made / "half" / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    settings = {"select": {"by": "random", "fraction": 0.5}, "per_class": True, "seed": 0, "link": "hard"}
    subset |= {"images": made / "half" / "images", "list": made / "half" / "list.csv"}
    found["subset"] = ["link_subset", {"settings": settings, **parent, **subset}]
    if features:
        vectors = {"features": dataset / "features.parquet"}
        settings = {"similar_above": 0.9999}
        similar = {**vectors, "examples": tables["examples"], "output": made / "similar.parquet"}
        found["similar"] = ["find_similar", {"settings": settings, **similar}]
        found["map"] = ["map_features", {"settings": {"map": "pca"}, **vectors, "output": made / "map.parquet"}]
        settings = {"neighbors": 10, "strength": 1e-4, "folds": 2}
        output = {"output": made / "features.parquet", "probe": made / "probe.parquet"}
        labels = {"labels": folder / "labels.parquet"}
        found["feature scores"] = ["score_features", {"settings": settings, **vectors, **labels, **output}]
    return found


def _figure(name: str, module, made: Path, settings: dict, inputs: dict) -> list:
    paths = {each: inputs[each] for each in module.INPUTS}
    return ["plot", {"figures": name, "png": made / f"{name}.png", "settings": {**settings, "dpi": 100}, **paths}]


# A small process that starts the stage: the peak that is reported of a process begins with what its parent has.
LAUNCH = """import json, os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def measure(name: str, scripts: Path, command: list, folder: Path) -> None:
    """Runs a script; prints its CPU seconds and the peak of its memory."""
    script, options = command
    words = []
    for key, value in options.items():
        words += [f"--{key}", json.dumps(value) if isinstance(value, dict) else str(value)]
    command = [sys.executable, "-S", "-c", LAUNCH, sys.executable, scripts / f"{script}.py", *words]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    status, cpu, peak = json.loads(done.stdout)
    failed = "" if status == 0 else "  failed"
    print(
        f"{name:<22} {peak / 2**10:8,.0f} MiB {cpu:8.1f} CPU s {time.perf_counter() - began:8.1f} s{failed}", flush=True
    )


if __name__ == "__main__":
    main()
