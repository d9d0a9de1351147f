"""Which of a model's alarms to look at first: inputs before outputs, the strongest evidence first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from miops_collector.alerts.drift import DRIFT
from miops_collector.report import Alert, AlertState

__all__ = ["blamed", "ranked"]

STATES: Final[tuple[AlertState, ...]] = ("firing", "pending", "resolved", "inactive")
OUTPUTS: Final = ("prediction", "score")


def ranked(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Model by model: firing first; drifted inputs, then other alarms, then drifted outputs; then by evidence.

    A cause comes before its consequences: when an input and the score drift together the input is to blame, and a
    drop in performance is what it did.
    """
    return tuple(sorted(alerts, key=_order))


def blamed(alert: Alert, alerts: Iterable[Alert], *, most: int = 3) -> tuple[str, ...]:
    """Input columns of the same model version that began to drift no later than this alert, the likeliest first.

    A cause may show up to two windows later than what it did. For a drift alert of an input it is the column itself.
    """
    if _is_input_drift(alert):
        return (alert.column,)
    latest = alert.since + 2 * alert.window.length
    firing = (a for a in alerts if a.model == alert.model and a.state == "firing" and _is_input_drift(a))
    causes = [a for a in firing if a.since <= latest]
    return tuple(a.column for a in ranked(causes)[:most])


def _is_input_drift(alert: Alert) -> bool:
    return alert.rule == DRIFT and alert.evidence.get("role") not in OUTPUTS


def _order(alert: Alert) -> tuple[object, ...]:
    place = 0 if _is_input_drift(alert) else 2 if alert.rule == DRIFT else 1
    return (
        alert.model, STATES.index(alert.state), place, alert.severity == "warning",
        _number(alert, "log_p_value"), -abs(_number(alert, "effect")), alert.column, alert.rule, alert.metric,
    )  # fmt: skip


def _number(alert: Alert, name: str) -> float:
    value = alert.evidence.get(name, 0.0)
    return value if isinstance(value, float) else 0.0
