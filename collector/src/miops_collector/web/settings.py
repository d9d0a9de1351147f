"""What the collector says of its own settings: never a header's value or a password in a URL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["flattened", "without_secrets"]

HIDDEN = "(hidden)"
_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@")


def without_secrets(value: Any, *, key: str = "") -> Any:
    """The same structure; values of ``headers`` are hidden, and so is who logs in to a URL.

    Examples
    --------
    >>> without_secrets({"export": {"endpoint": "https://me:pw@host/x", "headers": {"authorization": "Bearer 1"}}})
    {'export': {'endpoint': 'https://(hidden)@host/x', 'headers': {'authorization': '(hidden)'}}}
    """
    if isinstance(value, Mapping):
        return {k: HIDDEN if key == "headers" else without_secrets(v, key=k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(v) for v in value]
    return _CREDENTIALS.sub(f"{HIDDEN}@", value) if isinstance(value, str) else value


def flattened(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys with their values as text; empty ones are left out."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{key}.")
        elif value not in (None, "", [], ()):
            yield f"{prefix}{key}", _text(value)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value)
