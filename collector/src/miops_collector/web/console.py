"""Pages of the console."""

from __future__ import annotations

from starlette.routing import BaseRoute

from miops_collector.web.backend import Backend

__all__ = ["console_routes"]


def console_routes(backend: Backend) -> list[BaseRoute]:
    return []
