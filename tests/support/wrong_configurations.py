"""A valid configuration, and tables of wrong ones with the lines that they give."""

import pytest
import yaml

from difficulty.config.core.problems import ConfigurationError
from difficulty.config.resolve import resolve
from tests.support.workflows import ROOT

UNIT = ROOT / "tests" / "unit"
VALID = yaml.safe_load("""
datasets:
  digits: {source: digits}
  photos: {source: image_folder, path: photos}
  cifar: {source: parquet, files: {train: a.parquet, test: b.parquet}, truth: [entropy]}
defaults: {dataset: digits, architecture: resnet9, epochs: 15, optimizer: {name: sgd, lr: 0.2, momentum: 0.9}}
experiments:
  clean: {}
  noisy: {label_noise: {kind: symmetric, fraction: 0.1}}
  photos: {dataset: photos}
  cifar: {dataset: cifar, folds: 5}
""")
MARK = "=> "


def table(name: str) -> list:
    """(YAML, expected lines) of each block of lines that ends with a blank one."""
    blocks = (UNIT / name).read_text(encoding="utf-8").split("\n\n")
    blocks = [block.splitlines() for block in blocks if MARK in block]
    return [
        pytest.param(
            "\n".join(line for line in block if not line.startswith(MARK)),
            [line.removeprefix(MARK) for line in block if line.startswith(MARK)],
            id=block[0],
        )
        for block in blocks
    ]


def lines_of(config) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        resolve(config)
    assert str(caught.value).splitlines() == caught.value.lines
    return caught.value.lines
