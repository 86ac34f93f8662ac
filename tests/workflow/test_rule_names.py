"""All rule files share one namespace, in which a later definition would replace an earlier one without a word."""

import ast
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.workflow.planning import ROOT

# Snakemake's own blocks: a keyword, perhaps a name, and a colon; everything that is indented below belongs to it.
BLOCK = re.compile(
    r"(\s*)(?:rule|checkpoint|use rule|include|localrules|wildcard_constraints|onstart|onsuccess|onerror|configfile"
    r"|workdir|module|envvars|ruleorder|container|report)\b[^=()]*:.*"
)


def python_of(text: str) -> str:
    """A rule file without Snakemake's blocks."""
    kept, block = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if block is not None and (not line.strip() or indent > block):
            continue
        match = BLOCK.fullmatch(line)
        block = len(match[1]) if match else None
        kept.append(f"{match[1]}pass" if match else line)
    return "\n".join(kept)


def defined_names(statements: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """(name, what it is imported from, if it is) of what statements of a module define; not what they only add to."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, ""
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            module = getattr(statement, "module", "")
            yield from ((alias.asname or alias.name, f"{module}.{alias.name}") for alias in statement.names)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
            yield from ((name.id, "") for name in names if isinstance(name.ctx, ast.Store))
        else:
            handlers = [statement for each in getattr(statement, "handlers", []) for statement in each.body]
            parts = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
            for part in (*parts, handlers):
                yield from defined_names(part)


def defined_twice(files: dict[str, str]) -> dict[str, list[str]]:
    """Name -> the files that define it, for names that are defined more than once."""
    places = defaultdict(list)
    for file, text in files.items():
        for name, origin in defined_names(ast.parse(python_of(text)).body):
            places[name].append((file, origin))
    same = {name for name, found in places.items() if found[0][1] and len({origin for _, origin in found}) == 1}
    return {name: [file for file, _ in found] for name, found in places.items() if len(found) > 1 and name not in same}


def test_no_name_is_defined_twice_in_all_rule_files():
    rules = sorted(path.relative_to(ROOT) for path in (ROOT / "workflow" / "rules").rglob("*.smk"))
    paths = [Path("Snakefile"), Path("workflow", "Snakefile"), *rules]
    assert len(paths) > 12
    assert defined_twice({str(path): (ROOT / path).read_text() for path in paths}) == {}


def test_names_defined_twice_are_found():
    first = """
        from a import key, common
        family_tables = []
        if family_tables:
            include: "b.smk"


            def settings(w):
                key = 1
        rule plot:
            input:
                key=1
        x, y = 1, 2
    """
    second = """
        from a import common
        family_tables += [1]
        families["vog"] = key
        settings = lambda w: 1
        y: int = 3
        try:
            key = 2
        except OSError:
            pass
    """
    files = {"first": textwrap.dedent(first), "second": textwrap.dedent(second)}
    assert defined_twice(files) == {name: ["first", "second"] for name in ("key", "settings", "y")}


def test_every_rule_says_in_one_line_what_it_does():
    """`snakemake --list` shows it."""
    for path in (ROOT / "workflow").rglob("*"):
        if path.suffix == ".smk" or path.name == "Snakefile":
            found = re.findall(r"^ *(?:rule|use rule \w+ as) (\w+)(?: with)?:\n(.*)\n", path.read_text(), re.MULTILINE)
            assert [name for name, line in found if not re.fullmatch(r' +"""[A-Z].*\.\"""', line)] == []


def test_no_method_of_the_plan_is_defined_twice():
    """A later definition in a class would replace an earlier one without a word."""
    for path in (ROOT / "workflow" / "scripts" / "difficulty" / "plan").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                names = [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
                assert len(names) == len(set(names)), path.name
