from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from miops_collector.connection import Connections, SaidOnce, allow_files, most_connections

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
LONG = 60.0


MUCH = 64 * 1024 * 1024


async def unread(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers without reading the body."""
    body = b"ok" if scope["path"] == "/" else bytes(MUCH)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    for at in range(0, len(body), 100_000):
        await send({"type": "http.response.body", "body": body[at : at + 100_000], "more_body": True})
    await send({"type": "http.response.body"})


@contextmanager
def serving(connections: Connections, app: ASGIApp = unread) -> Iterator[tuple[str, int]]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, http=connections.protocol, log_level="error", lifespan="off",  # type: ignore[arg-type]
            timeout_keep_alive=60, timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[:2]
        finally:
            server.should_exit = True
            thread.join(20)


def closed(client: socket.socket) -> bool:
    """Whether the server hangs up, and says nothing before."""
    client.settimeout(LONG)
    try:
        return client.recv(1000) == b""
    except ConnectionError:
        return True


def answered(client: socket.socket, request: bytes) -> bool:
    client.settimeout(LONG)
    client.sendall(request)
    answer = b""
    while not answer.endswith(b"ok") and (more := client.recv(1000)):
        answer += more
    return answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_a_request_that_never_begins_or_ends_is_not_waited_for(said: bytes) -> None:
    with serving(Connections(10, seconds=0.3)) as address, socket.create_connection(address) as client:
        client.sendall(said)

        assert closed(client)


@pytest.mark.parametrize(("request_", "more"), [(GET, b"G"), (POST, b"x")])
def test_nor_is_the_next_or_the_rest_of_one_that_is_answered(request_: bytes, more: bytes) -> None:
    connections = Connections(10, seconds=LONG)
    with serving(connections) as address, socket.create_connection(address) as client:
        assert answered(client, GET)
        connections.seconds = 0.3
        assert answered(client, request_)
        with contextlib.suppress(ConnectionError):
            client.sendall(more)

        assert closed(client)


def test_an_answer_that_nobody_reads_is_not_kept() -> None:
    over = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await unread(scope, receive, send)
        over.set()

    with serving(Connections(10, seconds=0.3), app) as address, socket.create_connection(address) as client:
        client.sendall(GET.replace(b"/ ", b"/much ", 1))

        assert over.wait(LONG)


def test_one_too_many_is_closed_and_the_others_are_served(caplog: pytest.LogCaptureFixture) -> None:
    connections = Connections(2, seconds=LONG)
    with serving(connections) as address, ExitStack() as stack:
        first, second, third, fourth = (stack.enter_context(socket.create_connection(address)) for _ in range(4))
        assert all(closed(one) for one in (third, fourth))
        assert all(answered(one, GET) for one in (first, second))

    assert [r.message.partition(",")[0] for r in caplog.records] == ["connections are closed unheard"]


def test_the_store_keeps_most_of_the_files() -> None:
    resource = pytest.importorskip("resource")

    allow_files()

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 1 <= most_connections() <= 4096
    assert soft == resource.RLIM_INFINITY or 2 * most_connections() <= soft // 2


def test_what_clients_do_wrong_is_said_once_and_errors_always() -> None:
    once = SaidOnce()

    def passes(level: int, text: str) -> bool:
        return bool(once.filter(logging.LogRecord("uvicorn.error", level, "", 0, text, (), None)))

    assert [passes(logging.WARNING, text) for text in ("a", "a", "b")] == [True, False, True]
    assert [passes(logging.ERROR, "a") for _ in range(2)] == [True, True]
