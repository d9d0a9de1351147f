from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from miops_collector.client import Client
from miops_collector.errors import InputError, UnavailableError
from tests.collector.little_server import LittleServer, little_server

JSON = "application/json"


@pytest.fixture
def server() -> Iterator[LittleServer]:
    with little_server() as running:
        yield running


@pytest.fixture
def client(server: LittleServer) -> Iterator[Client]:
    made = Client(server.address, timeout_seconds=5)
    yield made
    made.close()


def test_what_is_not_bytes_is_posted_as_json(server: LittleServer, client: Client) -> None:
    client.post("/a", [{"x": 1}])
    client.post("/b", b"raw", {"content-type": "text/plain"})

    assert [(a.path, a.headers["content-type"]) for a in server.asked] == [("/a", JSON), ("/b", "text/plain")]
    assert (json.loads(server.asked[0].body), server.asked[1].body) == ([{"x": 1}], b"raw")


def test_a_json_answer_is_read_and_any_other_is_given_as_it_is(server: LittleServer, client: Client) -> None:
    server.answers = [(200, f"{JSON}; charset=utf-8", b'{"a": 1}'), (200, "text/plain", b"a 1")]

    assert client.get("/") == {"a": 1}
    assert client.get("/") == b"a 1"


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_the_server_refuses_is_the_input_s_fault(server: LittleServer, client: Client, status: int) -> None:
    server.answers = [(status, JSON, b'{"error": "no column truth"}')]

    with pytest.raises(InputError, match=f"POST .*/api: {status} .*no column truth"):
        client.post("/api", {})


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_go_right_later_is_not(server: LittleServer, client: Client, status: int) -> None:
    server.answers = [(status, JSON, b"later")]

    with pytest.raises(UnavailableError, match=f"{status} later"):
        client.get("/api")


def test_a_connection_that_was_closed_meanwhile_is_opened_again(server: LittleServer, client: Client) -> None:
    client.get("/")
    server.answers = [(0, "", b""), (200, JSON, b"7")]

    assert client.get("/") == 7


def test_nobody_there_is_said_with_the_address(server: LittleServer, client: Client) -> None:
    server.answers = [(0, "", b"")]

    with pytest.raises(UnavailableError, match=f"nobody answers at {server.address}"):
        client.get("/")


def test_an_address_may_be_written_as_a_url(server: LittleServer) -> None:
    client = Client(f"http://{server.address}/", timeout_seconds=5)

    assert client.get("/") == {}
    client.close()


@pytest.mark.parametrize("address", ["", "localhost", "https://localhost:4320", "localhost:port", "a/b:1", "me@here:1"])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    with pytest.raises(InputError, match="is no address: write HOST:PORT"):
        Client(address)


def test_an_error_is_what_the_collector_says_without_query_and_json(server: LittleServer) -> None:
    server.answers = [(400, "application/json", b'{"error":{"message":"truth: there is no column \'y\'"}}')]

    with Client(server.address) as client, pytest.raises(InputError) as caught:
        client.post("/api/v1/reference?model=m&truth=y", b"")

    assert str(caught.value) == f"POST {server.address}/api/v1/reference: 400 truth: there is no column 'y'"
