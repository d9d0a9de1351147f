"""Servers that end by raising their signal again, past the interpreter's exit handlers: drained once they are shut.

uvicorn gives a SIGTERM back to the system after its last request, so `atexit` never runs: without this the rows of the
last second before every restart were lost, from a single process and from each of its workers.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import wrapt

__all__ = ["drain_at_shutdown"]

_SHUTDOWNS: Final = {"uvicorn.server": ("Server", "shutdown")}
"""Asynchronous methods that return when no request is left, by module."""
_log = logging.getLogger("miops")


def drain_at_shutdown(drain: Callable[[], None]) -> None:
    """Call this in a thread after a server has shut down; for every server of the table, imported or yet to be."""
    for module, (owner, method) in _SHUTDOWNS.items():
        wrapt.register_post_import_hook(functools.partial(_patch, owner, method, drain), module)


def _patch(owner: str, method: str, drain: Callable[[], None], module: Any) -> None:
    try:
        found = getattr(module, owner)
        setattr(found, method, _draining(getattr(found, method), drain))
    except (AttributeError, TypeError) as error:
        _log.warning("miops: %s.%s cannot be hooked, its last second may be lost: %s", owner, method, error)


def _draining(shutdown: Callable[..., Awaitable[Any]], drain: Callable[[], None]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(shutdown)
    async def drained(*args: Any, **kwargs: Any) -> Any:
        import asyncio  # a program without such a server need not load it

        try:
            return await shutdown(*args, **kwargs)
        finally:
            await asyncio.to_thread(drain)

    return drained
