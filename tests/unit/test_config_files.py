"""Configuration files: unreadable ones give one line with the line number; later files override earlier ones."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from difficulty.config.core.problems import ConfigurationError
from difficulty.config.core.yaml_files import read_yaml
from difficulty.config.data.datasets import Parquet
from difficulty.config.reading import load
from difficulty.config.resolve import resolve

UNREADABLE = {
    "empty": (b"", "line 1: is empty; expected settings, e.g. defaults: {seeds: [0]}"),
    "comments": (b"# nothing\n\n", "line 1: is empty; expected settings, e.g. defaults: {seeds: [0]}"),
    "list": (b"\n- a\n", "line 2: expected a mapping (key: value)"),
    "text": (b"digits", "line 1: expected a mapping (key: value)"),
    "two documents": (b"a: 1\n---\nb: 2\n", "line 2: not valid YAML: but found another document"),
    "duplicate": (b"a: 1\nb:\n  c: 1\n  c: 2\n", "line 4: key 'c' occurs twice, first in line 3"),
    "tab": (b"a:\n\tb: 1\n", "line 2: indented by a tab; use spaces"),
    "tab after spaces": (b"a:\n  \tb: 1\n  c: 2\n", "line 2: indented by a tab; use spaces"),
    "colon": (b"a: b: c\n", "line 1: not valid YAML: mapping values are not allowed here"),
    "bracket": (b"a: [1, 2\nb: 3\n", "line 2: not valid YAML: expected ',' or ']', but got ':'"),
    "quote": (b'a: "b\n', "line 2: not valid YAML: found unexpected end of stream"),
    "latin-1": (b"a: 1\nb: caf\xe9\n", "line 2: not UTF-8 text; save it as UTF-8"),
    "utf-16": ("a: 1".encode("utf-16"), "line 1: not UTF-8 text; save it as UTF-8"),
    "control character": (b"a: 1\nb: \x07\n", "line 2: character '\\x07' is not allowed in YAML"),
    "python object": (
        b"a: !!python/object:os.system {}\n",
        "line 1: not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object:os.system'",
    ),
    "no number": (
        b"b: 1\na: !!int x\n",
        "line 2: not a value that YAML can hold: invalid literal for int() with base 10: 'x'",
    ),
    "list as key": (b"[a]: 1\n", "line 1: not valid YAML: found unhashable key"),
    "unknown alias": (
        b"a: *b\n",
        "line 1: not valid YAML: found undefined alias 'b'; write text that starts with * in quotes",
    ),
    "pattern without quotes": (
        b"a: [*]\n",
        "line 1: not valid YAML: expected alphabetic or numeric character, but found ']'; write text that starts with "
        "* in quotes",
    ),
    "itself": (b"a: &x\n  b: *x\n", "line 1: refers to itself"),
    "itself in a list": (b"a: &x [1, *x]\n", "line 1: refers to itself"),
}


@pytest.mark.parametrize("content, line", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_files(tmp_path, content, line):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_yaml(path)
    assert caught.value.lines == [f"{path}: {line}"]


def test_every_duplicate_key_is_told(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: {x: 1, x: 2}\nb: 1\na: 3\nb: 2\n")
    with pytest.raises(ConfigurationError) as caught:
        read_yaml(path)
    assert [line.split(": ", 2)[1] for line in caught.value.lines] == ["line 1", "line 3", "line 4"]


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load([tmp_path / "a.yaml", tmp_path])
    assert caught.value.lines[0] == f"{tmp_path / 'a.yaml'}: no such file"
    assert caught.value.lines[1].startswith(f"{tmp_path}: cannot be read")


def test_deep_nesting(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: " + "[" * 5000)
    with pytest.raises(ConfigurationError, match=r"line 1: "):
        read_yaml(path)


def test_yaml_that_is_fine(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes("\ufeffa: &x {b: 1, d: 2024-01-02}\nc: {<<: *x, b: 2}\ne: [*x, *x]\n".encode())
    x = {"b": 1, "d": "2024-01-02"}
    assert read_yaml(path) == {"a": x, "c": {**x, "b": 2}, "e": [x, x]}


def loaded(tmp_path, *texts: str) -> dict:
    paths = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return load(paths)


def test_later_files_override_key_by_key(tmp_path):
    first = (
        "{defaults: {epochs: 15, optimizer: {name: sgd, lr: 0.1}, width: 8},"
        " analyses: {correlation: {bootstrap: 9, scores: [aum]}}}"
    )
    second = "{defaults: {optimizer: {lr: 0.2}, width: null}, analyses: {correlation: {scores: [loss]}}}"
    assert loaded(tmp_path, first, second) == {
        "defaults": {"epochs": 15, "optimizer": {"name": "sgd", "lr": 0.2}},
        "analyses": {"correlation": {"bootstrap": 9, "scores": ["loss"]}},
    }


def test_later_experiments_and_data_sets_replace_earlier_ones_and_what_names_them(tmp_path):
    first = """
    datasets: {digits: {source: digits}}
    defaults: {dataset: digits}
    experiments: {clean: {}, noisy: {}}
    evaluations: {clean: [digits]}
    analyses:
      agreement: {groups: {noise: [clean, noisy]}}
      comparisons: {noise: [clean, noisy]}
      generalization: {parts: {experiments: [clean, noisy]}}
      detection: {bootstrap: 10, truths: {a: {}}}
      images: {size: 8, joins: {seconds: {dataset: digits}}}
      influence: {queries: {wrong: {experiments: [noisy], count: 3}}}
    figures: {image_maps: {experiments: [clean], count: 2}}
    """
    assert loaded(tmp_path, first, "experiments: {mine: {}}") == {
        "datasets": {"digits": {"source": "digits"}},
        "defaults": {"dataset": "digits"},
        "experiments": {"mine": {}},
        "analyses": {
            "agreement": {},
            "detection": {"bootstrap": 10},
            "images": {"size": 8, "joins": {"seconds": {"dataset": "digits"}}},
            "influence": {"queries": {"wrong": {"count": 3}}},
        },
        "figures": {"image_maps": {"count": 2}},
    }
    replaced = loaded(tmp_path, first, "datasets: {photos: {}}")
    assert replaced["datasets"] == {"photos": {}}
    assert "evaluations" not in replaced and replaced["defaults"] == {}
    assert "generalization" not in replaced["analyses"] and replaced["analyses"]["images"] == {"size": 8}
    assert loaded(tmp_path, first, "datasets: {digits: {}, photos: {}}")["defaults"] == {"dataset": "digits"}
    assert list(replaced["experiments"]) == ["clean", "noisy"]


def test_subsets_go_with_the_experiment_that_chose_them(tmp_path):
    first = """
    datasets:
      digits: {source: digits}
      easy: {source: subset, of: digits, select: {by: score, experiment: clean}}
      eights: {source: subset, of: easy, select: {by: class}}
      some: {source: subset, of: digits, select: {by: random}}
    experiments: {clean: {}}
    """
    assert list(loaded(tmp_path, first, "experiments: {mine: {}}")["datasets"]) == ["digits", "some"]
    assert len(loaded(tmp_path, first, "experiments: {clean: {}, mine: {}}")["datasets"]) == 4


SELECTED = """
datasets:
  digits: {source: digits}
  easy: {source: subset, of: digits, select: {by: score, experiment: clean, seeds: [0, 1, 2]}}
