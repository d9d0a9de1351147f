"""A small HTTP client for the console's port and the demo's model server: JSON or bytes over kept-alive connections."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection, HTTPException
from threading import local
from typing import Any, Self

from miops_collector.errors import InputError, MIOpsError, UnavailableError

__all__ = ["Client"]

JSON = "application/json"
COME_AGAIN = {408, 429}
ADDRESS = re.compile(r"(?:http://)?(?P<address>[^/@]+:\d+)/?")


class Client:
    """Speaks to ``HOST:PORT``; one connection per thread, opened again once if it was closed meanwhile.

    Raises
    ------
    InputError
        The address is none, or the answer was 4xx; the message is the server's.
    UnavailableError
        Nobody answered, or the answer was 5xx or says to come again.
    """

    def __init__(self, address: str, *, timeout_seconds: float = 60.0) -> None:
        found = ADDRESS.fullmatch(address)
        if found is None:
            msg = f"{address!r} is no address: write HOST:PORT, such as 'localhost:4320'"
            raise InputError(msg)
        self._address = found["address"]
        self._timeout = timeout_seconds
        self._local = local()

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> Any:
        """Post bytes as they are (say their type in the headers), anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._request("POST", path, content, {"content-type": JSON, **(headers or {})})

    def get(self, path: str) -> Any:
        return self._request("GET", path, None, {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this thread's connection; the next request opens another."""
        self._connection().close()

    def _request(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Any:
        try:
            status, kind, answer = self._send(method, path, content, headers)
        except (OSError, HTTPException):
            self._connection().close()
            try:
                status, kind, answer = self._send(method, path, content, headers)
            except (OSError, HTTPException) as error:
                self._connection().close()
                msg = f"nobody answers at {self._address}: {error}"
                raise UnavailableError(msg) from error
        if status >= 400:
            raise self._error(method, path, status, answer)
        return json.loads(answer) if kind.startswith(JSON) else answer

    def _send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> tuple[int, str, bytes]:
        connection = self._connection()
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        return response.status, response.headers.get("content-type", ""), response.read()

    def _error(self, method: str, path: str, status: int, answer: bytes) -> MIOpsError:
        msg = f"{method} {self._address}{path.partition('?')[0]}: {status} {_said(answer)[:2000]}"
        return UnavailableError(msg) if status >= 500 or status in COME_AGAIN else InputError(msg)

    def _connection(self) -> HTTPConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = HTTPConnection(self._address, timeout=self._timeout)
        connection: HTTPConnection = self._local.connection
        return connection


def _said(answer: bytes) -> str:
    """What the collector says of an error, without the JSON around it; of others whatever they say."""
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return answer.decode(errors="replace")
