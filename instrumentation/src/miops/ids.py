"""Prediction ids: UUIDv7, from a counter and a per-process random part; text is made only when asked for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from itertools import count
from typing import Any, Final, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROW_LIMIT", "IdSpace", "PredictionIds", "given_ids", "texts"]

ROW_LIMIT: Final = 1 << 20
"""Rows of one call that ids can tell apart."""


class IdSpace:
    """The ids of one process: 22 random bits, a 32-bit call counter with a random start, 20 bits for the row.

    Two processes make the same id only if they agree on all 54 bits in the same millisecond.
    """

    __slots__ = ("_high", "_low", "calls")

    def __init__(self) -> None:
        noise = int.from_bytes(os.urandom(8), "big")
        self._high = 0x7000 | (noise & 0xFFF)
        self._low = (0b10 << 62) | (((noise >> 12) & 0x3FF) << 52)
        self.calls = count(noise >> 32)

    def next_call(self, rows: int) -> int:
        """A number for a call of this many rows; a call beyond :data:`ROW_LIMIT` takes the following numbers too."""
        call = next(self.calls)
        for _ in range(rows // ROW_LIMIT):
            next(self.calls)
        return call

    def one(self, time_ns: int, call: int, row: int) -> uuid.UUID:
        """The id of one row of a call that was made at ``time_ns``."""
        high = ((time_ns // 1_000_000) & 0xFFFF_FFFF_FFFF) << 16 | self._high
        return uuid.UUID(int=high << 64 | self._low + ((call & 0xFFFF_FFFF) << 20) + int(row))

    def many(self, times: NDArray[np.int64], calls: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The ids of rows: three ``(n,)`` arrays to ``(n, 16) uint8``."""
        ids = np.empty((len(times), 2), dtype=">u8")
        ids[:, 0] = (times // 1_000_000).astype(np.uint64) << np.uint64(16) | np.uint64(self._high)
        ids[:, 1] = (
            np.uint64(self._low) + ((calls & 0xFFFF_FFFF).astype(np.uint64) << np.uint64(20)) + rows.astype(np.uint64)
        )
        return ids.view(np.uint8).reshape(-1, 16)


def texts(ids: NDArray[np.uint8]) -> list[str]:
    """Canonical dashed text of ``(n, 16)`` ids."""
    return [str(uuid.UUID(bytes=item)) for item in ids.view("V16").ravel().tolist()]


def given_ids(given: str, rows: int) -> list[str]:
    """The ids of a call whose caller chose one: the id itself, or ``id/0``, ``id/1`` … for several rows.

    Examples
    --------
    >>> given_ids("order-7", 2)
    ['order-7/0', 'order-7/1']
    """
    return [given] if rows == 1 else list(map(f"{given}/".__add__, map(str, range(rows))))


class PredictionIds(Sequence[str]):
    """The ids of the rows of one call, in order; each is made when it is read."""

    __slots__ = ("_call", "_given", "_rows", "_space", "_time")

    def __init__(self, space: IdSpace, time_ns: int, call: int, rows: int, given: str | Sequence[str] | None) -> None:
        self._space, self._time, self._call, self._rows, self._given = space, time_ns, call, rows, given

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._rows))]
        row = range(self._rows)[index]
        if self._given is None:
            return str(self._space.one(self._time, self._call, row))
        if not isinstance(self._given, str):
            return self._given[row]
        return self._given if self._rows == 1 else f"{self._given}/{row}"

    def __str__(self) -> str:
        """The id itself where there is one row."""
        return self[0] if self._rows == 1 else repr(self)

    def __repr__(self) -> str:
        return f"PredictionIds({', '.join(self[:3])}{', …' if self._rows > 3 else ''})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and not isinstance(other, str) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))
