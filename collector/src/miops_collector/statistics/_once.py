"""Numbers that several statistics need of one summary are computed once and kept with the summary."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

__all__ = ["once"]

_T = TypeVar("_T")


def once(function: Callable[..., _T], summary: Any, *more: Hashable) -> _T:
    """``function(summary, *more)``, remembered as long as the summary, whose numbers may not change any more.

    A window's summaries live as long as its evaluation, those of a reference as long as the model is compared with it.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> def doubled(summary):
    ...     print("computed")
    ...     return 2 * summary.rows
    >>> one = SimpleNamespace(rows=3)
    >>> once(doubled, one) + once(doubled, one)
    computed
    12
    """
    kept: dict[Any, Any] = vars(summary).setdefault("once", {})
    key = (function, *more)
    if key not in kept:
        kept[key] = function(summary, *more)
    found: _T = kept[key]
    return found
