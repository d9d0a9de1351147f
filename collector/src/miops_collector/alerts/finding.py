"""What one rule says about one series in one window: the only thing the life of an alarm depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import ModelKey
from miops_collector.window import Window

__all__ = ["INDEPENDENT", "Finding", "Severity"]

Severity: TypeAlias = Literal["warning", "critical"]
INDEPENDENT: Final = 1.0
"""Dispersion in the evidence of tests that take rows as independent."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict with all that an alarm has to say; fields as in :class:`~miops_collector.report.Alert`.

    Attributes
    ----------
    verdict
        ``breach`` opens an alarm and keeps it, ``hold`` keeps an open one, ``quiet`` counts towards closing it,
        ``unknown`` (too little data) does nothing.
    support
        Rows behind the verdict where they decide its power, else 1: a quiet window that could not have seen what
        raised the alarm counts only in part.
    """

    rule: str
    metric: str
    model: ModelKey
    window: Window
    verdict: Verdict
    value: float
    threshold: float
    severity: Severity
    lifecycle: Lifecycle
    column: str = ""
    segment: str = ""
    sensitive_feature: str = ""
    group: str = ""
    support: float = 1.0
    what: str = ""
    evidence: Mapping[str, float | str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The series of the rule: the identity of its alert."""
        return (
            self.rule, self.model.name, self.model.version, self.metric, self.column, self.segment,
            self.sensitive_feature, self.group, self.window.label,
        )  # fmt: skip
