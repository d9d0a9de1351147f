from __future__ import annotations

import json
from concurrent.futures import Future

import httpx
import pytest

from miops_collector.intake import Outcome
from miops_collector.otlp.canonical import TelemetryKind
from miops_collector.receivers._cors import Cors
from miops_collector.receivers.http import http_receiver
from tests.collector.web.asgi_client import AsgiClient

SHOP = "https://shop.example.com"
CORS = Cors((SHOP, "http://localhost:*"), headers=("x-tenant",), max_age_seconds=60)


class Taking:
    """Takes everything and remembers how much."""

    def __init__(self, cors: Cors) -> None:
        self.taken = 0
        self.client = AsgiClient(http_receiver(self.submit, cors=cors))

    def submit(self, kind: TelemetryKind, payload: bytes, *, transport: str) -> Future[Outcome]:
        self.taken += 1
        done: Future[Outcome] = Future()
        done.set_result(Outcome(0, ""))
        return done

    def post(self, origin: str | None) -> httpx.Response:
        headers = {"content-type": "application/json"} | ({"origin": origin} if origin else {})
        return self.client.post("/v1/logs", content=b"{}", headers=headers)

    def ask(self, origin: str, headers: str) -> httpx.Response:
        asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": headers}
        return self.client.request("OPTIONS", "/v1/logs", headers=asked)


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://localhost:3000", SHOP])
def test_pages_send_nothing_unless_they_are_allowed(origin: str) -> None:
    receiver = Taking(Cors())

    answer = receiver.post(origin)

    assert (answer.status_code, receiver.taken) == (403, 0)
    assert json.loads(answer.content)["code"] == 7
    assert "otlp.cors.allowed_origins" in json.loads(answer.content)["message"]
    assert receiver.ask(origin, "content-type").status_code == 405


def test_programs_send_whatever_pages_may() -> None:
    receiver = Taking(Cors())

    assert (receiver.post(None).status_code, receiver.taken) == (200, 1)


@pytest.mark.parametrize("origin", [SHOP, "http://localhost:3000"])
def test_an_allowed_page_may_ask_and_send(origin: str) -> None:
    receiver = Taking(CORS)

    asked, answer = receiver.ask(origin, "content-encoding,content-type,x-tenant"), receiver.post(origin)

    assert asked.status_code == 200
    assert asked.headers["access-control-max-age"] == "60"
    assert (answer.status_code, receiver.taken) == (200, 1)
    for one in (asked, answer):
        assert one.headers["access-control-allow-origin"] == origin
        assert one.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    "origin", ["https://shop.example.com.evil.test", "http://shop.example.com", "https://xshop.example.com", "null"]
)
def test_other_pages_may_not(origin: str) -> None:
    receiver = Taking(CORS)

    asked, answer = receiver.ask(origin, "content-type"), receiver.post(origin)

    assert (asked.status_code, answer.status_code, receiver.taken) == (400, 403, 0)
    assert not any("access-control-allow-origin" in one.headers for one in (asked, answer))


def test_an_allowed_page_sends_no_header_that_is_not() -> None:
    assert Taking(CORS).ask(SHOP, "x-other").status_code == 400
