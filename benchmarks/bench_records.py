"""Memory and CPU time of everything that is computed from records, by the number of examples.

Makes records of networks that nobody trained (ten classes, logits whose margin grows with the epochs, a tenth of the
labels wrong), and runs the workflow on them: import, scores, agreement, detection, list of suspects, figures. Printed
for each rule and each number of examples: the largest peak of memory of its jobs and their CPU seconds together, as
their logs say, and the slope of log CPU seconds over log examples. Goals: at most --budget MiB in every job (1.15 of it
at most), and a slope of at most 1.05.

    python bench_records.py --examples 10000 40000 160000 --epochs 90 --runs 5
"""

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
CLASSES, WRONG = 10, 0.1
_TOOK = re.compile(r"took (?P<cpu>[\d,.]+) s of CPU time, at most (?P<memory>[\d,]+) MB of memory")


def write_run(path: Path, examples: int, epochs: int, run: int) -> None:
    """Records of one run, an epoch after the other; the labels are the same in each."""
    facts = np.random.default_rng(0)
    true, wrong = facts.integers(0, CLASSES, examples), facts.random(examples) < WRONG
    label = np.where(wrong, (true + facts.integers(1, CLASSES, examples)) % CLASSES, true)
    ease, random = facts.normal(1, 0.7, examples).astype(np.float32), np.random.default_rng([1, run])
    columns = {"example_id": np.arange(examples), "label": label, "wrong": wrong}
    columns["split"] = np.where(np.arange(examples) % 10 == 0, "test", "train")
    kinds = {"example_id": pa.int64(), "epoch": pa.int32(), "label": pa.int64(), "wrong": pa.bool_()}
    schema = pa.schema([*kinds.items(), ("split", pa.string()), ("logits", pa.list_(pa.float32(), CLASSES))])
    fixed = {name: pa.array(values) for name, values in columns.items()}
    with pq.ParquetWriter(path, schema) as file:
        for epoch in range(1, epochs + 1):
            logits = random.normal(size=(examples, CLASSES)).astype(np.float32)
            logits[np.arange(examples), true] += ease * 4 * (1 - math.exp(-3 * epoch / epochs))
            logits[wrong, label[wrong]] += 4 * (epoch / epochs) ** 2
            lists = pa.FixedSizeListArray.from_arrays(pa.array(logits.ravel()), CLASSES)
            file.write_table(pa.table({**fixed, "epoch": np.full(examples, epoch, np.int32), "logits": lists}, schema))


def configuration(runs: int) -> dict:
    files = [f"run{run}.parquet" for run in range(runs)]
    source = {"source": "records", "files": files, "logits": "logits", "label": "label", "split": "split"}
    nothing = dict.fromkeys(("vog", "prediction_depth", "images", "relations", "influence"))
    return {
        "datasets": {"mine": {**source, "truth": ["wrong"]}},
        "experiments": {"mine": {"dataset": "mine"}},
        "evaluations": {},
        "analyses": {
            "agreement": {"groups": None},
            "detection": {"truths": {"planted": {"experiment": "mine", "column": "wrong"}}},
            **nothing,
        },
    }


def usage(folder: Path) -> Iterator[tuple[str, float, float]]:
    """(rule, CPU seconds, MiB at most) of each job, by its log."""
    for log in sorted((folder / "results" / "logs").rglob("*.log")):
        if found := _TOOK.search(log.read_text()):
            cpu, memory = (float(text.replace(",", "")) for text in found.group("cpu", "memory"))
            yield log.stem, cpu, memory


def measure(folder: Path, examples: int, epochs: int, runs: int) -> dict[str, tuple[float, float]]:
    """Rule -> (CPU seconds of its jobs, the largest peak of memory in MiB)."""
    for run in range(runs):
        if not (path := folder / f"run{run}.parquet").exists():
            write_run(path, examples, epochs, run)
    (folder / "config.yaml").write_text(json.dumps(configuration(runs)))
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--directory", folder, "--cores", "1"]
    subprocess.run(command, check=True)
    cpu, memory = defaultdict(float), defaultdict(float)
    for rule, seconds, peak in usage(folder):
        cpu[rule] += seconds
        memory[rule] = max(memory[rule], peak)
    return {rule: (cpu[rule], memory[rule]) for rule in cpu}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, nargs="+", default=[10_000, 40_000, 160_000])
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--budget", type=float, default=1024, help="MiB")
    parser.add_argument("--folder", type=Path, help="where to keep the records and all results, for further runs")
    args = parser.parse_args()
    found = {}
    for examples in args.examples:
        with tempfile.TemporaryDirectory() as temporary:
            folder = args.folder / str(examples) if args.folder else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            found[examples] = measure(folder, examples, args.epochs, args.runs)
    print(f"{args.epochs} epochs, {args.runs} runs; MiB at most, CPU seconds")
    for rule in sorted({rule for rules in found.values() for rule in rules}):
        cells = [found[examples].get(rule, (math.nan, math.nan)) for examples in found]
        slope = (
            np.polyfit(np.log(args.examples), np.log([cpu for cpu, _ in cells]), 1)[0] if len(cells) > 1 else math.nan
        )
        row = "  ".join(f"{memory:7,.0f} {cpu:8,.1f}" for cpu, memory in cells)
        remark = "  over the budget" if max(memory for _, memory in cells) > 1.15 * args.budget else ""
        print(f"{rule:<28} {row}  slope {slope:.2f}{remark}")


if __name__ == "__main__":
    main()
