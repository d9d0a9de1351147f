"""Alerting rules for Prometheus, each with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dashboards.names import LABELS, by, metric, own
from miops import semconv

__all__ = ["RULES", "AlertRule", "rules_model", "runbook"]

_STATE, _ROWS_IN = metric(semconv.METRIC_ALERT_STATE), metric(semconv.METRIC_WINDOW_ROWS)
_SHARE = metric(semconv.METRIC_WINDOW_LABELLED_SHARE)
_BY_MODEL = by("model", "version")


def _firing(severity: Literal["critical", "warning"]) -> str:
    return f'{_STATE}{{{LABELS["severity"]}="{severity}"}} == 2'


def _label(name: str) -> str:
    return f"{{{{ $labels.{LABELS[name]} }}}}"


_MODEL = f"{_label('model')} {_label('version')}"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule: fires when ``expression`` has held for ``hold``."""

    name: str
    expression: str
    hold: str
    severity: Literal["critical", "warning", "info"]
    summary: str
    description: str
    runbook: str


RULES = (
    AlertRule(
        name="MIOpsModelAlarm",
        expression=_firing("critical"),
        hold="0m",
        severity="critical",
        summary=f"{_MODEL}: {_label('rule')} {_label('column')}",
        description="An alarm of the collector fires. The number of columns and windows is corrected for already.",
        runbook="Open the model in the console: the alarm says in a sentence what changed and since when, and links to "
        "predictions that show it. Look at the named column upstream first; a drop in performance and drift of the "
        "score are usually consequences. If the change is intended, register a new reference.",
    ),
    AlertRule(
        name="MIOpsModelWarning",
        expression=_firing("warning"),
        hold="0m",
        severity="warning",
        summary=f"{_MODEL}: {_label('rule')} {_label('column')}{_label('feature')}",
        description="A warning of the collector fires: a group that is selected less than four fifths as often as "
        "another, truth that is better than estimated, or a rule of your own with this severity.",
        runbook="Nobody needs to be woken. The console has the alarm in a sentence; look at it in working hours.",
    ),
    AlertRule(
        name="MIOpsModelSilent",
        expression=f"count by ({_BY_MODEL}) ({_ROWS_IN} offset 1h) unless count by ({_BY_MODEL}) ({_ROWS_IN})",
        hold="15m",
        severity="warning",
        summary=f"{_MODEL}: no window has data any more",
        description="The model was observed an hour ago and is not now.",
        runbook="See whether the model server still gets requests and whether its recorder reports drops "
        f"({semconv.METRIC_RECORDER_DROPPED}). A version that was replaced on purpose goes silent too; then the alert "
        "ends by itself.",
    ),
    AlertRule(
        name="MIOpsNoGroundTruth",
        expression=f"max by ({_BY_MODEL}) ({_SHARE}) == 0",
        hold="7d",
        severity="warning",
        summary=f"{_MODEL}: no ground truth for a week",
        description="No row of the newest windows has its truth, so performance is not known.",
        runbook="If truth takes longer than a week, raise `for`. Else see whether the job that posts it still runs "
        "and whether its ids match: truth that matches no prediction waits.",
    ),
    AlertRule(
        name="MIOpsCollectorAbsent",
        expression=f"absent({own('rows.received')})",
        hold="5m",
        severity="critical",
        summary="No MIOps collector is scraped",
        description="Prometheus sees no collector, so nothing is known of any model.",
        runbook="See whether the process runs and /readyz answers; its log says why it stopped. Model servers "
        "meanwhile keep a bounded buffer and count what they drop.",
    ),
    AlertRule(
        name="MIOpsCommitsFailing",
        expression=f"increase({own('commits.failed')}[5m]) > 0",
        hold="5m",
        severity="critical",
        summary="The collector cannot write",
        description="Commits fail; clients are told to try again, and nothing is acknowledged that is not stored.",
        runbook="Usually the disk is full or read-only: /readyz says why. Free space or move `data_dir`; clients "
        "deliver what they still hold.",
    ),
    AlertRule(
        name="MIOpsEvaluationFailing",
        expression=f"increase({own('ticks.failed')}[10m]) > 0",
        hold="10m",
        severity="warning",
        summary="The collector cannot evaluate",
        description="Evaluations end with an error: rows are stored, statistics are not renewed.",
        runbook="The log has the error. Statistics catch up by themselves when it is gone.",
    ),
    AlertRule(
        name="MIOpsRowsRefused",
        expression=f"sum by (job, instance, {by('reason')}) (increase({own('rows.refused')}[10m])) > 0",
        hold="5m",
        severity="warning",
        summary=f"Rows are refused: {_label('reason')}",
        description="A client sends rows that cannot be stored; the rest of its requests is stored.",
        runbook="The reason names what is wrong; the sender gets it with every answer (partial_success). Refused rows "
        "are in no statistic.",
    ),
    AlertRule(
        name="MIOpsRequestsRefused",
        expression=f"sum by (job, instance) (increase({own('items.refused')}[5m])) > 0",
        hold="10m",
        severity="warning",
        summary="Clients are told to come back",
        description="There is no room for what comes. Most clients send it again; some exporters drop what is refused.",
        runbook="/debug/pipelines shows what the queue waits for. Raise `otlp.max_waiting_mib` for bursts and "
        "`otlp.wait_for_room` for clients that never send again; load that stays needs a faster disk.",
    ),
    AlertRule(
        name="MIOpsQueueNearlyFull",
        expression=f"{own('queue.size')} / {own('queue.capacity')} > 0.8",
        hold="5m",
        severity="warning",
        summary="The collector falls behind",
        description="More than four fifths of the memory for waiting requests is in use; at the limit clients wait.",
        runbook="See whether commits have become slow (disk) or traffic has grown. Raise `otlp.max_waiting_mib` for "
        "bursts; load that stays needs a faster disk.",
    ),
    AlertRule(
        name="MIOpsForwardingDrops",
        expression=f"sum by (job, instance, {by('reason')}) (increase({own('forward.dropped')}[10m])) > 0",
        hold="5m",
        severity="warning",
        summary=f"Other telemetry is not forwarded: {_label('reason')}",
        description="Requests could not be passed on to the endpoint of `forward`; predictions in them are stored.",
        runbook="See whether the endpoint of `forward` answers and takes as much as comes. What was dropped is gone: "
        "only that endpoint would have kept it.",
    ),
    AlertRule(
        name="MIOpsExportFailing",
        expression=f"sum by (job, instance) (increase({own('export.failed')}[10m])) > 0",
        hold="10m",
        severity="warning",
        summary="Statistics are not delivered over OTLP",
        description="Reports are given up on: the endpoint of `export` refuses them or does not answer in time.",
        runbook="See whether the endpoint of `export` answers; /debug/pipelines counts what it took and refused. "
        "/metrics and the API have everything meanwhile.",
    ),
    AlertRule(
        name="MIOpsSeriesSuppressed",
        expression=f"{metric(semconv.METRIC_SERIES_SUPPRESSED)} > 0",
        hold="1h",
        severity="info",
        summary=f"{_MODEL}: {{{{ $value }}}} series are left out",
        description="The model has more series than its budget. The alarming and the largest are exported.",
        runbook="Everything is in the API. Raise `series_per_model` if Prometheus can take it.",
    ),
)


def rules_model() -> dict[str, Any]:
    """The content of ``rules.yml``."""
    return {"groups": [{"name": "miops", "rules": [_rule(rule) for rule in RULES]}]}


def runbook() -> str:
    """The same rules as a page: what each means and what to do."""
    parts = ["# Runbook", "<!-- Generated by `make docs` from dashboards/rules.py. -->"]
    for rule in RULES:
        condition = f"`{rule.expression}` for {rule.hold}, {rule.severity}."
        parts += [f"## {rule.name}", rule.description, condition, rule.runbook]
    return "\n\n".join(parts) + "\n"


def _rule(rule: AlertRule) -> dict[str, Any]:
    return {
        "alert": rule.name,
        "expr": rule.expression,
        "for": rule.hold,
        "labels": {"severity": rule.severity},
        "annotations": {"summary": rule.summary, "description": rule.description, "runbook": rule.runbook},
    }
