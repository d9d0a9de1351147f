"""Connections of HTTP clients: one too many is closed, and so is one that does not ask, end or read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from miops_collector.episodes import Episode

__all__ = ["Connection", "Connections", "SaidOnce", "allow_files", "most_connections"]

SECONDS: Final = 20.0
MOST: Final = 4096
FILES: Final = 65_536


def allow_files() -> None:
    """Let this process open as many files as the system lets it, within reason: connections are files."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # not a system that counts them so, or it will not
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_connections() -> int:
    """Of one server: a quarter of the files this process may open, so that the store finds some."""
    try:
        import resource
    except ImportError:
        return MOST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(min(MOST, soft // 4), 1)


class SaidOnce(logging.Filter):
    """A warning of uvicorn about what a client does, such as "Invalid HTTP request received.", is said once."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Errors are said every time."""
        new = record.levelno > logging.WARNING or record.msg not in self._said
        self._said.add(str(record.msg))
        return new


class Connections:
    """Those of one server.

    Parameters
    ----------
    most
        Of them at once: sockets are files, of which a process may have so many, and the store needs some.
    seconds
        Within which a request's head must come, from the start or from the answer before, and some of an answer be
        read.
    """

    def __init__(self, most: int, *, seconds: float = SECONDS) -> None:
        self.most = most
        self.seconds = seconds
        self.refusing = Episode("connections are closed unheard, as there are too many", "connections")

    def protocol(self, **given: Any) -> Connection:
        """What uvicorn calls for each that comes."""
        return Connection(self, **given)


class Connection(H11Protocol):
    """One of them; uvicorn itself waits for a head, and for the rest of what was refused, for ever."""

    def __init__(self, all_of_them: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._all = all_of_them
        self._waiting: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._all.most:
            self._all.refusing.happened(f"{self.client}: {self._all.most} are open")
            transport.abort()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        self._stall_no_more()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read what it asked for."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self._all.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        self._stall_no_more()
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._wait()

    def _wait(self) -> None:
        self._wait_no_more()
        self._waiting = self.loop.call_later(self._all.seconds, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stall_no_more(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
