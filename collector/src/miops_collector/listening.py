"""Sockets to listen on: every address of a host, or an error that says why not."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import Any

__all__ = ["bind", "is_free"]


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there."""
    with contextlib.suppress(OSError), socket.create_connection((host.strip("[]"), port), timeout=0.5):
        return False
    return True


def bind(host: str, port: int) -> list[socket.socket]:
    """Every address of the host, as ``localhost`` is one of two protocols for some clients and the other for others.

    An address of a protocol that this machine has not got is passed over, unless it is the only one.
    """
    listeners: list[socket.socket] = []
    failed: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
        bound = listeners[0].getsockname()[1] if listeners else port
        try:
            listeners.append(_listener(family, kind, protocol, (address[0], bound, *address[2:])))
        except OSError as error:
            failed = error
            if error.errno == errno.EADDRINUSE and port:
                break
    if failed is not None and (not listeners or (failed.errno == errno.EADDRINUSE and port)):
        for listener in listeners:
            listener.close()
        raise failed
    return listeners


def _listener(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
