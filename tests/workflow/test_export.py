"""Results for other tools are made when asked for, once, and do not get into the way of anything else."""

import pandas as pd

from tests.support.workflows import rules, unlinked

FOLDER = "results/export/plain/cleanlab"


def test_exports_are_made_on_demand_and_kept(parts):
    issues, target = parts.work / FOLDER / "label_issues.parquet", "export_cleanlab"
    assert rules(parts.planned(target)) == {"export_results", target}
    parts.run(FOLDER)
    assert len(pd.read_parquet(issues)) == 120
    assert "export_results" not in rules(parts.planned(FOLDER))
    assert "export_results" not in rules(parts.planned("all"))  # tables that Snakemake has no record of
    assert [line for line in parts.verify() if "export" in line] == []
    unlinked(issues).write_bytes(b"PAR1")  # no longer what was written
    assert rules(parts.planned(FOLDER)) == {"export_results"}


def test_what_cannot_be_exported_is_refused_before_anything_runs(parts):
    for target, problem in (
        ("results/export/plain/csv", "expected one of cleanlab, coco, "),
        ("results/export/plan/coco", "no experiment 'plan'; did you mean 'plain'?"),
    ):
        result = parts.snakemake("--cores", "1", target)
        assert result.returncode == 1 and f"{target}: {problem}" in result.stderr.splitlines()[-1]
