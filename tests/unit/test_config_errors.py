"""Wrong configurations give exactly the expected lines: wrong_configurations.txt, wrong_experiments.txt."""

import pytest
import yaml

from difficulty.config.resolve import resolve
from difficulty.errors import UserError
from tests.support.wrong_configurations import VALID, lines_of, table


@pytest.mark.parametrize("text, lines", table("wrong_configurations.txt"))
def test_wrong_sections(text, lines):
    assert lines_of({**VALID, **yaml.safe_load(text)}) == [f"config.yaml: {line}" for line in lines]


@pytest.mark.parametrize("text, lines", table("wrong_experiments.txt"))
def test_wrong_experiments(text, lines):
    config = {**VALID, "experiments": {"x": yaml.safe_load(text)}}
    assert lines_of(config) == [f"config.yaml: experiments.x.{line}" for line in lines]


def test_there_are_fifty_wrong_configurations():
    assert len(table("wrong_configurations.txt") + table("wrong_experiments.txt")) >= 50


def test_what_they_are_measured_against_is_valid():
    resolve(VALID)


@pytest.mark.parametrize("config", [None, [], "digits", 3])
def test_not_a_mapping(config):
    (line,) = lines_of(config)
    assert line.startswith("config.yaml: expected a mapping, got ")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_sections():
    config = yaml.safe_load("""
    figures: {dpi: 0}
    experiments: {a: {epoch: 3, dataset: digit}, b: {seeds: [1, 1]}}
    defaults: {architecture: resnet99, epochs: 1, optimizer: {name: sgd, lr: 1}}
    datasets: {digits: {source: digits, sise: 3}}
    """)
    names = "mlp, net, lenet5, resnet9, resnet18, resnet50, vgg16, wrn28_10, densenet121, linear_probe"
    networks = f"{names} or torchvision:<name>"
    assert lines_of(config) == [
        "config.yaml: datasets.digits.sise: unknown key, did you mean 'size'?",
        f"config.yaml: defaults.architecture: expected {networks}, got 'resnet99', did you mean 'resnet9'?",
        "config.yaml: experiments.a.epoch: unknown key, did you mean 'epochs'?",
        "config.yaml: experiments.a.dataset: no data set 'digit', did you mean 'digits'?",
        "config.yaml: experiments.b.dataset: missing (name of the data set to train on)",
        "config.yaml: experiments.b.seeds[1]: 1 occurs twice",
        "config.yaml: figures.dpi: expected a whole number 30..1200, got 0",
    ]


def test_the_file_is_named_and_users_need_no_traceback():
    with pytest.raises(UserError, match=r"^recipes/mine\.yaml: experimnts: unknown key"):
        resolve({**VALID, "experimnts": {}}, "recipes/mine.yaml")
