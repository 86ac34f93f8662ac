"""Results for other tools: what is handed on, and each format as its reader finds it, read by ourselves."""

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from difficulty.config.resolve import resolve
from difficulty.errors import UserError
from difficulty.export import cleanlab, coco, fiftyone, huggingface, json_files, label_studio
from difficulty.export.judged import suggested_names
from difficulty.plan.export import FORMATS, module_name
from difficulty.plan.plan import Plan
from tests.plan.test_plan import CONFIG, planned
from tests.support.exported import CLASSES, GIVEN, IDS, as_parquet, judged, write_tables
from tests.support.scripts import SCRIPTS, succeed

ROOT = Path(__file__).parents[2]
NAMES = [CLASSES[label] for label in GIVEN]


@pytest.fixture
def folder(tmp_path):
    write_tables(tmp_path)
    return tmp_path


def loaded(path):
    return json.loads(path.read_text(), parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))


def test_quality_is_the_rank_where_there_is_no_probability(folder):
    found = judged(folder)
    np.testing.assert_array_equal(found.examples["label_quality"], [0.25, 0.75, 0, 1, 0.5, np.nan])
    assert found.quality.startswith("the rank by 'aum'")
    assert found.examples["rank"].tolist()[:5] == [2, 4, 1, 5, 3] and found.examples["rank"].isna()[5]


def test_an_example_is_an_issue_if_most_predictions_are_another_label_where_there_is_no_cut(folder):
    found = judged(folder)
    assert found.examples["is_label_issue"].tolist() == [True, False, False, True, False, False]
    assert "no cut is known" in found.issue


def test_probability_and_cut_count_where_they_are_known(tmp_path):
    cut = [False, True, True, False, False]
    write_tables(tmp_path, probability_wrong=[0.25, 0.5, None, 0, 1], within_cut=cut, verdict=["easy", *[None] * 4])
    found = judged(tmp_path)
    np.testing.assert_array_equal(found.examples["label_quality"], [0.75, 0.5, np.nan, 1, 0, np.nan])
    assert found.examples["is_label_issue"].tolist() == [*cut, False]
    assert found.quality.startswith("1 - probability_wrong") and "cut" in found.issue
    assert found.examples["verdict"][0] == "easy" and found.examples["verdict"].isna().sum() == 5


def test_columns_that_are_null_throughout_count_as_missing(tmp_path):
    write_tables(tmp_path, probability_wrong=[None] * 5, within_cut=[None] * 5)
    found = judged(tmp_path)
    assert found.quality.startswith("the rank") and found.examples["is_label_issue"].sum() == 2


def test_the_table_of_suspects_is_read_rather_than_the_rounded_list(folder):
    exact = [0.123456, 0.5, 0.5, 0.5, 0.5]
    as_parquet(folder, probability_wrong=exact, suggested_share=exact, suggested_label=["'=1+1", *[None] * 4])
    found = judged(folder)
    assert found.examples["label_quality"][0] == pytest.approx(1 - 0.123456, abs=1e-12)


def test_labels_are_data_whatever_they_look_like(folder):
    found = judged(folder)
    assert [name for (name,) in found.given] == NAMES
    assert found.suggested == [["café ☕ 🦊"], None, ['<img src=x onerror="alert(1)">'], ["=1+1"], None, None]


def test_an_image_that_has_changed_is_named(folder):
    (folder / "images" / "train" / "a & b #1.png").write_bytes(b"other")
    with pytest.raises(UserError, match=r"a & b #1\.png has changed"):
        judged(folder)


def test_cleanlab(folder):
    cleanlab.write(judged(folder), folder / "out", {})
    issues = pd.read_parquet(folder / "out" / "label_issues.parquet")
    assert list(issues)[:4] == ["is_label_issue", "label_quality", "given_label", "predicted_label"]
    assert issues["is_label_issue"].tolist() == [True, False, False, True, False]
    assert issues["given_label"].tolist() == GIVEN[:5] and issues["predicted_label"].tolist() == [3, 1, 1, 0, 4]
    assert issues["label_quality"].tolist() == [0.25, 0.75, 0, 1, 0.5]
    named = pd.read_parquet(folder / "out" / "datalab_issues.parquet")
    assert list(named)[:4] == ["is_label_issue", "label_score", "given_label", "predicted_label"]
    assert named["given_label"].tolist() == NAMES[:5]
    assert named["predicted_label"].tolist() == [CLASSES[label] for label in (3, 1, 1, 0, 4)]
    assert named["example_id"].tolist() == IDS[:5]


