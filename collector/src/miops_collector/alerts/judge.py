"""The status of an observation in the light of what the rules said about its window, or say about its series now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from miops_collector.alerts.drift import DRIFT_P_VALUE
from miops_collector.alerts.finding import Finding
from miops_collector.report import Alert, ModelKey, Observation, Status
from miops_collector.window import Window

__all__ = ["Judge"]

DRIFT_FAMILY: Final = DRIFT_P_VALUE.rpartition(".")[0] + "."
RANK: Final[Mapping[Status, int]] = {"insufficient_data": 0, "ok": 0, "warning": 1, "alert": 2}


@dataclass(frozen=True, slots=True)
class Judge:
    """Worst status by series and window, or by series and length of the window alone.

    A column's drift statistics all have the status that the scan gave the column: none of them has a threshold of its
    own. Everything else has the status of the rules about exactly that series. Too little data stays too little data.
    """

    found: Mapping[tuple[object, ...], Status]
    by_length: bool = False

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Judge:
        found: dict[tuple[object, ...], Status] = {}
        for f in findings:
            key = _key(f.metric, f.model, f.window, f.column, f.segment, f.sensitive_feature, f.group)
            found[key] = max(found.get(key, "ok"), _status(f), key=RANK.__getitem__)
        return cls(found)

    @classmethod
    def of_alerts(cls, alerts: Iterable[Alert]) -> Judge:
        """From open alarms: for windows that rules do not judge, because they are not complete."""
        found: dict[tuple[object, ...], Status] = {}
        for a in alerts:
            key = _key(a.metric, a.model, a.window.length, a.column, a.segment, a.sensitive_feature, a.group)
            found[key] = max(found.get(key, "ok"), _status_of(a), key=RANK.__getitem__)
        return cls(found, by_length=True)

    def judged(self, observation: Observation) -> Observation:
        """The observation with the status that follows from the findings."""
        o = observation
        window = o.window.length if self.by_length else o.window
        status = self.found.get(
            _key(o.metric, o.model, window, o.column, o.segment, o.sensitive_feature, o.group), "ok"
        )
        if o.status == "insufficient_data" or RANK[status] <= RANK[o.status]:
            return o
        return replace(o, status=status)


def _key(metric: str, model: ModelKey, window: Window | int, *series: str) -> tuple[object, ...]:
    family = DRIFT_FAMILY if metric.startswith(DRIFT_FAMILY) else metric
    return (family, model, window, *series)


def _status(finding: Finding) -> Status:
    if finding.verdict == "breach":
        return "alert" if finding.severity == "critical" else "warning"
    return "warning" if finding.verdict == "hold" else "ok"


def _status_of(alert: Alert) -> Status:
    if alert.state not in ("firing", "pending"):
        return "ok"
    return "alert" if alert.state == "firing" and alert.severity == "critical" else "warning"
