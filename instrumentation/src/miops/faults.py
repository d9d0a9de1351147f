"""Faults of our own and of what we are given: counted by reason, logged once each, never raised."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from itertools import count

__all__ = ["Faults"]

_log = logging.getLogger("miops")


class Faults:
    """How often what went wrong inside the instrumentation."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: defaultdict[str, count[int]] = defaultdict(count)

    def add(self, reason: str, error: BaseException | None = None) -> None:
        """Count a fault; the first of its kind is logged."""
        if next(self._counts[reason]) == 0:
            _log.warning(
                "miops: %s%s; predictions of the program are not affected, further cases are only counted",
                reason,
                f": {type(error).__name__}: {error}" if error is not None else "",
                exc_info=error if _log.isEnabledFor(logging.DEBUG) else None,
            )

    @property
    def counts(self) -> Mapping[str, int]:
        return {reason: counter.__reduce__()[1][0] for reason, counter in list(self._counts.items())}
