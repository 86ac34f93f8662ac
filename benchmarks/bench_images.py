"""Images per CPU second, memory and resumption of the stages that work on images, on generated ones.

Makes --images files (see generated_images.py) and runs the workflow on them: preparation, a subset of half of them by
hard links, statistics; and on the first --passed of them a small network (ResNet-9 of width 4, three epochs, each with
its checkpoint), streamed gradients, neighbours among --bank of them at probes of at most 1,024 numbers, factors and
self-influence. With --trained the network is trained on the first so many only; all others are test images, which these
stages score as well. Printed for each stage: images per CPU second, CPU seconds and the largest peak of memory, as its
log says. With --killed STAGE the stage is also run in a folder of its own and killed with its whole workflow when two
of its parts are written; it must go on after these, and write the same bytes. Of neighbours, the first of --shards is
written and the second one begun by then.

    python bench_images.py --images 20000 --width 500 --height 375 --kind jpg --passed 200 --killed prepare_dataset
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from generated_images import write_images

ROOT = Path(__file__).parents[1]
DATA, RUN = "results/datasets/all", "results/experiments/plain/seed-0"
# What is asked for, in order, and the tables by which two attempts are compared; of depth, those of all --shards.
TARGETS = {
    "prepare_dataset": f"{DATA}/pixels.parquet",
    "link_subset": "results/datasets/half/pixels.parquet",
    "compute_image_statistics": f"{DATA}/statistics.parquet",
    "stream_vog": f"{RUN}/vog.parquet",
    "probe_neighbors": f"{RUN}/neighbors/epoch-3{{shard}}.parquet",
    "score_self_influence": f"{RUN}/influence/ekfac-epoch-3.parquet",
}
OF_ALL = list(TARGETS)[:3]
PARTIAL = {"prepare_dataset": f"{DATA}/.partial/images", "compute_image_statistics": f"{DATA}/.partial"}
_SECONDS_OF_A_SHARD = 5  # after which the second one is killed
_TOOK = re.compile(r"took (?P<cpu>[\d,.]+) s of CPU time, at most (?P<memory>[\d,]+) MB of memory")
_WENT_ON = re.compile(r"goes on after ([\d,]+) of ([\d,]+)")


def configuration(source: Path, args: argparse.Namespace) -> dict:
    images = {"source": "image_folder", "path": str(source), "storage": args.storage}
    datasets = {"all": images, "half": {"source": "subset", "of": "all", "select": {"by": "random", "fraction": 0.5}}}
    if args.passed < args.images:
        trained = args.trained or args.passed * 5 // 6
        datasets["passed"] = {**images, "limit": {"train": trained, "test": args.passed - trained}}
    return {
        "datasets": datasets,
        "defaults": {
            "dataset": "passed" if args.passed < args.images else "all",
            "architecture": "resnet9",
            "width": 4,
            "optimizer": {"name": "sgd", "lr": 0.05},
            "epochs": 3,
            "batch_size": 64,
            "seeds": [0],
            "checkpoints": "all",
        },
        "experiments": {"plain": {}, "half": {"dataset": "half"}},
        "evaluations": {},
        "analyses": {
            "images": {"experiments": ["half"], "fast_above": args.fast_above},
            "vog": {"experiments": ["plain"], "stages": {"all": [1, 2, 3]}, "keep_gradients": False},
            "prediction_depth": {
                "experiments": ["plain"],
                "bank": args.bank,
                "numbers": 1024,
                "k": 10,
                "k_max": 10,
                "shards": args.shards,
            },
            "influence": {"experiments": ["plain"], "strategies": ["ekfac"]},
            "relations": None,
        },
    }


def targets(stage: str, shards: int) -> list[str]:
    endings = [f"-shard-{number}" for number in range(shards)] if shards > 1 else [""]
    return sorted({TARGETS[stage].format(shard=ending) for ending in endings})


def command(folder: Path, files: list[str]) -> list:
    place = ["-s", ROOT / "Snakefile", "--directory", folder, "--cores", "1"]
    return [sys.executable, "-m", "snakemake", *place, *files]


def run(folder: Path, stage: str, files: list[str]) -> None:
    done = subprocess.run(command(folder, files), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{stage}: {done.stdout[-2000:]}")


def logs(folder: Path) -> Iterator[Path]:
    return (folder / "results" / "logs").rglob("*.log")


def logs_of(folder: Path, stage: str) -> list[Path]:
    part = "/".join(Path(TARGETS[stage]).parts[1:3]) if stage in OF_ALL else "experiments/plain"
    return [path for path in logs(folder) if stage in path.as_posix() and part in path.as_posix()]


def took(paths: list[Path]) -> tuple[float, float]:
    """(CPU seconds of all jobs, largest memory of one in MiB) by their logs."""
    found = [_TOOK.search(path.read_text()).group("cpu", "memory") for path in paths]
    cpu, memory = zip(*([float(text.replace(",", "")) for text in each] for each in found), strict=True)
    return sum(cpu), max(memory)


def kill_in_the_middle(folder: Path, stage: str, files: list[str]) -> None:
    """Starts a stage and kills everything as soon as it has written two parts, or begun with the second shard."""
    with (folder / "killed.log").open("w") as log:
        process = subprocess.Popen(command(folder, files), stdout=log, stderr=log, start_new_session=True)
    parts = folder / PARTIAL.get(stage, Path(TARGETS[stage]).parent / ".partial")

    def is_in_the_middle() -> bool:
        return len(list(parts.rglob("*.part"))) >= 2 or (len(files) > 1 and len(logs_of(folder, stage)) > 1)

    while process.poll() is None and not is_in_the_middle():
        time.sleep(0.1)
    time.sleep(_SECONDS_OF_A_SHARD if len(files) > 1 else 0)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def show(folder: Path, stage: str, images: int) -> None:
    cpu, memory = took(logs_of(folder, stage))
    print(
        f"{stage:<26} {images:>8,} images {images / cpu:>9,.1f} a CPU s {cpu:>9,.1f} CPU s {memory:>7,.0f} MiB",
        flush=True,
    )


def compare_killed(folder: Path, config: str, stage: str, files: list[str]) -> None:
    """Another folder, linked to what the stage needs; the stage is killed, run again and compared."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        other = Path(place)
        (other / "config.yaml").write_text(config)
        if stage != "prepare_dataset":
            for name in ("results", ".snakemake"):
                shutil.copytree(folder / name, other / name, copy_function=os.link)
            for path in (*(other / file for file in files), *logs_of(other, stage)):
                path.unlink()
        kill_in_the_middle(other, stage, files)
        finished = {log for log in logs_of(other, stage) if _TOOK.search(log.read_text())}
        run(other, stage, files)
        further = [log for log in logs_of(other, stage) if log not in finished]
        went_on = _WENT_ON.search(further[0].read_text())
        is_same = all(digest(folder / file) == digest(other / file) for file in files)
        cpu, _ = took(further)
    where = f"after {went_on[1]} of {went_on[2]}" if went_on else f"after {len(finished)} of {len(files)} jobs"
    same = "the same bytes" if is_same else "OTHER BYTES"
    print(f"{stage:<26} killed, went on {where}: {cpu:,.1f} CPU s more, {same}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--height", type=int, default=32)
    parser.add_argument("--kind", choices=("png", "jpg"), default="png")
    parser.add_argument("--storage", choices=("auto", "memory", "files"), default="auto", help="of the data sets")
    parser.add_argument("--passed", type=int, default=20_000, help="images that go through the network")
    parser.add_argument("--trained", type=int, help="training images; default: five of six")
    parser.add_argument("--bank", type=int, default=2_000)
    parser.add_argument("--shards", type=int, default=1, help="analyses.prediction_depth.shards")
    parser.add_argument("--fast-above", type=int, default=5_000, help="analyses.images.fast_above")
    parser.add_argument("--stages", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--killed", nargs="*", choices=TARGETS, default=[])
    parser.add_argument("--folder", type=Path, help="where everything is made and kept; what is there is used again")
    args = parser.parse_args()
    place = args.folder or Path(tempfile.mkdtemp())
    source, folder = place / "source", place / "work"
    if not source.exists():
        write_images(source, args.images, args.width, args.height, args.kind, args.trained)
    folder.mkdir(exist_ok=True)
    config = json.dumps(configuration(source.absolute(), args))
    (folder / "config.yaml").write_text(config)
    for stage in args.stages:
        files = targets(stage, args.shards)
        run(folder, stage, files)
        show(folder, stage, args.images if stage in OF_ALL else args.passed)
        if stage in args.killed:
            compare_killed(folder, config, stage, files)


if __name__ == "__main__":
    main()
