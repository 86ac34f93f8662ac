"""Compares every stage that uses a network on a GPU with the CPU, then times what needs a GPU: `make gpu-check`.

Each part prints PASS, FAIL or SKIP with its seconds. Results are written after each: report.md, with the table for
benchmarks/README.md, and results.json. The status is 1 if a part failed or none passed. `--device cpu` compares the CPU
with itself, convolutions by another library, on small sizes: it tests this program.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.gpu_check.parts import PARTS, Part
from benchmarks.gpu_check.results import Outcome, Results
from benchmarks.gpu_check.running import FAIL, PASS, SKIP, Worker

_LEAST = 5  # seconds that a part needs to be worth starting
_MINUTES = 7.5
_PATIENCE = {"cuda": 1, "cpu": 4}  # times as long as on a GPU


def main(words: list[str] | None = None) -> int:
    """Runs the parts that the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser("gpu_check", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--size", choices=("gpu", "cpu", "tiny"), help="of what is timed (default: by the device)")
    parser.add_argument("--out", type=Path, default=Path("results/gpu-check"), help="folder of the results")
    parser.add_argument("--minutes", type=float, help=f"after which no part runs (default: {_MINUTES:g}; CPU: 30)")
    parser.add_argument("--only", nargs="+", default=[""], help="parts whose name contains one of these")
    parser.add_argument("--list", action="store_true", help="only list the parts")
    args = parser.parse_args(words)
    chosen = [part for part in PARTS if any(text in part.name for text in args.only)]
    if args.list:
        print("\n".join(part.name for part in chosen))
        return 0
    results = Results(args.out)
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
        os.environ["TMPDIR"] = folder  # of the worker, which may be killed
        worker = Worker(args.device, args.size or {"cuda": "gpu"}.get(args.device, args.device))
        try:
            patience = _PATIENCE[args.device]
            deadline = time.monotonic() + 60 * (args.minutes or patience * _MINUTES)
            run_all(chosen, worker, results, deadline, patience)
        finally:
            worker.stop()
    if not results.outcomes:
        return 1
    print("\n".join(["", *results.benchmarks()]))
    counts = results.counts()
    print(f"\n{', '.join(f'{counts[each]} {each}' for each in (PASS, FAIL, SKIP))}; see {args.out / 'report.md'}")
    return int(counts[FAIL] > 0 or not counts[PASS])


def run_all(parts: list[Part], worker: Worker, results: Results, deadline: float, patience: int = 1) -> None:
    """Runs each part that there is time for, and saves the results after each; none where the device cannot be used.

    patience: times the seconds of a part after which it is stopped.
    """
    worker.start()
    if worker.missing:
        print(f"gpu_check: {worker.missing}", file=sys.stderr)
        return
    results.machine = worker.machine
    print("; ".join(f"{name}: {value}" for name, value in worker.machine.items()), flush=True)
    for part in parts:
        outcome, started = Outcome(part.name), time.monotonic()
        results.outcomes.append(outcome)
        left = deadline - started
        if left < _LEAST:
            outcome.status, outcome.why = SKIP, "no time is left"
        else:
            seconds = min(patience * part.seconds, left)
            outcome.status, outcome.why = worker.run(part, seconds, results.receive)
        outcome.seconds = time.monotonic() - started
        results.save()
        print(f"{outcome.status} {outcome.seconds:6.1f} s  {part.name}{outcome.why and ': '}{outcome.why}", flush=True)
        for row in outcome.rows:
            if row["kind"] == "difference" and not row["passed"]:
                print(f"       {row['what']}: {row['value']:.2g}, at most {row['tolerance']:g}", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the worker is ended, too
    sys.exit(main())
