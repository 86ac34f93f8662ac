"""A subset of 60,000 files in ten classes: hard links as the library makes them, against a bare loop over os.link.

Checked: every link shares its inode with its source, no further bytes are used, and no source's time changes. Goals:
under 3 s, and at most 1.3 times the bare loop. The check before every training (`check_files`) is timed beside them.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measuring import in_turns, show, time_function

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from difficulty.datasets.files import FILES, check_files, describe_files, link_files
from difficulty.tables import write_table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--files", type=int, default=60_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source", "images"), Path(folder, "target")
        files = [f"train/{number % 10}/{number:06d}.png" for number in range(args.files)]
        for name in {os.path.dirname(file) for file in files}:
            (source / name).mkdir(parents=True)
        for file in files:
            (source / file).write_bytes(b"0" * 200)
        table = describe_files(source, pd.Series(files), pd.Series([""] * len(files)))
        write_table(table, source.parent / "files.parquet", FILES)
        link_files(source, files, target, files)
        linked = describe_files(target, pd.Series(files), table["sha256"])
        if not linked.equals(table):
            sys.exit("the links do not share inode, size and time with their sources")

        def bare():
            for name in {os.path.dirname(file) for file in files}:
                os.makedirs(f"{target}/{name}", exist_ok=True)
            for file in files:
                os.link(f"{source}/{file}", f"{target}/{file}")

        def timed(link):
            def measure():
                shutil.rmtree(target)
                return time_function(link)

            return measure

        measurements = {
            "os.link in a loop": timed(bare),
            "link_files": timed(lambda: link_files(source, files, target, files)),
            "check_files": lambda: time_function(lambda: check_files(source.parent / "files.parquet")),
        }
        durations = in_turns(measurements, args.repeats)
    print(f"{args.files:,} files, {args.repeats} repeats")
    show(durations, "os.link in a loop")
    print(f"link_files: {np.median([one.wall for one in durations['link_files']]):.2f} s of wall time")


if __name__ == "__main__":
    main()
