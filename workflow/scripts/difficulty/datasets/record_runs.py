"""Records of one of several runs, which must be of the same examples."""

from collections.abc import Mapping

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.records import OwnRecords, check_same_examples, check_same_shape, read_own_records
from difficulty.tables import read_provenance, read_table


def read_run(path, first_path, examples_path, settings: Mapping) -> OwnRecords:
    """The records of a run; raises UserError if they are not of the same examples as those of the first run.

    examples_path: the data set's table of examples, which was made of those of the first.
    """
    own = read_own_records(path, settings)
    if path != first_path:
        check_same_shape(own.counts(), read_provenance(examples_path), path, first_path)
        check_same_examples(own.examples, read_table(examples_path, EXAMPLES, list(own.examples)), path, first_path)
    return own
