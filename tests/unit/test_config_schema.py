"""The schema for editors describes every key, and accepts what the workflow accepts."""

import importlib
import json

import jsonschema
import pytest
import yaml

from difficulty.config.core.yaml_files import read_yaml
from tests.support.workflows import ROOT

FILES = [ROOT / "config.yaml", *sorted((ROOT / "recipes").glob("*.yaml"))]


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads((ROOT / "workflow" / "schemas" / "config.schema.json").read_text(encoding="utf-8"))


def test_schema_is_up_to_date(schema):
    generator = importlib.import_module("write_config_schema")
    assert schema == generator.config_schema(), "run: python workflow/scripts/write_config_schema.py"


def test_schema_describes_every_key_and_refuses_unknown_ones(schema):
    for section in (schema, *schema["$defs"].values()):
        assert section["additionalProperties"] is False
        assert [key for key, value in section["properties"].items() if not value.get("description")] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_the_workflow_fit_the_schema(schema, path):
    jsonschema.Draft202012Validator(schema).validate(read_yaml(path))


@pytest.mark.parametrize(
    "text, fits",
    [
        ("experiments: {x: {optimizer: {lr: 0.1}, label_noise: {fraction: 0.2}, width: null}, y: }", True),
        ("defaults: {epochs: 3}", True),
        ("analyses: {detection: {bootstrap: 100}}", True),
        ("experiments: {x: {optimizer: {name: adam, momentum: 0.9}}}", False),
        ("experiments: {x: {epoch: 3}}", False),
        ("experiments: {x: {epochs: 0}}", False),
        ("experiments: {seed-0: {}}", False),
        ("experiments: {x y: {}}", False),
        ("datasets: {x: {source: parquet}}", False),
        ("datasets: {x: {source: digits, path: y}}", False),
    ],
)
def test_schema_fits_partial_files(schema, text, fits):
    assert jsonschema.Draft202012Validator(schema).is_valid(yaml.safe_load(text)) == fits
