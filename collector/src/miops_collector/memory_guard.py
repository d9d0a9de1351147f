"""How much memory the process takes, what it can give back at once, and whether it may take more."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Final

from miops_collector.episodes import Episode

__all__ = ["MemoryGuard", "give_back", "keep_pandas_out", "resident_bytes", "use_few_arenas"]

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.1
GIVE_BACK_SECONDS: Final = 1.0
"""What was given back is taken anew, page by page: at worst a tenth of a core at this pace."""
TIDY_SECONDS: Final = 60.0
"""So often it is given back even if there is enough."""
MUCH: Final = 24
TOO_MUCH: Final = 26
"""Of 32 parts of the limit."""
_ARENAS: Final = 2
_M_ARENA_MAX: Final = -8
_MADV_DONTNEED: Final = 4
_ONLY_TO_START: Final = "libllvmlite.so"
"""50 MB of a compiler that is called to load what it compiled, and then not again."""
_ON_LINUX: Final = sys.platform == "linux"


def resident_bytes() -> int:
    """Memory of this process that is in RAM, code included; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def use_few_arenas() -> None:
    """Let threads share the C library's arenas, each of which keeps what was freed in it; call it before they start."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(ctypes.c_int(_M_ARENA_MAX), ctypes.c_int(_ARENAS))


def keep_pandas_out() -> None:
    """Let Arrow do without pandas, which takes 40 MB; it would load it with the first value that it converts."""
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.scalar(value=False)  # finds none, and remembers that
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas(MetaPathFinder):
    @classmethod
    def find_spec(cls, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def give_back() -> None:
    """Return to the system what was freed but kept, and code that is hardly ever run."""
    trim, advise = _function("malloc_trim"), _function("madvise")
    if trim is not None:
        trim(ctypes.c_size_t(0))
    if advise is not None:
        for start, end in _code(_ONLY_TO_START):  # never written to, so it is read again from its file where needed
            advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), ctypes.c_int(_MADV_DONTNEED))


def _code(library: str) -> Iterator[tuple[int, int]]:
    """Where the code of a library lies."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(library):
            span, rights, *_ = line.split()
            if rights == "r-xp":
                start, end = span.split("-")
                yield int(start, 16), int(end, 16)


def _function(name: str) -> Callable[..., int] | None:
    """Of the C library, where it has it: musl and macOS do not have them all."""
    return getattr(ctypes.CDLL(None), name, None) if _ON_LINUX else None


class MemoryGuard:
    """Looks every tenth of a second whether the process keeps to its limit.

    Once a minute, and at once when much is taken, it gives back what is only kept. If too much is taken all the same it
    is :attr:`full` until less is, and requests are told to come again later; those under way need the rest.

    Parameters
    ----------
    limit
        Bytes.
    resident
        Bytes the process takes now.
    release
        Gives back what can be given back at once.
    """

    def __init__(
        self, limit: int, *, resident: Callable[[], int] = resident_bytes, release: Callable[[], None] = give_back,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.limit = limit
        self.full = False
        self._resident, self._release, self._clock = resident, release, clock
        self._released = float("-inf")
        self._filling = Episode("the memory limit is reached", "looks")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_until_stopped, name="miops-memory", daemon=True)

    @property
    def resident(self) -> int:
        """Bytes the process takes now."""
        return self._resident()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Twice is fine, before start is fine."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        """Give back if much is taken, and see whether it is still too much."""
        taken, now = self.resident, self._clock()
        much = taken > self.limit * MUCH // 32
        if now - self._released >= (GIVE_BACK_SECONDS if much else TIDY_SECONDS):
            self._released = now
            if much:
                gc.collect()  # whatever failed lies about in circles with its traceback, and all that this refers to
            self._release()
            taken = self.resident
        self.full = taken > self.limit * TOO_MUCH // 32
        if self.full:
            self._filling.happened(f"{taken >> 20} of {self.limit >> 20} MiB")
        self._filling.look()

    def _look_until_stopped(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self.look()
