"""Which model needs a look, and why."""

from __future__ import annotations

from typing import Any

from dashboards.builder import Panel, Query, Row, link
from dashboards.names import by, columns, legend, metric, selector
from miops import semconv

__all__ = ["STATUS"]

_STATE = metric(semconv.METRIC_ALERT_STATE) + selector("model", "version")
_SEEN = metric(semconv.METRIC_WINDOW_ROWS) + selector("model", "version")
_MODEL = by("model", "version")


def _words(words: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Words and colours instead of numbers."""
    options = {k: {"text": text, "color": color, "index": int(k)} for k, (text, color) in words.items()}
    return {
        "thresholds": {"mode": "absolute", "steps": [{"color": "text", "value": None}]},
        "mappings": [{"type": "value", "options": options}],
    }


_AS_WORDS: dict[str, Any] = {
    "custom": {"cellOptions": {"type": "color-text"}},
    **_words({"0": ("quiet", "green"), "1": ("pending", "orange"), "2": ("firing", "red")}),
}
_PAGE = "${console:raw}/model?name=${__data.fields.model:percentencode}&version=${__data.fields.version:percentencode}"
_IN_CONSOLE: dict[str, Any] = {"links": [link("Open in the console", _PAGE)]}
_RED_FROM_ONE: dict[str, Any] = {
    "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 1}]}
}
_VERDICTS = (
    (semconv.METRIC_VERDICT_PREDICTION_DRIFT, "prediction drift"),
    (semconv.METRIC_VERDICT_COVARIATE_DRIFT, "covariate drift"),
    (semconv.METRIC_VERDICT_CONCEPT_DRIFT, "concept drift"),
)
_FOUND = _words({"0": ("not found", "green"), "1": ("suspected", "orange"), "2": ("found", "red")})


def _verdict(name: str, words: str) -> Query:
    newest = metric(name) + selector("model", "version", "window")
    return Query(f"max by ({_MODEL}) ({newest})", f"{legend('model', 'version')} {words}")


STATUS = Row(
    "Status",
    (
        Panel(
            "Models",
            "The worst alarm of every model version. Quiet: windows are evaluated and no alarm is open.",
            "table",
            (Query(f"max by ({_MODEL}) ({_STATE}) or max by ({_MODEL}) (0 * {_SEEN})", instant=True),),
            width=9,
            defaults=_AS_WORDS | _IN_CONSOLE,
            columns=columns("model", "version", value="worst alarm"),
        ),
        Panel(
            "Alarms",
            "Open alarms and those resolved lately. Each links to the console, which has a sentence, the columns to "
            "look at, and predictions that show it, with their traces.",
            "table",
            (Query(f"sort_desc({_STATE})", instant=True),),
            width=12,
            defaults=_AS_WORDS | _IN_CONSOLE,
            columns=columns("model", "version", "severity", "rule", "column", "feature", "group", value="state"),
        ),
        Panel(
            "Firing",
            "Alarms that fire now.",
            "stat",
            (Query(f"count({_STATE} == 2) or vector(0)"),),
            width=3,
            defaults=_RED_FROM_ONE,
        ),
        Panel(
            "What changed",
            "Verdicts on the newest windows. Prediction drift: what the model says is spread otherwise. Covariate "
            "drift: what it is asked. Concept drift: the same scores no longer mean the same.",
            "stat",
            tuple(_verdict(name, words) for name, words in _VERDICTS),
            width=16,
            height=6,
            defaults=_FOUND,
        ),
        Panel(
            "Alarms have learned",
            "How much of the history is there that tells how windows differ when nothing is wrong. Below 100 % drift "
            "shows as a warning, and only missing, out-of-range and unseen values raise a drift alarm.",
            "bargauge",
            (
                Query(
                    metric(semconv.METRIC_ALERT_LEARNED_SHARE) + selector("model", "version"),
                    legend("model", "version"),
                ),
            ),
            unit="percentunit",
            height=6,
            defaults={"max": 1},
        ),
    ),
)
