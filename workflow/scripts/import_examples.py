"""Makes the table of examples of records that other training runs left."""

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, truth_column
from difficulty.datasets.records import read_own_records
from difficulty.stage import arguments, provenance, required_paths, run_stage, warn
from difficulty.tables import write_table


def main(args):
    own = read_own_records(args.records, args.settings)
    intake, used, counts = own.intake, len(own.examples), own.counts()
    for line in intake.lines(args.examples.parent.name, used) if intake.left_out else ():
        warn(line)
    examples = own.examples.sort_values("split", ascending=False, kind="stable").assign(file="", sha256="")
    del own
    examples["duplicate_of"] = pd.array([pd.NA] * len(examples), dtype="Int64")
    truth = {name: truth_column(examples[name]) for name in args.settings.get("truth", ())}
    facts = provenance(args, **counts, intake=intake.facts(used))
    write_table(examples, args.examples, EXAMPLES.extended(truth), facts)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "records", help="table of the first run")
    required_paths(parser, "examples")
    run_stage(main, parser)
