"""The files that a training is made of, as what was left unfinished is recognised by."""

import argparse
from pathlib import Path

from difficulty.file_digests import sha256_of


def input_digests(args: argparse.Namespace) -> list[str]:
    """SHA-256 of the labels, the pixels and the user's file of weights, if there is one.

    args: of a stage that trains: labels, pixels and settings.
    """
    weights = args.settings.get("weights", "")
    paths = [args.labels, args.pixels, *([Path(weights)] if Path(weights).suffix else [])]
    return [sha256_of(path) for path in paths]
