"""A finished run on digits, made by the scripts: three epochs of a small network, with factors of its curvature."""

from pathlib import Path

from tests.support.scripts import run_script
from tests.support.small_training import SETTINGS

INFLUENCE = {"strategy": "ekfac", "fisher": "empirical", "seed": 0}


def ran(name, **options):
    """Runs a script, which must succeed."""
    done = run_script(name, **options)
    assert done.returncode == 0, done.stderr


def make_run(folder: Path) -> None:
    data, run = folder / "digits", folder / "plain" / "seed-0"
    tables = {name: data / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    ran("prepare_dataset", settings={"source": "digits"}, images=data / "images", **tables)
    options = options_of(folder)
    ran("corrupt_labels", settings={}, examples=tables["examples"], output=options["labels"])
    names = ("records", "online-records", "history", "steps", "timing")
    ran(
        "train_model", settings=SETTINGS | {"epochs": 3}, **options, **{name: run / f"{name}.parquet" for name in names}
    )
    ran("fit_factors", settings=INFLUENCE, **options, epoch=3, timing=folder / "timing.parquet", output=run / "factors")


def options_of(folder: Path) -> dict:
    """What a stage is given that opens the run."""
    data = {name: folder / "digits" / f"{name}.parquet" for name in ("pixels", "files")}
    run = {"labels": folder / "plain" / "labels.parquet", "checkpoints": folder / "plain" / "seed-0" / "checkpoints"}
    return data | run
