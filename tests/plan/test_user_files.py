"""Files and folders of the user's that are not there: the line that names the configuration, the key and the folder."""

import pytest

from difficulty.config.resolve import resolve
from difficulty.errors import UserError
from difficulty.plan.plan import Plan

DEFAULTS = {
    **{"dataset": "own", "architecture": "mlp", "width": 8, "epochs": 3, "batch_size": 8},
    **{"optimizer": {"name": "sgd", "lr": 0.1}, "schedule": {"name": "constant"}},
}
DIGITS = {"source": "digits"}


def planned(source=DIGITS, **sections) -> Plan:
    config = {"datasets": {"own": source}, "defaults": DEFAULTS, "experiments": {"plain": {}}, **sections}
    return Plan(resolve(config, "a.yaml"), lambda *source: " ".join(source))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ({"source": "image_folder", "path": "fotos"}, ["path: no such folder: fotos"]),
        ({"source": "flat_folder", "path": ".", "labels": "no.csv"}, ["labels: no such file: no.csv"]),
        (
            {"source": "parquet", "files": {"train": ["a.parquet", "b.parquet"], "test": "c.parquet"}},
            [f"files.{key}.parquet" for key in ("train[0]: no such file: a", "train[1]: no such file: b")]
            + ["files.test[0]: no such file: c.parquet"],
        ),
        (
            {"source": "voc", "path": ".", "train": "V/train", "size": 64},
            ["train[0]: no such file: V/ImageSets/Main/train.txt"],
        ),
        ({"source": "records", "files": ["run.parquet"], "logits": "z"}, ["files[0]: no such file: run.parquet"]),
    ],
)
def test_each_missing_path_of_a_data_set_is_a_line(folder, source, lines):
    plan = planned(source)
    with pytest.raises(UserError) as error:
        plan.data.source_paths("own")
    expected = [f"a.yaml: datasets.own.{line}, relative to {folder}; fix the path" for line in lines]
    assert str(error.value).splitlines() == expected


def test_an_absolute_path_is_relative_to_nothing(folder):
    with pytest.raises(UserError) as error:
        planned({"source": "image_folder", "path": str(folder / "fotos")}).data.source_paths("own")
    assert str(error.value) == f"a.yaml: datasets.own.path: no such folder: {folder}/fotos; fix the path"


def test_a_folder_is_no_file(folder):
    (folder / "run").mkdir()
    with pytest.raises(UserError) as error:
        planned({"source": "records", "files": ["run"], "logits": "z"}).data.source_paths("own")
    assert str(error.value) == "a.yaml: datasets.own.files[0]: run is a folder, expected a file; fix the path"


def test_missing_weights_of_other_trainings_are_reported(folder):
    stages = {"early": ["gone.pt", "also.pt", "third.pt"]}
    plan = planned(experiments={"plain": {"checkpoints": stages}})
    with pytest.raises(UserError) as error:
        plan.training.snapshot_files("plain", "seed-0")
    expected = [f"a.yaml: experiments.plain.checkpoints: no such file: {name}" for name in stages["early"]]
    assert str(error.value).splitlines() == [f"{line}, relative to {folder}; fix the path" for line in expected]


def test_a_missing_table_of_a_join_is_reported(folder):
    join = {"dataset": "own", "file": "seconds.csv", "column": "image", "by": "name", "value": "time"}
    with pytest.raises(UserError) as error:
        planned(analyses={"images": {"joins": {"seconds": join}}}).images.joined_file("seconds")
    place = "a.yaml: analyses.images.joins.seconds.file"
    assert str(error.value) == f"{place}: no such file: seconds.csv, relative to {folder}; fix the path"
