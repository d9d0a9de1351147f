"""The web application: API, console, ``/metrics`` and health, and how errors are answered."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from miops_collector.errors import RETRY_SECONDS, InputError, TooLargeError, UnavailableError, did_you_mean
from miops_collector.web.answer import error_answer
from miops_collector.web.api import api_routes
from miops_collector.web.backend import Backend
from miops_collector.web.body import UnsupportedFormatError
from miops_collector.web.console import console_routes, error_page, wants_page
from miops_collector.web.gate import Gate
from miops_collector.web.headers import SecurityHeaders
from miops_collector.web.hosts import Hosts

__all__ = ["create_app"]

_STATUS: tuple[tuple[type[InputError], int], ...] = (
    (TooLargeError, 413),
    (UnsupportedFormatError, 415),
    (InputError, 400),
)
_WORTH_IT = 2048
"""Bytes from which an answer is compressed for those who ask: heat maps and scrapes shrink to a tenth."""
_NO_NAMES = Hosts()
_BARE = ("Not Found", "Method Not Allowed")
"""What the router says when no route fits."""


def create_app(backend: Backend, hosts: Hosts = _NO_NAMES) -> Starlette:
    """Everything on the web port; it reads the backend and changes nothing but through its two functions.

    ``hosts`` says by which names it may be asked for.
    """

    def metrics(request: Request) -> Response:
        body, content_type = backend.scrape(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    def healthy(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def ready(_: Request) -> Response:
        why_not = backend.store.ready()
        return PlainTextResponse(f"{why_not or 'ready'}\n", status_code=503 if why_not else 200)

    app = Starlette(
        routes=[
            *api_routes(backend),
            *console_routes(backend),
            Route("/metrics", metrics),
            Route("/healthz", healthy),
            Route("/readyz", ready),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Gate, hosts=hosts),
            Middleware(GZipMiddleware, minimum_size=_WORTH_IT, compresslevel=5),
        ],
        exception_handlers={InputError: _refused, UnavailableError: _try_again, HTTPException: _http_error},
    )
    app.router.redirect_slashes = False  # a redirect would go to whatever host the request names
    return app


def _refused(_: Request, error: Exception) -> Response:
    status = next(code for kind, code in _STATUS if isinstance(error, kind))
    return error_answer(str(error), status)


def _try_again(_: Request, error: Exception) -> Response:
    seconds = error.retry_after_seconds if isinstance(error, UnavailableError) else RETRY_SECONDS
    return error_answer(str(error), 503, {"retry-after": str(max(1, round(seconds)))})


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if wants_page(request):
        return error_page(error.detail, error.status_code)
    return error_answer(_said(request, error), error.status_code, error.headers)


def _said(request: Request, error: HTTPException) -> str:
    path = request.url.path
    if error.detail not in _BARE:
        return error.detail
    if error.status_code == 404:
        known = [route.path for route in request.app.routes if isinstance(route, Route) and "{" not in route.path]
        return f"there is nothing at {path[:100]!r}{did_you_mean(path[:100], known)}"
    allowed = (error.headers or {}).get("Allow", "")
    return f"{request.method} {path[:100]}: {error.detail}" + (f"; allowed: {allowed}" if allowed else "")
