"""The web application: API, console, ``/metrics`` and health, and how errors are answered."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from miops_collector.errors import RETRY_SECONDS, InputError, TooLargeError, UnavailableError
from miops_collector.web.answer import error_answer
from miops_collector.web.api import api_routes
from miops_collector.web.backend import Backend
from miops_collector.web.body import UnsupportedFormatError
from miops_collector.web.console import console_routes, error_page, wants_page
from miops_collector.web.headers import SecurityHeaders

__all__ = ["create_app"]

_STATUS: tuple[tuple[type[InputError], int], ...] = (
    (TooLargeError, 413),
    (UnsupportedFormatError, 415),
    (InputError, 400),
)


def create_app(backend: Backend) -> Starlette:
    """Everything on the web port; it reads the backend and changes nothing but through its two functions."""

    def metrics(request: Request) -> Response:
        body, content_type = backend.scrape(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    def healthy(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def ready(_: Request) -> Response:
        why_not = backend.store.ready()
        return PlainTextResponse(f"{why_not or 'ready'}\n", status_code=503 if why_not else 200)

    return Starlette(
        routes=[
            *api_routes(backend),
            *console_routes(backend),
            Route("/metrics", metrics),
            Route("/healthz", healthy),
            Route("/readyz", ready),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={InputError: _refused, UnavailableError: _try_again, HTTPException: _http_error},
    )


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
    return error_answer(error.detail, error.status_code, error.headers)
