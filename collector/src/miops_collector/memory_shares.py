"""What each part of the collector may take of the memory that it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["LEAST_MIB", "MemoryShares"]

MIB: Final = 1024 * 1024
STARTED: Final = 288 * MIB
"""The process before the first row: 130 MiB of code of libraries, the rest their objects."""
LEAST_MIB: Final = 512
"""With less the shares below are too small to work with."""
BYTES_OF_FINGERPRINT: Final = 20
"""With a table that is being doubled."""
COPIES: Final = 3
"""Requests under way take so many times the bytes of a group beside themselves: twice that of the one which is decoded
(joined, then as arrays), as much again of the one which is written meanwhile."""
LARGEST_GROUP: Final = 32 * MIB


@dataclass(frozen=True, slots=True)
class MemoryShares:
    """Parts of ``limit`` bytes; what the process takes before the first row is not to be had.

    They are kept by whom they are given to, so that the sum is; what else libraries take is the quarter that is left
    over, and :class:`~miops_collector.memory_guard.MemoryGuard` sees to it when that is too little.
    """

    limit: int

    @property
    def database(self) -> int:
        """Buffers of DuckDB, for both files: 245 MiB were too few for 5,000 columns."""
        return self._part(18)

    @property
    def prediction_ids(self) -> int:
        """How many prediction ids are kept to recognise repeats."""
        return self._part(6) // BYTES_OF_FINGERPRINT

    @property
    def waiting(self) -> int:
        """Requests that are not committed yet."""
        return self._part(5)

    @property
    def at_the_door(self) -> int:
        """Requests that were read and found no room."""
        return self._part(1)

    @property
    def group(self) -> int:
        """Bytes of requests that are decoded and written at once."""
        return min(self._part(6) // COPIES, LARGEST_GROUP)

    def _part(self, of_48: int) -> int:
        return (self.limit - STARTED) * of_48 // 48
