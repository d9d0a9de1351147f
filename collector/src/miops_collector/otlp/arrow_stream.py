"""An Arrow IPC stream of a sender we do not trust, as one validated table."""

from __future__ import annotations

import struct

import pyarrow as pa

from miops_collector.errors import InputError

__all__ = ["read_stream"]

_HEADER, _COMPRESSION, _DICTIONARY_DATA = 2, 3, 1  # fields of the flatbuffers Message, RecordBatch, DictionaryBatch


def read_stream(body: pa.Buffer) -> pa.Table:
    """The table of a stream; its arrays lie in ``body``.

    Compressed streams are refused: they could grow without bound, and a request can be compressed as a whole. So are
    streams with more rows than bytes, which take no memory on the wire but do here.

    Raises
    ------
    InputError
        If the stream cannot be read.
    """
    try:
        _check_messages(body)
        with pa.ipc.open_stream(body) as stream:
            batches = list(stream)
            table = pa.Table.from_batches(batches, schema=stream.schema)
        if table.num_rows > body.size:
            msg = f"the batch has {table.num_rows} rows in {body.size} bytes"
            raise InputError(msg)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        msg = f"the body is no Arrow IPC stream: {error}"
        raise InputError(msg) from error
    return table


def _check_messages(body: pa.Buffer) -> None:
    for message in pa.ipc.MessageReader.open_stream(body):
        if message.type not in {"record batch", "dictionary"}:
            continue
        metadata = message.metadata.to_pybytes()
        batch = _table(metadata, struct.unpack_from("<I", metadata)[0], _HEADER)
        if message.type == "dictionary":
            batch = _table(metadata, batch, _DICTIONARY_DATA)
        if _field(metadata, batch, _COMPRESSION):
            msg = "Arrow buffers are compressed; compress the request instead"
            raise InputError(msg)


def _table(data: bytes, table: int, field: int) -> int:
    """Position of a table that a flatbuffers table refers to."""
    at = _field(data, table, field)
    if not at:
        msg = "an Arrow message lacks a part"
        raise InputError(msg)
    return at + int(struct.unpack_from("<I", data, at)[0])


def _field(data: bytes, table: int, field: int) -> int:
    """Position of a field of a flatbuffers table, 0 where it is absent."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    size = struct.unpack_from("<H", data, vtable)[0]
    entry = 4 + 2 * field
    offset = struct.unpack_from("<H", data, vtable + entry)[0] if entry < size else 0
    return table + offset if offset else 0
