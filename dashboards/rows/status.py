"""Which model needs a look, and why."""

from __future__ import annotations

from typing import Any

from dashboards.builder import Panel, Query, Row
from dashboards.names import LABELS, by, metric, selector
from miops import semconv

__all__ = ["STATUS"]

_STATE = metric(semconv.METRIC_ALERT_STATE) + selector("model", "version")
_SEEN = metric(semconv.METRIC_WINDOW_ROWS) + selector("model", "version")
_MODEL = by("model", "version")
_WORDS = {"0": ("quiet", "green"), "1": ("pending", "orange"), "2": ("firing", "red")}
_AS_WORDS: dict[str, Any] = {
    "custom": {"cellOptions": {"type": "color-text"}},
    "thresholds": {"mode": "absolute", "steps": [{"color": "text", "value": None}]},
    "mappings": [
        {
            "type": "value",
            "options": {k: {"text": text, "color": color, "index": int(k)} for k, (text, color) in _WORDS.items()},
        }
    ],
}
_RED_FROM_ONE: dict[str, Any] = {
    "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 1}]}
}
STATUS = Row(
    "Status",
    (
        Panel(
            "Models",
            "The worst alarm of every model version. Quiet: windows are evaluated and no alarm is open.",
            "table",
            (Query(f"max by ({_MODEL}) ({_STATE}) or max by ({_MODEL}) (0 * {_SEEN})", instant=True),),
            width=9,
            defaults=_AS_WORDS,
            columns=(LABELS["model"], LABELS["version"], "Value"),
        ),
        Panel(
            "Alarms",
            "Open alarms and those resolved lately. The console has a sentence and examples for each.",
            "table",
            (Query(f"sort_desc({_STATE})", instant=True),),
            width=12,
            defaults=_AS_WORDS,
            columns=(*(LABELS[name] for name in ("model", "rule", "column", "feature", "group")), "Value"),
        ),
        Panel(
            "Firing",
            "Alarms that fire now.",
            "stat",
            (Query(f"count({_STATE} == 2) or vector(0)"),),
            width=3,
            defaults=_RED_FROM_ONE,
        ),
    ),
)
