"""Processor time and memory of a process, as the kernel counts them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Memory", "cpu_seconds", "memory_watched", "resident_bytes"]

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads so far, to a hundredth of a second."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Memory:
    """Resident memory of a process over time: ``(seconds, bytes)``."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, int]] = []

    @property
    def peak(self) -> int:
        return max(size for _, size in self.samples)

    @property
    def last(self) -> int:
        return self.samples[-1][1]


@contextmanager
def memory_watched(pid: int, every: float = 0.1) -> Iterator[Memory]:
    """Sample a process until the end of the block."""
    memory, done, started = Memory(), threading.Event(), time.monotonic()

    def sample() -> None:
        memory.samples.append((time.monotonic() - started, resident_bytes(pid)))

    def watch() -> None:
        while not done.wait(every):
            sample()

    sample()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        done.set()
        thread.join()
        sample()
