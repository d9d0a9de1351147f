"""Which HTTP/2 frames a gRPC answer consists of, which gRPC libraries do not tell."""

from __future__ import annotations

import socket
import struct
from typing import Final, Literal, TypeAlias

__all__ = ["Shape", "shape_of_answer"]

Shape: TypeAlias = Literal["trailers-only", "response", "headers-then-trailers", "reset"]
"""How a call ended: at once with a status, with a message, with a status after initial headers, or torn down."""

_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def shape_of_answer(address: str, method: str, message: bytes, *, timeout_seconds: float = 20.0) -> Shape:
    """Call a gRPC method with a message of less than 16 KiB and look at the frames that come back."""
    assert len(message) < 16_000
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=timeout_seconds) as connection:
        connection.sendall(
            _PREFACE + _frame(_SETTINGS, 0, 0)
            + _frame(_HEADERS, _END_HEADERS, 1, _request_headers(method, address))
            + _frame(_DATA, _END_STREAM, 1, struct.pack(">BI", 0, len(message)) + message)
        )  # fmt: skip
        return _read(connection)


def _read(connection: socket.socket) -> Shape:
    seen: set[int] = set()
    while True:
        length, kind, flags, stream = _header(_exactly(connection, 9))
        payload = _exactly(connection, length)
        if kind in {_SETTINGS, _PING} and not flags & _ACK:
            connection.sendall(_frame(kind, _ACK, 0, payload if kind == _PING else b""))
        if kind == _GOAWAY or (stream == 1 and kind == _RESET):
            return "reset"
        if stream == 1 and kind in {_DATA, _HEADERS}:
            if flags & _END_STREAM:
                return "response" if _DATA in seen else "headers-then-trailers" if seen else "trailers-only"
            seen.add(kind)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        assert part, "the connection ended in the middle of a frame"
        data += part
    return data


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _header(data: bytes) -> tuple[int, int, int, int]:
    kind, flags, stream = struct.unpack(">BBI", data[3:])
    return int.from_bytes(data[:3], "big"), kind, flags, stream & 0x7FFFFFFF


def _request_headers(method: str, address: str) -> bytes:
    """HPACK without its table: each header literally."""
    headers = {
        ":method": "POST", ":scheme": "http", ":path": method, ":authority": address,
        "content-type": "application/grpc", "te": "trailers",
    }  # fmt: skip
    return b"".join(
        b"\0" + b"".join(bytes((len(text),)) + text.encode() for text in header) for header in headers.items()
    )