def test_coco(folder):
    coco.write(judged(folder), folder / "out", {})
    found = loaded(folder / "out" / "annotations.json")
    assert [each["name"] for each in found["categories"]] == CLASSES
    assert [each["id"] for each in found["images"]] == IDS[:5]
    assert found["images"][0] | {"file_name": "train/a & b #0.png", "width": 6, "height": 4} == found["images"][0]
    assert [each["category_id"] for each in found["annotations"]] == GIVEN[:5]
    assert [each["id"] for each in found["annotations"]] == [1, 2, 3, 4, 5]
    assert (folder / "out" / "drop.txt").read_text().splitlines() == ["train/a & b #0.png", "train/a & b #3.png"]
    assert len((folder / "out" / "keep.txt").read_text().splitlines()) == 3


def test_fiftyone(folder):
    fiftyone.write(judged(folder), folder / "out", {})
    found = loaded(folder / "out" / "samples.json")
    first, third, last = (found["samples"][place] for place in (0, 2, 5))
    assert first["ground_truth"]["label"] == "=1+1" and first["tags"] == ["train", "label_issue"]
    assert first["suggested"] == {
        "_cls": "Classification",
        "label": "café ☕ 🦊",
        "confidence": 0.9,
        "tags": [],
    }
    assert first["filepath"] == f"{folder}/images/train/a & b #0.png" and first["aum"] == 0.5
    assert third["aum"] is None  # JSON has no infinity
    assert (last["suggested"], last["rank"], last["tags"]) == (None, None, ["test"])
    assert set(first) == set(found["sample_fields"])
    assert found["sample_fields"]["rank"].endswith("IntField")


def test_label_studio(folder):
    label_studio.write(judged(folder), folder / "out", {})
    tasks = loaded(folder / "out" / "tasks.json")
    assert [task["data"]["rank"] for task in tasks] == [1, 2, 3, 4, 5]
    assert tasks[0]["data"]["given_label"] == 'it\'s "so" & so'
    prefix, path = tasks[0]["data"]["image"].split("?d=")
    assert prefix == "/data/local-files/" and not set(path) & set(" &#")
    assert Path(unquote(path)).read_bytes() == (folder / "images" / "train" / "a & b #2.png").read_bytes()
    (prediction,) = tasks[0]["predictions"]
    assert prediction["result"][0]["value"] == {"choices": ['<img src=x onerror="alert(1)">']}
    assert prediction["score"] == 0.4 and tasks[2]["predictions"] == []
    view = ElementTree.parse(folder / "out" / "interface.xml").getroot()
    assert [choice.get("value") for choice in view.iter("Choice")] == CLASSES
    assert view.find("Choices").get("toName") == view.find("Image").get("name") == "image"


def test_a_class_that_xml_cannot_hold_is_refused(folder):
    found = judged(folder)
    found.class_names.append("bell\x07")
    with pytest.raises(UserError, match="control character"):
        label_studio.interface(found)


