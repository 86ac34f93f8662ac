"""Counts the images of a source and opens some of them, without preparing anything.

Reads the settings of a data set from standard input, as JSON, and writes its sizes to standard output.
"""

import json
import sys
from dataclasses import asdict

from difficulty.costs.prepared_sizes import source_sizes
from difficulty.errors import UserError


def main():
    try:
        sizes = source_sizes(json.load(sys.stdin))
    except UserError as error:
        sys.exit(" ".join(str(error).split()))
    json.dump(asdict(sizes), sys.stdout)


if __name__ == "__main__":
    main()
