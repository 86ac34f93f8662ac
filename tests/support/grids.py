"""A configuration with a grid of experiments, and the schema of all configurations."""

import json

import yaml

from tests.support.workflows import ROOT

GRID = yaml.safe_load("""
datasets:
  digits: {source: digits}
  photos: {source: image_folder, path: photos}
defaults:
  dataset: digits
  architecture: resnet9
  width: 16
  epochs: 15
  label_noise: {kind: symmetric, fraction: 0.1}
  optimizer: {name: sgd, lr: 0.2, momentum: 0.9}
experiments:
  plain: {label_noise: null}
  noise:
    epochs: 40
    grid:
      level:
        clean: {label_noise: null}
        half: {label_noise: {kind: symmetric_any, fraction: 0.5}}
      optimizer:
        sgd: {optimizer: {lr: 0.1}}
        rm3: {optimizer: {name: rm3, lr: 0.3}}
  last:
""")
NAMES = ["plain", "noise-clean-sgd", "noise-clean-rm3", "noise-half-sgd", "noise-half-rm3", "last"]


SCHEMA = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text(encoding="utf-8"))
