"""A digest of what a stage computes: its source and that of all it imports here, without comments and docstrings.

Snakemake re-runs a job when one of its parameters changes; a stage that carries this digest as a parameter
therefore runs again when its code changes, and only then: a comment, a docstring, blank lines, reformatting
within a line, a touched file or a checkout of the same code change nothing. Standard library only.
"""

import ast
import hashlib
import io
import json
import os
import tempfile
import tokenize
from pathlib import Path

_PACKAGE = "difficulty"
_VERSION = b"1"  # of the way a file is normalized, for the cache
_IGNORED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}


class SourceDigests:
    """Digests of the scripts in one folder, which holds the package as well.

    What is known of a file is kept in `cache`, a JSON file, under the SHA-256 of the file's bytes; so it is never
    stale, and a start without changes tokenizes nothing.
    """

    def __init__(self, scripts: Path, cache: Path | None = None):
        self.scripts = Path(scripts)
        self._cache_file = cache
        self._cache: dict[str, list] = _read_json(cache) if cache else {}
        self._files: dict[Path, tuple[dict[str, str], list[Path]]] = {}
        self._stages: dict[tuple[str, ...], str] = {}
        self._changed = False

    def __call__(self, script: str, *modules: str) -> str:
        """The digest of a stage: its script (without .py) and the modules that its settings select by name.

        modules: below the package, e.g. "models.resnet9". Of every module, what is no Python in a folder of its name
        counts as well. Raises FileNotFoundError for one that is not there.
        """
        key = (script, *sorted(set(modules)))
        if key not in self._stages:
            wanted = [self.scripts / f"{script}.py"]
            wanted += [self._module_file(f"{_PACKAGE}.{module}") for module in key[1:]]
            found: dict[str, str] = {}
            seen: set[Path] = set()
            while wanted:
                file = wanted.pop()
                if file not in seen:
                    seen.add(file)
                    own, imported = self._describe(file)
                    found |= own
                    wanted += imported
            self._stages[key] = hashlib.sha256(json.dumps(sorted(found.items())).encode()).hexdigest()[:16]
        return self._stages[key]

    def save(self) -> None:
        """Keeps what was learned for the next start; a folder that cannot be written is no error."""
        if not (self._changed and self._cache_file):
            return
        try:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._cache_file.parent)
            with os.fdopen(handle, "w") as stream:
                json.dump(self._cache, stream)
            Path(temporary).replace(self._cache_file)
        except OSError:
            return

    def _describe(self, file: Path) -> tuple[dict[str, str], list[Path]]:
        """Digests of a module and of its files that are no Python, by path; and the modules here that it imports."""
        if file not in self._files:
            content = file.read_bytes()
            key = hashlib.sha256(_VERSION + content).hexdigest()
            if key not in self._cache:
                self._cache[key] = [_normalized_digest(content), _imports(content)]
                self._changed = True
            digest, imports = self._cache[key]
            own = {file: digest} | {path: _digest(path) for path in _data_files(file)}
            named = {path.relative_to(self.scripts).as_posix(): each for path, each in own.items()}
            self._files[file] = named, [path for path in map(self._find, imports) if path]
        return self._files[file]

    def _module_file(self, module: str) -> Path:
        file = self._find(module)
        if file is None:
            raise FileNotFoundError(f"no module {module} below {self.scripts}")
        return file

    def _find(self, module: str) -> Path | None:
        path = self.scripts.joinpath(*module.split("."))
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py")
        return path / "__init__.py" if (path / "__init__.py").is_file() else None


def _data_files(module: Path) -> list[Path]:
    """Files that are no Python in the folder that is called as a module is: what it reads, such as templates."""
    folder = module.with_suffix("")
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _normalized_digest(content: bytes) -> str:
    """SHA-256 over the tokens that matter."""
    docstrings = _docstring_positions(ast.parse(content))
    digest = hashlib.sha256()
    after_docstring = False
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if token.type in _IGNORED:
            continue
        if token.start in docstrings or (after_docstring and token.type == tokenize.NEWLINE):
            after_docstring = token.start in docstrings
            continue
        text = "" if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE) else token.string
        digest.update(f"{tokenize.tok_name[token.type]}\0{text}\0".encode())
    return digest.hexdigest()


def _docstring_positions(tree: ast.Module) -> set[tuple[int, int]]:
    """Where docstrings start: (line, column)."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    positions = set()
    for node in ast.walk(tree):
        if isinstance(node, owners) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            positions.add((first.lineno, first.col_offset))
    return positions


def _imports(content: bytes) -> list[str]:
    """Names of this package's modules that a file may import, `from a import b` giving both a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return sorted(name for name in names if name.split(".")[0] == _PACKAGE)


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
