"""Configuration files: YAML that is checked for what PyYAML lets pass, with file and line in every error."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import yaml

from difficulty.config.grids import expanded, only
from difficulty.config.inheritance import merged
from difficulty.config.problems import ConfigurationError, shown, told
from difficulty.config.sizes import size_faults

# Sections that replace those of an earlier file, and what refers to the earlier ones by name and goes with them.
_REPLACED = {
    "datasets": (
        ["evaluations"],
        ["analyses", "vog", "out_of_distribution"],
        ["analyses", "images", "joins"],
        ["analyses", "generalization"],
    ),
    "experiments": (
        ["evaluations"],
        ["analyses", "agreement", "groups"],
        ["analyses", "comparisons"],
        ["analyses", "detection", "truths"],
        ["analyses", "vog", "experiments"],
        ["analyses", "vog", "checkpoints"],
        ["analyses", "vog", "keep_gradients"],
        ["analyses", "prediction_depth", "experiments"],
        ["analyses", "influence", "experiments"],
        ["analyses", "images", "experiments"],
        ["analyses", "relations", "experiments"],
        ["analyses", "coherence", "experiments"],
        ["analyses", "generalization"],
        ["figures", "image_maps", "experiments"],
    ),
}
_LONGEST_PROBLEM = 120


def load(paths: Sequence[str | Path]) -> dict:
    """The files as one configuration; later files override earlier ones, key by key, null removing a key.

    A later file's experiments and data sets replace the earlier ones.
    Raises ConfigurationError with one line for each file that cannot be read.
    """
    files, lines = [], []
    for path in paths:
        try:
            files.append(read_yaml(path))
            lines += told(str(path), size_faults(files[-1]))
        except ConfigurationError as error:
            lines += error.lines
    if lines:
        raise ConfigurationError(lines)
    result = {}
    for file in files:
        for section, dependent in _REPLACED.items():
            for place in ([section], *dependent) if section in file else ():
                result = _without(result, place)
        if "datasets" in file and not _names_dataset(result.get("defaults"), file["datasets"]):
            result = _without(result, ["defaults", "dataset"])
        if "datasets" in file:
            result = _without_homeless(result, file["datasets"])
        if "experiments" in file:
            result = _without_orphans(result, file["experiments"])
        result = merged(result, file)
    return result


def read_yaml(path: str | Path) -> dict:
    """The mapping in a YAML file.

    Raises ConfigurationError, one line with file and line number, if there is no such file or if it is not UTF-8,
    empty, not YAML, not a mapping, refers to itself or has a key twice.
    """
    text = _text(path)
    loader = _loader(path, text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise _error(path, 1, "is empty; expected a mapping with datasets, defaults and experiments")
        if not isinstance(node, yaml.MappingNode):
            raise _error(path, node.start_mark.line + 1, "expected a mapping (key: value)")
        if faults := list(_faults(node, (), set())):
            raise ConfigurationError([f"{path}: line {line}: {problem}" for line, problem in sorted(set(faults))])
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _error(path, line, _syntax_problem(error, text, line)) from None
    except RecursionError:
        raise _error(path, 1, "is nested too deeply") from None
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError) as error:
        raise _error(path, loader.line, f"not a value that YAML can hold: {error}") from None


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which remembers where it is and leaves dates as the text they are."""

    line = 1
    yaml_implicit_resolvers: ClassVar[dict] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_object(self, node, deep=False):
        self.line = node.start_mark.line + 1
        return super().construct_object(node, deep)


def _loader(path: str | Path, text: str) -> _Loader:
    try:
        return _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _error(path, line, f"character {chr(error.character)!r} is not allowed in YAML") from None


def _text(path: str | Path) -> str:
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise ConfigurationError([f"{path}: no such file"]) from None
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"]) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(path, content.count(b"\n", 0, error.start) + 1, "not UTF-8 text; save it as UTF-8") from None


def _faults(node: yaml.Node, parents: tuple, visited: set) -> Iterator[tuple[int, str]]:
    """(line, problem) of keys that occur twice, and of aliases to what contains them."""
    if node in parents:
        yield node.start_mark.line + 1, "refers to itself"
    if node in visited:
        return
    visited.add(node)
    if isinstance(node, yaml.MappingNode):
        seen = {}
        for key, _ in node.value:
            line, name = key.start_mark.line + 1, (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else key
            if name in seen:
                yield line, f"key {shown(key.value)} occurs twice, first in line {seen[name]}"
            seen.setdefault(name, line)
    for child in _children(node):
        yield from _faults(child, (*parents, node), visited)


def _children(node: yaml.Node) -> Iterable[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else ()


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    lines = text.splitlines()
    if line <= len(lines) and re.match(r" *\t", lines[line - 1]):
        return "indented by a tab; use spaces"
    problem = " ".join((error.problem or error.context or "cannot be parsed").split())[:_LONGEST_PROBLEM]
    is_alias = "alias" in f"{error.context} {error.problem}"
    return f"not valid YAML: {problem}" + ("; write text that starts with * in quotes" if is_alias else "")


def _error(path: str | Path, line: int, problem: str) -> ConfigurationError:
    return ConfigurationError([f"{path}: line {line}: {problem}"])


def _without_orphans(config: dict, experiments) -> dict:
    """Without the data sets that an experiment chose which there is no more, and their subsets."""
    datasets, expansion = config.get("datasets"), expanded(experiments)
    if not isinstance(datasets, dict) or not isinstance(experiments, dict) or not expansion.is_complete:
        return config
    gone = []
    for name, settings in datasets.items():
        if not isinstance(settings, dict):
            continue
        select = settings.get("select")
        chooser = select.get("experiment") if isinstance(select, dict) else None
        if settings.get("of") in gone or chooser not in (None, *expansion.layers):
            gone.append(name)
    return {**config, "datasets": {name: value for name, value in datasets.items() if name not in gone}}


def _without_homeless(config: dict, datasets) -> dict:
    """Without the experiments on a data set which there is no more."""
    experiments = config.get("experiments")
    if not isinstance(experiments, dict) or not isinstance(datasets, dict):
        return config
    return {**config, "experiments": only(experiments, lambda own: own.get("dataset") in (None, *datasets))}


def _names_dataset(defaults, datasets) -> bool:
    return isinstance(defaults, dict) and isinstance(datasets, dict) and defaults.get("dataset") in list(datasets)


def _without(config: dict, place: Sequence[str]) -> dict:
    key, *rest = place
    if not rest:
        return {name: value for name, value in config.items() if name != key}
    below = config.get(key)
    return {**config, key: _without(below, rest)} if isinstance(below, dict) else config
