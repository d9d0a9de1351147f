"""The exceptions of the collector.

::

    MIOpsError
    ├── ConfigError           a setting is wrong: names the key, what is allowed, what was probably meant
    ├── InputError            a row, file or request is refused: says what, where and why; never retried
    │   └── TooLargeError     … because of its size
    └── UnavailableError      could not be done now; the client should retry after `retry_after_seconds`
        └── StoreError        … because the store cannot write: disk full, locked, corrupt
            └── StoreMemoryError  … because it has no memory for so much at once: less may succeed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "RETRY_SECONDS",
    "ConfigError",
    "InputError",
    "MIOpsError",
    "StoreError",
    "StoreMemoryError",
    "TooLargeError",
    "UnavailableError",
    "did_you_mean",
]


RETRY_SECONDS = 1.0
"""Most exporters give up ten seconds after they began, and wait longer each time by themselves."""


class MIOpsError(Exception):
    """Base of everything the collector raises on purpose."""


class ConfigError(MIOpsError):
    """A setting is wrong."""


class InputError(MIOpsError):
    """Input is refused for good."""


class TooLargeError(InputError):
    """Input is larger than allowed."""


class UnavailableError(MIOpsError):
    """It could not be done now; try again."""

    def __init__(self, message: str, *, retry_after_seconds: float = RETRY_SECONDS) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class StoreError(UnavailableError):
    """The store cannot write now."""


class StoreMemoryError(StoreError):
    """The store has no memory for so much at once."""


def did_you_mean(given: str, allowed: Iterable[str]) -> str:
    """A hint to append to a message, or the list of what is allowed.

    Examples
    --------
    >>> did_you_mean("pso", ["psi", "hellinger"])
    "; did you mean 'psi'?"
    >>> did_you_mean("x", ["psi", "hellinger"])
    '; allowed: hellinger, psi'
    """
    names = sorted(allowed)
    close = difflib.get_close_matches(given, names, n=1)
    allowed_ones = f"; allowed: {', '.join(names)}" if names else "; none is allowed here"
    return f"; did you mean {close[0]!r}?" if close else allowed_ones
