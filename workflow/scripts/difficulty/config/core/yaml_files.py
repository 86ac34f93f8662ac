"""Reads YAML files, refuses what PyYAML lets pass, and names file and line in every error."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import yaml

from difficulty.config.core.problems import ConfigurationError, shown

_LONGEST_PROBLEM = 120


def read_yaml(path: str | Path) -> dict:
    """The mapping in a YAML file.

    Raises ConfigurationError, one line with file and line number, if there is no such file or if it is not UTF-8,
    empty, not YAML, not a mapping, refers to itself or has a key twice.
    """
    return mapping_of(path, _text(path))


def mapping_of(source: str | Path, text: str) -> dict:
    """The mapping in a YAML text. source: how error messages name it. Raises as `read_yaml` does."""
    loader = _loader(source, text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise _error(source, 1, "is empty; expected settings, e.g. defaults: {seeds: [0]}")
        if not isinstance(node, yaml.MappingNode):
            raise _error(source, node.start_mark.line + 1, "expected a mapping (key: value)")
        if faults := list(_faults(node, (), set())):
            raise ConfigurationError([f"{source}: line {line}: {problem}" for line, problem in sorted(set(faults))])
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _error(source, line, _syntax_problem(error, text, line)) from None
    except RecursionError:
        raise _error(source, 1, "is nested too deeply") from None
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError) as error:
        raise _error(source, loader.line, f"not a value that YAML can hold: {error}") from None


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
