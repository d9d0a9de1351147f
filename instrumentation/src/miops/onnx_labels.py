"""Class labels written in an ONNX file, which ONNX Runtime keeps to itself.

Converters of classifiers write them as an attribute of the node that decides, or of the one that names the scores.
Only the wire format of protobuf is walked, and only nodes are entered: weights are stepped over, never read.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

__all__ = ["class_labels", "labels_of_file"]

Buffer: TypeAlias = memoryview
_GRAPH: Final = 7
_NODE: Final = 1
_ATTRIBUTE: Final = 5
_NAME: Final = 1
_INTEGERS: Final = 8
_STRINGS: Final = 9
_LABELS: Final = frozenset({b"classlabels_strings", b"classlabels_int64s", b"classlabels_ints"})


def labels_of_file(path: str) -> tuple[str | int, ...] | None:
    """The labels in a file, which is mapped, not read."""
    with open(path, "rb") as file:
        return class_labels(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def class_labels(model: Any) -> tuple[str | int, ...] | None:
    """The labels of the last node that has any, in the order of the scores; ``None`` if no node has.

    Parameters
    ----------
    model
        Bytes of an ONNX ``ModelProto``.

    Raises
    ------
    IndexError, ValueError
        If they are none.
    """
    found = None
    for graph in _messages(memoryview(model), _GRAPH):
        for node in _messages(graph, _NODE):
            for attribute in _messages(node, _ATTRIBUTE):
                found = _labels(attribute) or found
    return found


def _labels(attribute: Buffer) -> tuple[str | int, ...] | None:
    name = next(_messages(attribute, _NAME), b"")  # comes first; a forest's numbers after it may be millions
    if bytes(name) not in _LABELS:
        return None
    strings = tuple(str(text, "utf-8") for text in _messages(attribute, _STRINGS))
    return strings or tuple(_integers(attribute))


def _integers(attribute: Buffer) -> Iterator[int]:
    for field, value in _fields(attribute):
        if field == _INTEGERS and isinstance(value, int):
            yield _signed(value)
        elif field == _INTEGERS and isinstance(value, memoryview):  # packed
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                yield _signed(number)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _messages(buffer: Buffer, wanted: int) -> Iterator[Buffer]:
    return (value for field, value in _fields(buffer) if field == wanted and isinstance(value, memoryview))


def _fields(buffer: Buffer) -> Iterator[tuple[int, int | Buffer]]:
    """Number and value of every field of a message; values of fixed width are left out."""
    at = 0
    while at < len(buffer):
        key, at = _varint(buffer, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(buffer, at)
            yield key >> 3, value
        elif kind == 2:
            size, at = _varint(buffer, at)
            yield key >> 3, buffer[at : at + size]
            at += size
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind} is not protobuf's")


def _varint(buffer: Buffer, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
