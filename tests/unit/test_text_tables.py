"""Users' own tables as text: every common form is read, or refused in one line that says what to do."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from difficulty import memory
from difficulty.errors import UserError
from difficulty.tables import read_foreign

EXPECTED = {"file": ["001", "a\nb"], "label": ["true", "02"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b'file,label\n001,true\n"a\nb",02\n'),
        ("a.CSV", b'\xef\xbb\xbffile,label\r\n001,true\r\n"a\nb",02\r\n'),
        ("a.csv", b'file;label\n001;true\n"a\nb";02\n'),
        ("a.csv", b'file\tlabel\n001\ttrue\n"a\nb"\t02\n'),
        ("a.tsv", b'file\tlabel\n001\ttrue\n"a\nb"\t02\n'),
        ("a.jsonl", b'{"file": "001", "label": "true"}\n\n{"label": "02", "file": "a\\nb"}\n'),
        ("a.ndjson", b'\xef\xbb\xbf{"file": "001", "label": "true"}\r\n{"label": "02", "file": "a\\nb"}'),
    ],
)
def test_forms_of_one_table(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert read_foreign(tmp_path / name, ["file", "label"], text=["file", "label"]).to_pydict() == EXPECTED


def test_json_keeps_its_types_but_of_names(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"file": 7, "label": 1}\n{"file": "b", "day": "2024-01-01"}\n')
    read = read_foreign(tmp_path / "a.jsonl", text=["file"]).to_pydict()
    assert read == {"file": ["7", "b"], "label": [1, None], "day": [None, "2024-01-01"]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"file,label\na,caf\xe9\n", r"not in UTF-8 \(byte 0xe9 in line 2\), perhaps in Latin-1; save it in"),
        ("a.csv", "file,label\na,b\n".encode("utf-16"), "is in UTF-16; save it in UTF-8"),
        ("a.csv", b"", "cannot be read as a table"),
        ("a.csv", b"file,label\na,b,c\n", "cannot be read as a table .*Expected 2 columns, got 3"),
        ("a.csv", b"file,label,label\na,b,c\n", "has several columns 'label'"),
        ("a.csv", b"name,label\na,b\n", "no column 'file'; it has name, label"),
        ("a.jsonl", b'{"file": "a", "label": 1}\n{"file": "b", "label": "x"}\n', "'label' mixes values of different"),
        ("a.jsonl", b'{"file": "a", "label": 1}\n{"file"\n', "line 2 is not JSON"),
        ("a.jsonl", b"[1]\n", "line 1 is not an object"),
        ("a.jsonl", b"[" * 100_000, r"line 1 is not JSON \(maximum recursion depth"),
        ("a.txt", b"file,label\na,b\n", "cannot be read as a table .*expected .parquet, .csv, .tsv, .jsonl, .ndjson"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        read_foreign(tmp_path / name, ["file", "label"])
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(tmp_path / name))


def test_tables_that_claim_more_than_memory_are_refused_before_they_are_read(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    table = pa.table({"label": [0] * 2000, "note": ["x" * 1000] * 2000})
    pq.write_table(table, path, use_dictionary=False, compression="zstd")
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(memory, "memory_size", lambda: 1 << 20)
    assert read_foreign(path, ["label"]).num_rows == 2000
    with pytest.raises(UserError, match=r"what it holds in note claims 1\.9 MiB, and there are 1\.0 MiB of memory"):
        read_foreign(path, ["note"])
    monkeypatch.setattr(memory, "memory_size", lambda: 1 << 16)
    with pytest.raises(UserError, match=r"a table of 2,000 rows claims 0\.1 MiB"):
        read_foreign(path, ["label"])
