"""HTTP servers in the collector's own event loop, which leave its signals alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from miops_collector.config.transport import TlsConfig
from miops_collector.connection import Connections
from miops_collector.errors import ConfigError
from miops_collector.listening import bind
from miops_collector.tls import uvicorn_options

__all__ = ["HttpServers", "taken"]

GRACE_SECONDS = 10
SOON_SECONDS = 0.005


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServers:
    """Those that run, by the setting that says where each listens; all share the bound on connections."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._running: dict[str, tuple[_Server, asyncio.Task[None]]] = {}

    async def listen(self, app: Starlette, address: str, key: str, tls: TlsConfig | None = None) -> str:
        """Serve the app at this ``HOST:PORT``; the address it listens on, which has a port of its own for port 0.

        Raises
        ------
        ConfigError
            If it cannot be listened on.
        """
        host, _, port = address.rpartition(":")
        try:
            sockets = bind(host, int(port))
        except OSError as error:
            raise taken(key, address) from error
        config = uvicorn.Config(
            app, log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=GRACE_SECONDS,
            ws="none",
            http=self._connections.protocol,  # type: ignore[arg-type]  # makes one when it is called, as a class does
            **(uvicorn_options(tls) if tls else {}),
        )  # fmt: skip
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=sockets))
        self._running[key] = server, task
        while not server.started:
            if task.done():
                del self._running[key]
                task.result()
            await asyncio.sleep(SOON_SECONDS)
        return f"{host}:{sockets[0].getsockname()[1]}"

    async def stop(self, key: str) -> None:
        """Answer what is under way and let go; of one that does not run, nothing."""
        server, task = self._running.pop(key, (None, None))
        if server is not None and task is not None:
            server.should_exit = True
            await task


def taken(key: str, address: str) -> ConfigError:
    """What to say of an address that cannot be listened on, and which setting it is of."""
    return ConfigError(f"{key}: cannot listen on {address}: it is taken, or not an address of this machine")
