"""The command line of stages that pass a data set's images through the saved networks of a run."""

import argparse
from pathlib import Path

from difficulty.stage import arguments


def network_arguments(description: str, output: str) -> argparse.ArgumentParser:
    """A parser with all that such a stage takes. output: what its file is called."""
    parser = arguments(description)
    parser.add_argument("--threads", type=int, default=1, help="those of the workers included")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode images which are in files")
    parser.add_argument("--labels", type=Path, required=True, help="an experiment's, or the examples of a data set")
    for name in ("checkpoints", "pixels", "files"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help=output)
    return parser
