"""Sets of 64-bit hashes in memory: whether a prediction id may be stored already, for tens of nanoseconds a row."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from miops_collector.otlp.kernel import kernel

__all__ = ["Flags", "HashSet", "Hashes", "fingerprints", "warm", "words_of"]

Hashes: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]

SMALLEST = 1 << 12
FULLEST = 0.6
"""Share of slots in use at which a table doubles: probes stay short."""
_C1, _C2, _C3 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F), np.uint64(0x9E3779B97F4A7C15)
_F1, _F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(33)


def words_of(keys: pa.Array) -> NDArray[np.uint64]:
    """``(n, 2)`` the two halves of 16-byte keys, as they lie in memory; what stands for null is undefined."""
    if len(keys) == 0:
        return np.zeros((0, 2), np.uint64)
    plain = keys.storage if isinstance(keys, pa.ExtensionArray) else keys
    halves = np.frombuffer(plain.buffers()[1], dtype=np.uint64)
    return halves.reshape(-1, 2)[plain.offset : plain.offset + len(plain)]


def fingerprints(words: NDArray[np.uint64], salt: NDArray[np.int64] | int) -> Hashes:
    """``(n,)`` hashes of 16-byte keys, different for each salt, never 0; the same in every process."""
    h = words[:, 0] * _C1 ^ np.asarray(salt, dtype=np.int64).astype(np.uint64) * _C3
    h = (h ^ (h >> _HALF)) * _F1
    h ^= words[:, 1] * _C2
    h = (h ^ (h >> _HALF)) * _F1
    h = (h ^ (h >> _HALF)) * _F2
    hashes: Hashes = np.maximum(h ^ (h >> _HALF), np.uint64(1))
    return hashes


@kernel
def _visit(slots: Hashes, hashes: Hashes, seen: Flags) -> int:
    mask = np.uint64(slots.size - 1)
    added = 0
    for i in range(hashes.size):
        h = hashes[i]
        slot = h & mask
        while slots[slot] != 0 and slots[slot] != h:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] == h:
            seen[i] = True
        else:
            slots[slot] = h
            added += 1
    return added


@kernel
def _look(slots: Hashes, hashes: Hashes, seen: Flags) -> None:
    mask = np.uint64(slots.size - 1)
    for i in range(hashes.size):
        h = hashes[i]
        slot = h & mask
        while slots[slot] != 0 and slots[slot] != h:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] == h:
            seen[i] = True


class HashSet:
    """An open-addressing table that doubles as it fills."""

    def __init__(self) -> None:
        self._slots = np.zeros(SMALLEST, np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        return self._slots.nbytes

    def add(self, hashes: Hashes) -> Flags:
        """Add all; ``(n,)`` whether each was there already or occurred before in ``hashes``."""
        self._grow_for(len(hashes))
        seen = np.zeros(len(hashes), np.bool_)
        self._count += _visit(self._slots, hashes, seen)
        return seen

    def mark(self, hashes: Hashes, seen: Flags) -> None:
        """Set ``seen`` where a hash is in the set."""
        if self._count:
            _look(self._slots, hashes, seen)

    def _grow_for(self, more: int) -> None:
        size = len(self._slots)
        while self._count + more > size * FULLEST:
            size *= 2
        if size > len(self._slots):
            old, self._slots = self._slots, np.zeros(size, np.uint64)
            held = old[old != 0]
            _visit(self._slots, held, np.zeros(len(held), np.bool_))


def warm() -> None:
    """Compile, or load what was compiled before, now rather than within the first commit."""
    hashes = HashSet()
    hashes.add(np.zeros(0, np.uint64))
    _look(np.zeros(1, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.bool_))
