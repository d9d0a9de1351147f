"""Plain HTTP to a collector: status, type and body of whatever it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, body: object = None, *, kind: str = "application/json", **headers: str) -> Answer:
    """GET, or POST if there is a body: bytes as they are, anything else as JSON.

    Raises
    ------
    OSError
        If nobody answers.
    """
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    given = {"content-type": kind} if body is not None else {}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urlopen(Request(url, content, given), timeout=60) as answer:
            return Answer(answer.status, answer.headers.get("content-type", ""), answer.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers.get("content-type", ""), error.read())
