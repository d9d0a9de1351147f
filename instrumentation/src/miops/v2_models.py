"""Models of servers of the KServe v2 protocol, as clients of ``tritonclient`` name them, and what they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from miops.models import Registration, note, registered
from miops.readings import Reading
from miops.v2_tensors import features_of, parts_of_answer
from miops.weak import WeakIdMap

__all__ = ["Remote", "read_request", "remote"]

_MOST_MODELS: Final = 1000


class Remote:
    """A model of a server, as one client names it."""

    __slots__ = ("__weakref__", "name", "said", "version")

    def __init__(self, name: str, version: str, said: Registration | None) -> None:
        self.name, self.version, self.said = name, version, said


_remotes: Final[WeakIdMap[dict[tuple[str, str], Remote]]] = WeakIdMap()


def remote(client: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, version_at: int = 2) -> Remote:
    """The same object for the same model, while the client lives and nothing else is said of it."""
    name = str(args[0] if args else kwargs.get("model_name"))
    version = str(args[version_at] if len(args) > version_at else kwargs.get("model_version", ""))
    known, said = _remotes.get(client), registered(client)
    if known is None or len(known) >= _MOST_MODELS:
        known = {}
        _remotes.set(client, known)
    found = known.get((name, version))
    if found is None or found.said is not said:
        found = known[name, version] = Remote(name, version, said)
        if said is not None:
            note(found, said)
    return found


def read_request(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
    """The input that a request holds."""
    inputs = args[1] if len(args) > 1 else kwargs.get("inputs")
    return Reading(features_of(inputs or ()), partial(parts_of_answer, model))