defaults: {dataset: digits, seeds: [0, 1, 2]}
experiments: {clean: {}, easy: {dataset: easy, seeds: [3, 4]}}
"""


@pytest.mark.parametrize(
    "later, seeds",
    [
        ("defaults: {seeds: [0]}", [0]),
        ("defaults: {seeds: [2, 1, 0, 5]}", [0, 1, 2]),
        ("defaults: {seeds: [7, 8]}", [7, 8]),
        ("defaults: {seeds: null}", [0, 1, 2]),
        ("experiments: {clean: {seeds: [1, 6]}}", [1]),
        ("{experiments: {clean: {seeds: [1, 6]}}, datasets: {easy: {select: {seeds: [5]}}}}", [5]),
        ("defaults: {seeds: all}", [0, 1, 2]),
        ("defaults: 3", [0, 1, 2]),
    ],
)
def test_subsets_are_chosen_by_seeds_that_are_still_trained(tmp_path, later, seeds):
    assert loaded(tmp_path, SELECTED, later)["datasets"]["easy"]["select"]["seeds"] == seeds


def test_seeds_in_one_file_are_left_for_the_check(tmp_path):
    one = SELECTED.replace("dataset: digits, seeds: [0, 1, 2]", "dataset: digits, seeds: [0]")
    assert loaded(tmp_path, one)["datasets"]["easy"]["select"]["seeds"] == [0, 1, 2]


def test_the_default_suite_works_with_a_single_seed(tmp_path):
    default, local = Path(__file__).parents[2] / "config.yaml", tmp_path / "config.yaml"
    local.write_text("defaults: {seeds: [0]}")
    assert load([default, local]) == load([default], ["defaults={seeds: [0]}"])
    suite = resolve(load([default, local]))
    assert suite.runs("clean") == ["seed-0"] and suite.runs("easy") == ["seed-3", "seed-4", "seed-5"]
    assert suite.datasets["hard"]["select"]["seeds"] == [0]


def test_the_command_line_overrides_files_and_replaces_no_section(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("{defaults: {epochs: 15, width: 8}, experiments: {clean: {}}}")
    given = ["defaults={epochs: 5}", "defaults={width: null}", "experiments={'1': {label_noise: {fraction: 5e-1}}}"]
    noise = {"label_noise": {"fraction": "5e-1"}}
    assert load([file], given) == {"defaults": {"epochs": 5}, "experiments": {"clean": {}, "1": noise}}
    with pytest.raises(ConfigurationError) as caught:
        load([file], ["defaults={epochs: 5", "figures="])
    (line,) = caught.value.lines
    assert line.startswith("--config: line 1: not valid YAML: ")


def test_experiments_go_with_their_data_set(tmp_path):
    first = "{datasets: {digits: {}, easy: {}}, experiments: {clean: {}, easy: {dataset: easy}}}"
    assert list(loaded(tmp_path, first, "datasets: {photos: {}}")["experiments"]) == ["clean"]
    assert list(loaded(tmp_path, first, "datasets: {easy: {}}")["experiments"]) == ["clean", "easy"]


def test_names_that_are_none_are_left_for_the_check(tmp_path):
    first = """
    datasets: {a: {of: [digits]}, b: {select: {experiment: [clean]}}}
    experiments: {clean: {dataset: [a]}}
    defaults: {dataset: {}}
    """
    replaced = loaded(tmp_path, first, "{datasets: {c: }, experiments: {mine: }}")
    assert replaced == {"datasets": {"c": None}, "defaults": {}, "experiments": {"mine": None}}
    assert list(loaded(tmp_path, first, "experiments: {clean: }")["datasets"]) == ["a"]


def test_one_file_stays_as_it_is(tmp_path):
    assert loaded(tmp_path, "{a: null, experiments: {x: }}") == {"a": None, "experiments": {"x": None}}


def test_patterns_of_files_and_the_home_folder(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    for name in ("train-1", "train-0", "test[1]", "other"):
        (tmp_path / "data" / f"{name}.parquet").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")

    def files(*names):
        return Parquet(source="parquet", files={"train": list(names)}).files.train

    expected = [f"data/train-{number}.parquet" for number in (0, 1)]
    assert files("data/train-*.parquet", "~/b.parquet") == [*expected, "/home/someone/b.parquet"]
    assert files(f"{tmp_path}/data/train-?.parquet") == [f"{tmp_path}/{name}" for name in expected]
    assert files("data/test[1].parquet") == ["data/test[1].parquet"]
    with pytest.raises(ValidationError, match=r"no file matches 'data/valid-\*'"):
        files("data/train-*", "data/valid-*")
    for no_pattern in ("**x/*.parquet", f"{'x' * 300}*"):
        with pytest.raises(ValidationError, match=r"is no pattern of files \(.*\); correct it"):
            files(no_pattern)
    with pytest.raises(ValidationError, match=r"'data/train-0.parquet' occurs twice"):
        files("data/train-*", "data/train-0.parquet")
