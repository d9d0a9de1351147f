"""Alarms of one model version for its page: where it starts, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from miops_collector.alerts import blamed
from miops_collector.report import Alert, AlertState, ModelKey, Report
from miops_collector.web.format import name_text, number_text
from miops_collector.web.segment_table import blamed_segments

__all__ = ["AlarmCard", "alarm_cards"]


MEANING: Final[Mapping[str, str]] = {
    "breach": "raises it again",
    "hold": "keeps it open, would not raise it",
    "quiet": "counts towards closing it",
}


@dataclass(frozen=True, slots=True)
class AlarmCard:
    """One alarm with the sentence for a person and what is to blame.

    Attributes
    ----------
    blamed
        Columns, then segments.
    follows
        Other columns are to blame, and each has an alarm of its own.
    now
        What the newest window says, where it is not the one that raised the alarm last.
    """

    alert: Alert
    sentence: str
    blamed: tuple[str, ...]
    follows: bool
    evidence: tuple[tuple[str, str], ...]
    now: str = ""


def alarm_cards(report: Report, model: ModelKey, *states: AlertState) -> tuple[AlarmCard, ...]:
    """In the order of the report: the one to look at first in front."""
    of_model = [a for a in report.alerts if a.model == model]
    return tuple(_card(a, blamed(a, of_model), report) for state in states for a in of_model if a.state == state)


def _card(a: Alert, columns: tuple[str, ...], report: Report) -> AlarmCard:
    return AlarmCard(
        alert=a,
        sentence=a.what or _sentence(a),
        blamed=(*columns, *blamed_segments(a, report.observations)),
        follows=bool(columns) and columns != (a.column,),
        evidence=_evidence(a.evidence),
        now=_now(a),
    )


def _now(a: Alert) -> str:
    if a.latest is None or a.latest.window == a.window:
        return ""
    told = f"{number_text(a.latest.value)}; the threshold is {number_text(a.latest.threshold)}"
    return f"{a.latest.what or told} ({MEANING.get(a.latest.verdict, a.latest.verdict)})"


def _sentence(a: Alert) -> str:
    where = f" of {a.column}" if a.column else f" of {a.group or a.sensitive_feature}" if a.sensitive_feature else ""
    name = name_text(a.metric.rpartition(".")[2])
    return f"{name}{where} is {number_text(a.value)}; the threshold is {number_text(a.threshold)}"


def _evidence(evidence: Mapping[str, float | str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", " "), value if isinstance(value, str) else number_text(value))
        for name, value in evidence.items()
    )
