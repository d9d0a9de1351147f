"""Reused memory for copies of large inputs: a fresh megabyte costs more in page faults than its copy."""

from __future__ import annotations

from collections import deque

__all__ = ["BlockPool"]


class BlockPool:
    """Blocks of bytes that are taken by callers and given back by the flush.

    Blocks have sizes that are powers of two, so that batches of about the same size share them. At most
    ``limit`` bytes lie idle; a block beyond that is left to the garbage collector.
    """

    __slots__ = ("_idle", "_idle_bytes", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._idle: dict[int, deque[bytearray]] = {}
        self._idle_bytes = 0

    def take(self, size: int) -> memoryview | None:
        """``size`` bytes, or ``None`` if that is more than the pool may ever hold."""
        if size > self.limit:
            return None
        capacity = 1 << (size - 1).bit_length()
        try:
            block = self._idle[capacity].pop()
            self._idle_bytes -= capacity
        except (KeyError, IndexError):
            block = bytearray(capacity)
        return memoryview(block)[:size]

    def give(self, view: memoryview) -> None:
        """Return what :meth:`take` gave; nobody may look at it any more."""
        block = view.obj
        if not isinstance(block, bytearray) or self._idle_bytes + len(block) > self.limit // 4:
            return
        try:
            view.release()
        except BufferError:  # somebody does look at it; then it is theirs
            return
        self._idle.setdefault(len(block), deque()).append(block)
        self._idle_bytes += len(block)
