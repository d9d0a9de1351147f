from __future__ import annotations

import asyncio
import gzip
import threading

import pytest
from starlette.requests import Request

from miops_collector.receivers._body import Bodies
from miops_collector.receivers._inflate import AT_ONCE, INLINE
from miops_collector.receiving import Receiving

LIMIT = 1024 * 1024
SMALL = b"{}"
LARGE = b"0" * (INLINE + 1)


class Converting:
    """Counts how many are converted at once; each waits until all that may be there are."""

    def __init__(self, expected: int) -> None:
        self._lock = threading.Lock()
        self._together = threading.Barrier(expected)
        self.now = self.most = 0

    def __call__(self, body: bytes) -> bytes:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self._together.wait(30)
        with self._lock:
            self.now -= 1
        return body


def request(body: bytes, encoding: str) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": [(b"content-encoding", encoding.encode())]}, receive)


@pytest.mark.parametrize(
    ("body", "encoding", "at_once"),
    [(LARGE, "identity", AT_ONCE), (gzip.compress(LARGE), "gzip", AT_ONCE), (SMALL, "identity", 4)],
)
def test_bodies_that_may_become_large_are_unpacked_a_few_at_a_time(body: bytes, encoding: str, at_once: int) -> None:
    converting = Converting(at_once)

    async def all_of_them() -> list[bytes]:
        bodies = Bodies(LIMIT, Receiving(8 * LIMIT))
        return await asyncio.gather(*(bodies.read(request(body, encoding), converting) for _ in range(4)))

    assert asyncio.run(all_of_them()) == [LARGE if body != SMALL else SMALL] * 4
    assert converting.most == at_once
