"""Command-line options that the stages share which pass images through networks."""

import argparse

from difficulty.stage import arguments, required_paths


def pass_arguments(description: str) -> argparse.ArgumentParser:
    """A parser with what each stage takes, and how many threads and workers this one has."""
    parser = arguments(description)
    parser.add_argument("--threads", type=int, default=1, help="those of the workers included")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode images which are in files")
    return parser


def run_arguments(description: str, output: str) -> argparse.ArgumentParser:
    """A parser for a stage that opens one finished run with `open_run`. output: what its file is called."""
    parser = pass_arguments(description)
    required_paths(parser, "labels", help="an experiment's, or the examples of a data set")
    required_paths(parser, "checkpoints", "pixels", "files")
    required_paths(parser, "output", help=output)
    return parser


def influence_arguments(description: str, output: str) -> argparse.ArgumentParser:
    """A parser for a stage of influence scores. output: what its result is called."""
    parser = run_arguments(description, output)
    parser.add_argument("--memory", type=int, default=256, help="MiB for what is computed of a batch")
    parser.add_argument("--epoch", type=int, required=True, help="whose checkpoint is used")
    required_paths(parser, "timing", help="table of the time of each phase")
    return parser
