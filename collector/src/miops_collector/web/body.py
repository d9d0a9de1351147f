"""The body of a POST: its bytes up to a limit, and the format its content type names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from miops_collector.errors import InputError, TooLargeError
from miops_collector.otlp.arrow_stream import read_stream
from miops_collector.receiving import Receiving

__all__ = ["Bodies", "Format", "UnsupportedFormatError", "format_of", "read_arrow", "read_json"]

T = TypeVar("T")
MOST_KEYS = 20_000
"""Of one JSON object: each takes a hundred times as much memory as in the body, and more if it is wrong."""
_FILE, _FILE_END = b"ARROW1\0\0", b"ARROW1"
_MOST_TEXT = 256 * 1024 * 1024
_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
_NO_WORDS = (pa.types.is_nested, pa.types.is_dictionary, pa.types.is_string_view, pa.types.is_binary_view)
"""What a dictionary may not be of; views cannot be written out by Arrow itself."""
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


class Bodies:
    """Bodies as the rows they hold, one after another: what becomes of one is many times its size for a moment.

    Parameters
    ----------
    max_bytes
        Of an Arrow body. Of JSON it is a quarter, because Python makes much more of it.
    """

    def __init__(self, max_bytes: int) -> None:
        self._receiving = Receiving(2 * max_bytes)
        self._limits: dict[Format, int] = {"arrow": max_bytes, "json": max_bytes // 4}
        self._turn = asyncio.Semaphore(1)

    async def read(self, request: Request, form: Format, make: Callable[[bytes], T]) -> T:
        """What ``make`` makes of it, in a thread."""
        async with self._receiving.body(request, self._limits[form]) as body, self._turn:
            return await run_in_threadpool(make, body)


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
    """An Arrow IPC stream, or an IPC file, which is a stream with something before and after it."""
    is_file = body.startswith(_FILE)
    if is_file and not body.endswith(_FILE_END):
        msg = "the body is no Arrow IPC file: it is cut short"
        raise InputError(msg)
    table = read_stream(pa.py_buffer(body)[len(_FILE) if is_file else 0 :])
    if sum(_text_bytes(column) for column in table.columns) > _MOST_TEXT:
        msg = f"dictionaries stand for more than {_MOST_TEXT} bytes of text; send the rows in parts"
        raise TooLargeError(msg)
    names = table.column_names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        msg = f"column {repeated[0]!r} is there more than once"
        raise InputError(msg)
    return table


def _text_bytes(column: pa.ChunkedArray) -> int:
    """Of a dictionary of texts, once it is written out: a long one may stand in every row."""
    if not pa.types.is_dictionary(column.type):
        return 0
    kind = column.type.value_type
    if any(is_other(kind) for is_other in _NO_WORDS):
        msg = f"a dictionary of {kind} is not read here; allowed: dictionaries of numbers, texts or booleans"
        raise InputError(msg)
    if not any(is_text(kind) for is_text in _TEXTS):
        return 0
    lengths = [pc.take(pc.binary_length(chunk.dictionary), chunk.indices) for chunk in column.chunks]
    return sum(pc.sum(one).as_py() or 0 for one in lengths)


def _no_constant(text: str) -> Any:
    msg = f"the body is no JSON: {text} is no number; leave the field out or write null"
    raise InputError(msg)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        msg = f"an object has {len(pairs)} keys; allowed are {MOST_KEYS}"
        raise InputError(msg)
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        msg = f"key {next(n for n in names if names.count(n) > 1)!r} is there more than once in one object"
        raise InputError(msg)
    return found
