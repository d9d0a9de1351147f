"""By which names the console may be asked for: a page on the internet can point its own name at this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address

__all__ = ["Hosts", "name_of"]

_AUTHORITY = re.compile(r"(?P<name>\[[0-9a-f:.]+(%[\w.-]+)?\]|[^\[\]:@/\s]+?)\.?(:\d*)?")
_BARE = re.compile(r"[a-z0-9_-]+")
_LOCAL = ".localhost"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names that are trusted beside those nobody on the internet can point here.

    Attributes
    ----------
    own
        Names of this machine and of the address that is listened on.
    allowed
        What the user allows: names, or patterns such as ``*.example.com``.
    """

    own: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def trusts(self, authority: str) -> bool:
        """Whether a ``Host`` header names us: an address, ``localhost``, a name without a dot, our own, an allowed one.

        DNS rebinding needs a name in a domain of the attacker: neither an address nor a name without a dot, as
        services of Docker and Kubernetes have, can be one.

        Examples
        --------
        >>> hosts = Hosts(allowed=("*.example.com",))
        >>> [hosts.trusts(a) for a in ("localhost:4320", "[::1]:4320", "10.0.0.7", "collector:4320", "a.example.com")]
        [True, True, True, True, True]
        >>> [hosts.trusts(a) for a in ("evil.test:4320", "localhost.evil.test", "127.0.0.1.evil.test", "example.com")]
        [False, False, False, False]
        """
        name = name_of(authority)
        if name is None:
            return False
        return _is_address(name) or _is_local(name) or name in map(str.lower, self.own) or self.allows(name)

    def allows(self, name: str) -> bool:
        """Whether the user allows this name."""
        return any(fnmatchcase(name, pattern.lower()) for pattern in self.allowed)


def name_of(authority: str) -> str | None:
    """The name or address in ``NAME:PORT``, in small letters; ``None`` if it is no such thing."""
    found = _AUTHORITY.fullmatch(authority.strip().lower())
    return found["name"].strip("[]") if found else None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_local(name: str) -> bool:
    return name.endswith(_LOCAL) or _BARE.fullmatch(name) is not None
