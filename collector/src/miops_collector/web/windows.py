"""Windows as JSON: which there are, how many rows each holds, and how much of it has its truth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from miops_collector.report import ModelKey, Observation
from miops_collector.web.encode import iso, number
from miops_collector.window import Window

__all__ = ["windows_json"]


def windows_json(rows: Iterable[Observation], shares: Iterable[Observation]) -> list[dict[str, Any]]:
    """One entry per observation of ``miops.window.rows``, in their order."""
    share: dict[tuple[ModelKey, Window], float] = {(o.model, o.window): o.value for o in shares}
    return [
        {
            "model": o.model.name,
            "version": o.model.version,
            "window": o.window.label,
            "window_start": iso(o.window.start),
            "window_end": iso(o.window.end),
            "rows": number(o.value),
            "labelled_share": number(share.get((o.model, o.window), float("nan"))),
            "complete": o.complete,
            "computed_at": iso(o.computed_at),
        }
        for o in rows
    ]
