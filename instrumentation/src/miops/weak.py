"""What is known about live objects, by identity, without keeping them alive or asking for their hash."""

from __future__ import annotations

import weakref
from typing import Any, Generic, TypeVar

__all__ = ["WeakIdMap"]

T = TypeVar("T")


class WeakIdMap(Generic[T]):
    """Values by object identity; an entry goes when its object does.

    Estimators may define ``__eq__`` without ``__hash__``, so a ``WeakKeyDictionary`` will not do. Every
    operation is a single dict operation, hence safe between threads.
    """

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: dict[int, tuple[weakref.ref[Any], T]] = {}

    def get(self, key: object) -> T | None:
        entry = self.entries.get(id(key))
        return entry[1] if entry is not None and entry[0]() is key else None

    def set(self, key: object, value: T) -> None:
        """Keep ``value`` while ``key`` lives; objects that cannot be weakly referenced are not kept."""
        identity, entries = id(key), self.entries

        def forget(gone: weakref.ref[Any]) -> None:
            entry = entries.get(identity)
            if entry is not None and entry[0] is gone:
                del entries[identity]

        try:
            entries[identity] = (weakref.ref(key, forget), value)
        except TypeError:
            return

    def discard(self, key: object) -> None:
        self.entries.pop(id(key), None)

    def clear(self) -> None:
        self.entries.clear()
