from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from miops_collector.errors import TooLargeError, UnavailableError
from miops_collector.receiving import STEP, Receiving

LIMIT = 10 * STEP


def request(pieces: AsyncIterator[bytes], length: str = "") -> Request:
    async def receive() -> dict[str, Any]:
        try:
            return {"type": "http.request", "body": await anext(pieces), "more_body": True}
        except StopAsyncIteration:
            return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"content-length", length.encode())] if length else []
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


async def sent(*pieces: bytes, stop: bool = True) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if not stop:
        await asyncio.Event().wait()


async def read(receiving: Receiving, one: Request, limit: int = LIMIT) -> bytes:
    async with receiving.body(one, limit) as body:
        return body


def test_a_body_is_its_pieces_one_after_another() -> None:
    assert asyncio.run(read(Receiving(LIMIT), request(sent(b"ab", b"", b"c"), "3"))) == b"abc"


@pytest.mark.parametrize("length", ["", "-1", "²", "x"])
def test_a_body_over_the_limit_is_refused_while_it_is_read(length: str) -> None:
    with pytest.raises(TooLargeError, match="larger than 3 bytes"):
        asyncio.run(read(Receiving(LIMIT), request(sent(b"ab", b"cd", stop=False), length), 3))


@pytest.mark.parametrize("length", ["4", "9" * 5000])
def test_a_body_that_says_that_it_is_too_large_is_not_read(length: str) -> None:
    with pytest.raises(TooLargeError):
        asyncio.run(read(Receiving(LIMIT), request(sent(stop=False), length), 3))


@pytest.mark.parametrize("pieces", [(), (b"a",), (b"a" * STEP, b"b")])
def test_a_body_that_does_not_go_on_is_not_waited_for_and_counts_no_more(pieces: tuple[bytes, ...]) -> None:
    async def both() -> bytes:
        receiving = Receiving(LIMIT, seconds=0.05)
        with pytest.raises(HTTPException) as refused:
            await read(receiving, request(sent(*pieces, stop=False)))
        assert refused.value.status_code == 408
        receiving._seconds = 60.0
        return await read(receiving, request(sent(b"c" * LIMIT)))

    assert len(asyncio.run(both())) == LIMIT


class Clock(asyncio.SelectorEventLoop):
    now = 0.0

    def time(self) -> float:
        return self.now


def test_a_body_that_goes_on_may_take_longer() -> None:
    async def slowly(loop: Clock, size: int) -> AsyncIterator[bytes]:
        for _ in range(8):
            loop.now += 0.9
            await asyncio.sleep(0)
            yield b"a" * size

    async def both(loop: Clock) -> int:
        receiving = Receiving(LIMIT, seconds=1.0)
        with pytest.raises(HTTPException):
            await read(receiving, request(slowly(loop, STEP // 8)))
        return len(await read(receiving, request(slowly(loop, STEP))))

    with asyncio.Runner(loop_factory=Clock) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Clock)
        assert runner.run(both(loop)) == 8 * STEP


def test_bodies_that_are_not_complete_hold_no_more_than_allowed_together() -> None:
    async def many() -> list[bytes | BaseException]:
        receiving = Receiving(LIMIT, seconds=0.3)
        halves = [read(receiving, request(sent(b"a" * (LIMIT // 2), stop=False))) for _ in range(5)]
        return await asyncio.gather(*halves, return_exceptions=True)

    assert [type(one) for one in asyncio.run(many())] == [HTTPException] * 2 + [UnavailableError] * 3


def test_a_body_counts_for_as_long_as_it_is_worked_on() -> None:
    async def both() -> None:
        receiving = Receiving(LIMIT)
        async with receiving.body(request(sent(b"a" * LIMIT)), LIMIT):
            with pytest.raises(UnavailableError):
                await read(receiving, request(sent(b"b")))
        assert await read(receiving, request(sent(b"b"))) == b"b"

    asyncio.run(both())
