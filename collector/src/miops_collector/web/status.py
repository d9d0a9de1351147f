"""One word for a model: the worst of its alarms and of its newest observations."""

from __future__ import annotations

from miops_collector.report import Alert, ModelKey, Report, Status

__all__ = ["firing", "status_of"]

_WORST_FIRST: tuple[Status, ...] = ("alert", "warning", "ok", "insufficient_data")


def firing(report: Report, model: ModelKey) -> list[Alert]:
    """Firing alarms of a model in the order of the report: the one to look at first in front."""
    return [a for a in report.alerts if a.model == model and a.state == "firing"]


def status_of(report: Report, model: ModelKey) -> Status | None:
    """``alert`` while an alarm fires, ``warning`` while one is pending, else what its observations say.

    ``insufficient_data`` only when nothing could be computed; ``None`` when the model was not evaluated yet.
    """
    found = {_of_alarm(a) for a in report.alerts if a.model == model and a.state in {"firing", "pending"}}
    found |= {o.status for o in report.observations if o.model == model}
    return next((status for status in _WORST_FIRST if status in found), None)


def _of_alarm(alert: Alert) -> Status:
    return "alert" if alert.state == "firing" and alert.severity == "critical" else "warning"
