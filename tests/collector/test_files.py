from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from miops_collector import files
from miops_collector.errors import InputError
from miops_collector.files import read_table, send_ground_truth, send_reference
from tests.collector.little_server import LittleServer, little_server

TABLE = pa.table({"id": ["007", "8"], "x": [1.5, None], "c": ["a", None], "y": [1, 0]})
CSV = 'id,x,c,y\n007,1.5,a,1\n8,,,0\n9,2.0,"",1\n'


@pytest.fixture
def server() -> Iterator[LittleServer]:
    with little_server() as running:
        yield running


def written(folder: Path, name: str) -> Path:
    file = folder / name
    if name.endswith(".csv"):
        file.write_text(CSV)
    else:
        pa.parquet.write_table(TABLE, file)
    return file


def sent(server: LittleServer) -> list[pa.Table]:
    return [pa.ipc.open_stream(a.body).read_all() for a in server.asked]


@pytest.mark.parametrize("name", ["t.parquet", "T.PARQUET"])
def test_parquet_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    pa.parquet.write_table(TABLE, tmp_path / name)

    assert read_table(tmp_path / name).equals(TABLE)


def test_an_empty_field_of_a_csv_is_missing_and_a_quoted_one_is_a_text(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "t.csv"))

    assert table["c"].to_pylist() == ["a", None, ""]
    assert table["x"].to_pylist() == [1.5, None, 2.0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"", "cannot read .xlsx; allowed: .csv, .parquet"),
        ("t.parqet", b"", "cannot read .parqet; did you mean '.parquet'?"),
        ("t", b"", "cannot read a file without an ending"),
        ("t.parquet", b"nothing", "is no readable parquet file"),
        ("t.csv", b"a,b\n1\n", "is no readable csv file"),
        ("t.csv", b"", "is no readable csv file"),
        ("t.csv", b"a;b\n1;2\n", "its only column is 'a;b': it is separated by ';'; separate it by commas"),
        ("t.csv", b"a\tb\n1\t2\n", "its only column is 'a\\tb': it is separated by '\\t'"),
        ("t.csv", "a,b\né,1\n".encode("latin-1"), "column 'a' is not UTF-8 text: save the file as UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError) as caught:
        read_table(tmp_path / name)
    assert f"{tmp_path / name}: {message}" in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")

    assert read_table(tmp_path / "t.csv").column_names == ["a", "b"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"t\.parquet: is no readable parquet file"):
        read_table(tmp_path / "t.parquet")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_ids_are_texts_whatever_they_look_like(tmp_path: Path, server: LittleServer, name: str) -> None:
    rows = send_ground_truth(written(tmp_path, name), server.address, id_column="id", value="y", outcomes=["x"])

    (table,) = sent(server)
    assert table["prediction_id"].to_pylist()[:2] == ["007", "8"]
    assert table["value"].to_pylist()[:2] == [1, 0]
    assert table["outcome.x"].to_pylist()[:2] == [1.5, None]
    assert rows == table.num_rows


def test_a_column_that_is_not_there_is_named_before_anything_is_sent(tmp_path: Path, server: LittleServer) -> None:
    with pytest.raises(InputError, match="has no column 'idd'; did you mean 'id'"):
        send_ground_truth(written(tmp_path, "t.csv"), server.address, id_column="idd", value="y", outcomes=[])

    assert server.asked == []


def test_many_rows_are_sent_in_pieces_and_the_last_says_so(
    tmp_path: Path, server: LittleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_PER_POST", 2)
    monkeypatch.setattr(files, "FEWEST", 3)
    form = {"model": "credit & co", "version": "", "truth": "y", "context": ("c", "x"), "ignore": ()}

    assert send_reference(written(tmp_path, "t.csv"), server.address, form) == 3

    asked = [parse_qs(urlsplit(a.path).query) for a in server.asked]
    assert [a["last"] for a in asked] == [["false"], ["true"]]
    assert len({a["reference_id"][0] for a in asked}) == 1
    assert (asked[0]["model"], asked[0]["context"]) == (["credit & co"], ["c", "x"])
    assert asked[0].keys() == {"model", "truth", "context", "last", "reference_id"}
    assert pa.concat_tables(sent(server))["id"].to_pylist() == [7, 8, 9]


def test_two_references_have_two_names(tmp_path: Path, server: LittleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FEWEST", 3)
    for _ in range(2):
        send_reference(written(tmp_path, "t.csv"), server.address, {"model": "m"})

    assert len({parse_qs(urlsplit(a.path).query)["reference_id"][0] for a in server.asked}) == 2


@pytest.mark.parametrize("rows", [0, 49])
def test_a_reference_of_few_rows_is_refused_before_anything_is_sent(
    tmp_path: Path, server: LittleServer, rows: int
) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,y\n" + "1,0\n" * rows)

    with pytest.raises(InputError, match=f"t.csv: {rows} rows are too few for a reference: give at least 50, better"):
        send_reference(file, server.address, {"model": "m"})

    assert server.asked == []
