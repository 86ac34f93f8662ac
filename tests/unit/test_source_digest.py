"""The digest of a stage changes with what it computes, and with nothing else."""

import pytest

from difficulty.source_digest import SourceDigests

SCRIPT = '''"""Docstring."""

from difficulty.doubling import double  # why


def main():
    """Another."""
    # a comment
    text = """not a docstring
# not a comment"""
    return double(1), text
'''


@pytest.fixture
def scripts(tmp_path):
    (tmp_path / "difficulty" / "models").mkdir(parents=True)
    (tmp_path / "difficulty" / "__init__.py").write_text("")
    (tmp_path / "difficulty" / "doubling.py").write_text(
        "from difficulty import base\n\ndef double(x):\n    return 2 * x\n"
    )
    (tmp_path / "difficulty" / "base.py").write_text("ONE = 1\n")
    (tmp_path / "difficulty" / "unused.py").write_text("ONE = 1\n")
    (tmp_path / "difficulty" / "models" / "big.py").write_text("SIZE = 9\n")
    (tmp_path / "stage.py").write_text(SCRIPT)
    return tmp_path


def digest(scripts, *modules):
    return SourceDigests(scripts)("stage", *modules)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Docstring."""', '"""Another docstring."""'),
        ('    """Another."""\n', ""),
        ("# a comment", "# a better comment"),
        ("  # why", ""),
        ("\n\n\ndef", "\n\ndef"),
        ("double(1), text", "double( 1 ), text"),
    ],
)
def test_comments_docstrings_and_layout_do_not_count(scripts, old, new):
    before = digest(scripts)
    assert old in SCRIPT
    (scripts / "stage.py").write_text(SCRIPT.replace(old, new))
    assert digest(scripts) == before


@pytest.mark.parametrize(
    ("old", "new"), [("double(1)", "double(2)"), ("# not a comment", "# not one"), ("main", "start")]
)
def test_code_counts(scripts, old, new):
    before = digest(scripts)
    (scripts / "stage.py").write_text(SCRIPT.replace(old, new))
    assert digest(scripts) != before


@pytest.mark.parametrize("module", ["doubling.py", "base.py"])
def test_imported_modules_count_transitively(scripts, module):
    before = digest(scripts)
    path = scripts / "difficulty" / module
    path.write_text(path.read_text().replace("1", "3").replace("2", "3"))
    assert digest(scripts) != before


def test_files_in_the_folder_of_a_module_count(scripts):
    page = scripts / "difficulty" / "doubling" / "parts" / "page.html"
    page.parent.mkdir(parents=True)
    without = digest(scripts)
    page.write_text("one")
    one = digest(scripts)
    page.write_text("two")
    assert len({without, one, digest(scripts)}) == 3


def test_selected_modules_count_and_others_do_not(scripts):
    plain, with_model = digest(scripts), digest(scripts, "models.big")
    assert plain != with_model
    (scripts / "difficulty" / "unused.py").write_text("ONE = 2\n")
    (scripts / "difficulty" / "models" / "big.py").write_text("SIZE = 10\n")
    assert digest(scripts) == plain
    assert digest(scripts, "models.big") != with_model
    with pytest.raises(FileNotFoundError):
        digest(scripts, "models.none")


def test_cache_is_used_and_never_stale(scripts, monkeypatch):
    cache = scripts / "cache" / "digests.json"
    first = SourceDigests(scripts, cache)
    before = first("stage")
    first.save()
    with monkeypatch.context() as patch:
        patch.setattr("difficulty.source_digest._normalized_digest", None)
        assert SourceDigests(scripts, cache)("stage") == before
    (scripts / "difficulty" / "base.py").write_text("ONE = 2\n")
    assert SourceDigests(scripts, cache)("stage") != before
    cache.write_text("not json")
    assert SourceDigests(scripts, cache)("stage") == digest(scripts)
