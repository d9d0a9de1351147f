from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from miops_collector.listening import bind, is_free


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listening(closing: ExitStack, host: str, port: int = 0) -> int:
    listeners = bind(host, port)
    for one in listeners:
        closing.callback(one.close)
        one.listen()
    ports = {one.getsockname()[1] for one in listeners}
    assert len(ports) == 1
    return int(ports.pop())


def test_a_name_is_listened_on_at_all_its_addresses(closing: ExitStack) -> None:
    port = listening(closing, "localhost")

    for *_, address in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM):
        with socket.create_connection(address[:2], timeout=2):
            pass


def test_an_address_of_the_newer_protocol_may_be_written_in_brackets(closing: ExitStack) -> None:
    try:
        port = listening(closing, "[::1]")
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")

    assert not is_free("[::1]", port)


def test_a_taken_port_is_an_error_and_leaves_nothing_open(closing: ExitStack) -> None:
    port = listening(closing, "127.0.0.1")

    with pytest.raises(OSError, match="in use") as caught:
        bind("localhost", port)
    assert caught.value.errno == errno.EADDRINUSE


def test_a_free_port_is_free_and_a_taken_one_is_not(closing: ExitStack) -> None:
    port = listening(closing, "127.0.0.1")
    assert not is_free("127.0.0.1", port)

    closing.close()

    assert is_free("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_an_error(host: str) -> None:
    with pytest.raises(OSError, match=r"."):
        bind(host, 0)


def test_a_protocol_that_is_missing_is_passed_over(closing: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    known = socket.getaddrinfo("127.0.0.1", 0, type=socket.SOCK_STREAM)
    elsewhere = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [*elsewhere, *known])

    port = listening(closing, "localhost")
    monkeypatch.undo()

    assert not is_free("127.0.0.1", port)
