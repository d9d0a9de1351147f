"""Parquet and CSV files on their way to a running collector: references and ground truth."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from miops.semconv import COLUMN_OUTCOME_PREFIX, COLUMN_PREDICTION_ID, COLUMN_VALUE
from miops_collector.accepting import FEWEST, SMALL
from miops_collector.client import Client
from miops_collector.errors import InputError, did_you_mean

__all__ = ["read_table", "send_ground_truth", "send_reference"]

ROWS_PER_POST = 50_000
SEPARATORS = (";", "\t", "|")
ARROW_STREAM = {"content-type": "application/vnd.apache.arrow.stream"}


def read_table(file: Path, *, texts: Sequence[str] = ()) -> pa.Table:
    """All rows of a ``.parquet`` or ``.csv`` file; of the latter these columns are texts, whatever they look like.

    Raises
    ------
    InputError
        If it is another kind of file, or cannot be read as what its name says.
    """
    readers = {".parquet": pa.parquet.read_table, ".csv": lambda csv: _read_csv(csv, texts)}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        msg = f"{file}: cannot read {file.suffix or 'a file without an ending'}{did_you_mean(file.suffix, readers)}"
        raise InputError(msg)
    try:
        return reader(file)
    except (pa.ArrowException, OSError) as error:
        msg = f"{file}: is no readable {file.suffix.removeprefix('.')} file: {error}"
        raise InputError(msg) from error


def _read_csv(file: Path, texts: Sequence[str]) -> pa.Table:
    """An empty field is a missing value in a column of texts too; quoted, it is an empty text."""
    options = pa.csv.ConvertOptions(
        strings_can_be_null=True, quoted_strings_can_be_null=False, column_types=dict.fromkeys(texts, pa.string())
    )
    table = pa.csv.read_csv(file, convert_options=options)
    _check_csv(file, table)
    return table


def _check_csv(file: Path, table: pa.Table) -> None:
    """What spreadsheets of other countries write is read without an error, and as something else."""
    names = table.column_names
    found = next((mark for mark in SEPARATORS if len(names) == 1 and mark in names[0]), None)
    if found is not None:
        msg = f"{file}: its only column is {names[0]!r:.60}: it is separated by {found!r}; separate it by commas"
        raise InputError(msg)
    broken = [name for name, kind in zip(names, table.schema.types, strict=True) if pa.types.is_binary(kind)]
    if broken:
        msg = f"{file}: column {broken[0]!r} is not UTF-8 text: save the file as UTF-8"
        raise InputError(msg)


def send_reference(file: Path, address: str, form: Mapping[str, Any]) -> int:
    """Send every row as the reference that ``form`` (query parameters of ``POST /api/v1/reference``) describes.

    Raises
    ------
    InputError
        If there are too few rows, which the collector would find out only when it has all pieces.
    """
    table = read_table(file)
    if table.num_rows < FEWEST:
        msg = f"{file}: {table.num_rows} rows are too few for a reference: give at least {FEWEST}, better {SMALL}"
        raise InputError(msg)
    identity = uuid.uuid4().hex
    pieces = list(_pieces(table))
    with Client(address, timeout_seconds=600) as client:
        for i, piece in enumerate(pieces):
            parameters = {**form, "reference_id": identity, "last": str(i == len(pieces) - 1).lower()}
            query = urlencode([(k, v) for k, v in parameters.items() if v], doseq=True)
            client.post(f"/api/v1/reference?{query}", _stream(piece), ARROW_STREAM)
    return int(table.num_rows)


def send_ground_truth(file: Path, address: str, *, id_column: str, value: str, outcomes: Sequence[str]) -> int:
    """Send the truth of every row, and its outcomes, in posts of bounded size.

    Ids are texts: ``007`` in a CSV file is not 7.
    """
    table = read_table(file, texts=[id_column])
    for name in (id_column, value, *outcomes):
        if name not in table.column_names:
            msg = f"{file}: has no column {name!r}{did_you_mean(name, table.column_names)}"
            raise InputError(msg)
    columns = {COLUMN_PREDICTION_ID: table[id_column].cast(pa.string()), COLUMN_VALUE: table[value]}
    columns |= {COLUMN_OUTCOME_PREFIX + name: table[name] for name in outcomes}
    with Client(address, timeout_seconds=600) as client:
        for piece in _pieces(pa.table(columns)):
            client.post("/api/v1/ground-truth", _stream(piece), ARROW_STREAM)
    return int(table.num_rows)


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, max(table.num_rows, 1), ROWS_PER_POST):
        yield table.slice(start, ROWS_PER_POST)


def _stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
