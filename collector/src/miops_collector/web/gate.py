"""Who may ask the console at all: requests under a name that is not ours, or sent by pages of others, are refused."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from miops_collector.web.answer import error_answer
from miops_collector.web.hosts import Hosts, name_of

__all__ = ["Gate"]

_OPEN = frozenset({"/healthz", "/readyz"})
"""They tell nothing, and are probed under any name."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


class Gate:
    """ASGI middleware; what it refuses is answered with 403 and which setting would allow it."""

    def __init__(self, app: ASGIApp, *, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        why_not = self._why_not(scope) if scope["type"] == "http" else ""
        await (error_answer(why_not, 403) if why_not else self._app)(scope, receive, send)

    def _why_not(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host and scope["path"] not in _OPEN and not self._hosts.trusts(host):
            return f"{host[:100]!r} is not known as a name of this collector: name it in allowed_hosts"
        if scope["method"] not in _READING and not self._is_ours(headers, host):
            return f"a page of {headers.get('origin', 'another site')[:100]!r} may change nothing here"
        return ""

    def _is_ours(self, headers: Headers, host: str) -> bool:
        """Browsers say where a request comes from, and pages cannot make them lie; programs say nothing.

        The host may be another than the page's behind a proxy that does not pass it on.
        """
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None or origin is None:
            return site is None or site in _OURS
        page = _authority(origin)
        return page == host.lower() or self._hosts.allows(name_of(page) or "")


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