def test_huggingface_writes_groups_of_rows(folder, monkeypatch):
    monkeypatch.setattr(huggingface, "_ROWS", 2)
    huggingface.write(judged(folder), folder / "out", {})
    file = pq.ParquetFile(folder / "out" / "train.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [2, 2, 1]
    table = file.read()
    assert table["label"].to_pylist() == GIVEN[:5] and table["aum_runs_null"].to_pylist() == [0, 1, None, 0, 0]
    image = table["image"][1].as_py()
    assert image["path"] == "train/a & b #1.png" and image["bytes"] == (folder / "images" / image["path"]).read_bytes()
    features = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert features == {"image": {"_type": "Image"}, "label": {"names": CLASSES, "_type": "ClassLabel"}}
    assert table.schema.field("aum").metadata == {b"description": b"area under the margin"}
    assert pq.read_table(folder / "out" / "test.parquet")["example_id"].to_pylist() == [20]


def test_large_images_make_smaller_groups(folder, monkeypatch):
    monkeypatch.setattr(huggingface, "_BYTES", 1)
    huggingface.write(judged(folder), folder / "out", {})
    assert pq.ParquetFile(folder / "out" / "train.parquet").num_row_groups == 5


def test_without_images_the_other_columns_are_written(folder):
    huggingface.write(judged(folder, has_images=False), folder / "out", {})
    table = pq.read_table(folder / "out" / "train.parquet")
    assert "image" not in table.column_names and table["label"].to_pylist() == GIVEN[:5]


def test_several_labels_per_image(tmp_path):
    sets = [[0, 3], [], [1], [2], [4], [0]]
    write_tables(tmp_path, sets=sets, suggested=["café ☕ 🦊+NA", "(none)", "(none)", "unknown+NA", None])
    found = judged(tmp_path)
    assert found.given[:2] == [["=1+1", "café ☕ 🦊"], []]
    assert found.suggested[:4] == [["café ☕ 🦊", "NA"], [], [], ["unknown+NA"]]
    for module in (cleanlab, coco, fiftyone, huggingface, label_studio):
        module.write(found, tmp_path / "out", {})
    issues = pd.read_parquet(tmp_path / "out" / "label_issues.parquet")
    assert [list(row) for row in issues["given_label"]] == sets[:5]
    assert [None if row is None else list(row) for row in issues["predicted_label"]] == [[3, 4], [], [], None, [4]]
    annotations = loaded(tmp_path / "out" / "annotations.json")["annotations"]
    assert [each["image_id"] for each in annotations] == [10, 10, 12, 13, 14]
    sample = loaded(tmp_path / "out" / "samples.json")["samples"][0]
    assert [each["label"] for each in sample["ground_truth"]["classifications"]] == ["=1+1", "café ☕ 🦊"]
    assert pq.read_table(tmp_path / "out" / "train.parquet")["label"].to_pylist() == sets[:5]
    assert ElementTree.parse(tmp_path / "out" / "interface.xml").find("Choices").get("choice") == "multiple"


def test_sets_are_told_apart_by_the_names_of_their_classes():
    assert suggested_names("cat+dog", ["cat", "dog"], True) == ["cat", "dog"]
    assert suggested_names("cat+dog", ["cat", "dog"], False) == ["cat+dog"]
    assert suggested_names("a+b+dog", ["a+b", "dog"], True) == ["a+b+dog"]
    assert suggested_names(None, ["cat"], True) is None


def test_rows_are_the_same_however_many_are_made_at_a_time(monkeypatch):
    frame = pd.DataFrame({"a": pd.array([1, None, 3], "Int64"), "b": ["x", None, "z"], "c": [0.5, np.inf, np.nan]})
    expected = [{"a": 1, "b": "x", "c": 0.5}, {"a": None, "b": None, "c": None}, {"a": 3, "b": "z", "c": None}]
    for rows in (1, 2, 3, 10):
        monkeypatch.setattr(json_files, "_ROWS", rows)
        assert list(json_files.plain_rows(frame)) == expected


def test_json_is_written_piece_by_piece(tmp_path):
    json_files.write_json(tmp_path / "a.json", {"empty": iter([]), "all": iter([1, "é"]), "one": {"x": None}})
    assert loaded(tmp_path / "a.json") == {"empty": [], "all": [1, "é"], "one": {"x": None}}
    json_files.write_json(tmp_path / "b.json", iter([{"x": 1}]))
    assert loaded(tmp_path / "b.json") == [{"x": 1}]


@pytest.mark.parametrize("format", FORMATS)
def test_the_script_writes_every_format(folder, format):
    tables = {name: folder / f"{name}.parquet" for name in ("scores", "examples", "files")}
    settings, output = {"format": format, "score": "aum"}, folder / "out"
    succeed("export_results", **tables, suspects=folder / "suspects.csv", settings=settings, output=output)
    about = (output / "README.md").read_text()
    assert "the rank by 'aum'" in about and "is_label_issue (2 of 5)" in about and len(list(output.iterdir())) > 1


def test_every_format_has_a_module_and_a_target():
    modules = {path.stem for path in (SCRIPTS / "difficulty" / "export").glob("[!_]*.py")} - {"judged", "json_files"}
    assert {module_name(format).removeprefix("export.") for format in FORMATS} == modules
    targets = re.findall(r"^rule export_(\w+):", (ROOT / "workflow" / "rules" / "export.smk").read_text(), re.MULTILINE)
    assert {*targets} - {"results"} == modules
    (listed,) = re.findall(r"^FORMATS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed.split() == [*FORMATS]


def test_what_cannot_be_exported_is_refused_in_one_line():
    plan = planned()
    assert plan.export.image_files("noisy", "coco") == ["results/datasets/digits/files.parquet"]
    with pytest.raises(UserError, match=r"^results/export/nosy/coco: no experiment 'nosy'; did you mean 'noisy'\?$"):
        plan.export.image_files("nosy", "coco")
    with pytest.raises(UserError, match=r"expected one of cleanlab, .*label-studio as format, got 'csv'$"):
        plan.export.image_files("noisy", "csv")


def test_records_of_other_runs_have_no_images_to_export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.parquet").touch()
    recorded = {"source": "records", "files": ["run.parquet"], "logits": "logits"}
    datasets = {"own": recorded, "digits": {"source": "digits"}}
    experiments = {"own": {"dataset": "own"}, "plain": {}}
    values = {**CONFIG, "datasets": datasets, "experiments": experiments, "analyses": {}}
    plan = Plan(resolve(values), lambda *source: " ".join(source))
    assert plan.export.folders("coco") == ["results/export/plain/coco"]
    assert plan.export.folders("cleanlab") == ["results/export/own/cleanlab", "results/export/plain/cleanlab"]
    assert plan.export.image_files("own", "huggingface") == []
    with pytest.raises(UserError, match=r"has records of other runs and no images; expected cleanlab, huggingface$"):
        plan.export.image_files("own", "coco")


def test_no_other_target_needs_exports():
    assert [path for path in planned().files() if "export" in path] == []
