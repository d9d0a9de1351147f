"""The body of a POST: its bytes up to a limit, and the format its content type names."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeAlias

import pyarrow as pa
from starlette.requests import Request

from miops_collector.errors import InputError, TooLargeError

__all__ = ["Format", "UnsupportedFormatError", "format_of", "read_arrow", "read_body", "read_json"]

Format: TypeAlias = Literal["json", "arrow"]
_FORMATS: dict[str, Format] = {"application/json": "json", "application/vnd.apache.arrow.stream": "arrow"}


class UnsupportedFormatError(InputError):
    """The content type or encoding is none that is read here."""


def format_of(request: Request) -> Format:
    """Which of the two formats the request claims to be.

    Only types a browser sends across sites after asking first: a plain form or text cannot post here.
    """
    given = request.headers.get("content-type", "")
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        msg = f"content-encoding: {encoding!r} is not read here; send the body uncompressed"
        raise UnsupportedFormatError(msg)
    found = _FORMATS.get(given.partition(";")[0].strip().lower())
    if found is None:
        msg = f"content-type: {given!r} is not read here; allowed: {', '.join(_FORMATS)}"
        raise UnsupportedFormatError(msg)
    return found


async def read_body(request: Request, max_bytes: int) -> bytes:
    """All of the body, reading no more than allowed."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            msg = f"the body is larger than {max_bytes} bytes; send it in parts"
            raise TooLargeError(msg)
    return bytes(body)


def read_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, no NaN, no key twice."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_repeats)
    except UnicodeDecodeError as error:
        msg = f"the body is not UTF-8: byte {error.start}"
        raise InputError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"the body is no JSON: {error}"
        raise InputError(msg) from error


def read_arrow(body: bytes) -> pa.Table:
    """An Arrow IPC stream, or an IPC file."""
    try:
        opened = pa.ipc.open_file(body) if body.startswith(b"ARROW1") else pa.ipc.open_stream(body)
        table = opened.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        msg = f"the body is no Arrow IPC stream: {error}"
        raise InputError(msg) from error
    names = table.column_names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        msg = f"column {repeated[0]!r} is there more than once"
        raise InputError(msg)
    return table


def _no_constant(text: str) -> Any:
    msg = f"the body is no JSON: {text} is no number; leave the field out or write null"
    raise InputError(msg)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        msg = f"key {next(n for n in names if names.count(n) > 1)!r} is there more than once in one object"
        raise InputError(msg)
    return found
