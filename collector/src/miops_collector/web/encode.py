"""Reports as JSON: the fields of docs/api.md, times in ISO 8601 UTC, an undefined number as null with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from miops_collector.accepting import SMALL
from miops_collector.report import AlarmPlan, Alert, Latest, ModelKey, Observation, Status
from miops_collector.stores._store import ModelInfo, StoredReference

__all__ = ["alarm_json", "iso", "model_json", "number", "observation_json"]

_NANOS = 1_000_000_000


def iso(nanos: int) -> str | None:
    """Nanoseconds since 1970 as ISO 8601 with as many digits as needed; ``None`` for 0, which means never.

    Examples
    --------
    >>> iso(1_451_606_400_000_000_000)
    '2016-01-01T00:00:00Z'
    >>> iso(1_451_606_400_250_000_000)
    '2016-01-01T00:00:00.25Z'
    """
    seconds, rest = divmod(nanos, _NANOS)
    if nanos == 0:
        return None
    text = datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{text}{fraction}Z"


def number(value: float) -> float | int | None:
    """JSON has neither nan nor infinities; whole numbers lose their ``.0``."""
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def observation_json(o: Observation) -> dict[str, Any]:
    """One observation as in ``GET /api/v1/observations``."""
    return {
        "metric": o.metric,
        "model": o.model.name,
        "version": o.model.version,
        "column": o.column or None,
        "segment": o.segment or None,
        "sensitive_feature": o.sensitive_feature or None,
        "group": o.group or None,
        "window": o.window.label,
        "window_start": iso(o.window.start),
        "window_end": iso(o.window.end),
        "computed_at": iso(o.computed_at),
        "value": _finite(o.value),
        "reference": _finite(o.reference),
        "n": number(o.n),
        "n_reference": number(o.n_reference),
        "p_value": _finite(o.p_value),
        "standard_error": _finite(o.standard_error),
        "low": _finite(o.low),
        "high": _finite(o.high),
        "definition": o.definition or None,
        "status": o.status,
        "complete": o.complete,
        "reason": _reason(o),
    }


def alarm_json(
    a: Alert, columns: Sequence[str] = (), segments: Sequence[str] = (), contributions: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """One alarm as in ``GET /api/v1/alarms``, with the columns and segments that are to blame, the likeliest first."""
    return {
        "rule": a.rule,
        "metric": a.metric,
        "model": a.model.name,
        "version": a.model.version,
        "column": a.column or None,
        "segment": a.segment or None,
        "sensitive_feature": a.sensitive_feature or None,
        "group": a.group or None,
        "state": a.state,
        "since": iso(a.since),
        "until": iso(a.until),
        "value": _finite(a.value),
        "threshold": _finite(a.threshold),
        "severity": a.severity,
        "what": a.what or None,
        "evidence": {k: _plain(v) for k, v in a.evidence.items()},
        "window": a.window.label,
        "window_start": iso(a.window.start),
        "window_end": iso(a.window.end),
        "latest": None if a.latest is None else _latest(a.latest),
        "causes": {"columns": list(columns), "segments": list(segments), "contributions": list(contributions)},
        "examples": list(a.examples),
        "traces": [trace or None for trace in a.traces],
    }


def _latest(latest: Latest) -> dict[str, Any]:
    return {
        "verdict": latest.verdict,
        "value": _finite(latest.value),
        "threshold": _finite(latest.threshold),
        "what": latest.what or None,
        "window_start": iso(latest.window.start),
        "window_end": iso(latest.window.end),
        "evidence": {k: _plain(v) for k, v in latest.evidence.items()},
    }


def model_json(
    info: ModelInfo, reference: tuple[ModelKey, StoredReference] | None, status: Status | None, plan: AlarmPlan | None
) -> dict[str, Any]:
    """One model version as in ``GET /api/v1/models``; ``status`` is null until its first evaluation.

    ``reference`` is what serves it, and of which version that is: null of every version.

    ``alarms`` is what its default alarms may spend and have learned; null until then, and where they are switched off.
    """
    return {
        "name": info.key.name,
        "version": info.key.version,
        "task": info.task or None,
        "framework": info.framework or None,
        "role": info.role,
        "classes": list(info.classes),
        "positive_class": info.positive_class or None,
        "sensitive_features": list(info.sensitive),
        "columns": dict(info.columns),
        "first_seen": iso(info.first_seen),
        "last_seen": iso(info.last_seen),
        "rows": info.rows,
        "labelled": info.labelled,
        "reference": None if reference is None else _reference(*reference),
        "status": status,
        "alarms": None if plan is None else _plan(plan),
    }


def _plan(plan: AlarmPlan) -> Mapping[str, Any]:
    return {
        "budget_per_month": plan.per_month,
        "shares": dict(plan.shares),
        "versions": plan.versions,
        "window": plan.window,
        "windows_learned": plan.learned,
        "windows_to_learn": plan.to_learn,
        "dispersion": {name: {str(k): v for k, v in of.items()} for name, of in plan.dispersion.items()},
        "unwatched": dict(plan.unwatched),
    }


def _reference(owner: ModelKey, reference: StoredReference) -> Mapping[str, Any]:
    """One of few rows says what that means: small drift stays unseen, however many rows the windows have."""
    small = f"{reference.rows} rows hide drift under 0.2 σ; better {SMALL}" if reference.rows < SMALL else ""
    told = {
        "version": owner.version or None,
        "origin": reference.origin,
        "rows": reference.rows,
        "created_at": iso(reference.created_at),
    }
    return {**told, **({"warning": small} if small else {})}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(value: float | str) -> float | str | None:
    return value if isinstance(value, str) else _finite(value)


def _reason(o: Observation) -> str | None:
    if o.reason or math.isfinite(o.value):
        return o.reason or None
    return "undefined" if math.isnan(o.value) else "infinite"
