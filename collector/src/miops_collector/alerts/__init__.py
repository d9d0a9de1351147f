"""Alarms: what rules find in a window, and the book in which findings become alerts that open, stay and close. Pure.

::

    evidence of the scan ─ drift_findings ─┐
    observations ─ performance_findings ───┤
                 ─ estimate_findings ──────┤
                 ─ quality_findings ───────┼─▶ findings ─ advance(book, …) ─▶ book.alerts ─ ranked, blamed
                 ─ rule_findings(rules) ───┘           └─ Judge.of ─▶ judged observations ─ verdicts
"""

from __future__ import annotations

from miops_collector.alerts.blame import blamed, ranked
from miops_collector.alerts.book import ACCEPTED, Book, advance, closed
from miops_collector.alerts.budget import SHARES, Budget, evaluations_per_month
from miops_collector.alerts.drift import DRIFT, DRIFT_P_VALUE, drift_findings
from miops_collector.alerts.estimate import ESTIMATE, estimate_findings
from miops_collector.alerts.finding import Finding
from miops_collector.alerts.four_fifths import FOUR_FIFTHS, four_fifths_findings
from miops_collector.alerts.judge import Judge
from miops_collector.alerts.lifecycle import Lifecycle
from miops_collector.alerts.loss import loss_finding
from miops_collector.alerts.performance import PERFORMANCE, ROC_AUC, performance_findings
from miops_collector.alerts.quality import QUALITY, quality_findings
from miops_collector.alerts.rule import MATCHED, Rule, rule_findings
from miops_collector.alerts.silence import SILENCE, silence_finding, usual_silence
from miops_collector.alerts.verdict import VERDICTS, verdicts

__all__ = [
    "ACCEPTED",
    "DEFAULT_RULES",
    "DRIFT",
    "DRIFT_P_VALUE",
    "ESTIMATE",
    "FOUR_FIFTHS",
    "MATCHED",
    "QUALITY",
    "ROC_AUC",
    "SHARES",
    "SILENCE",
    "VERDICTS",
    "Book",
    "Budget",
    "Finding",
    "Judge",
    "Lifecycle",
    "Rule",
    "advance",
    "blamed",
    "closed",
    "drift_findings",
    "estimate_findings",
    "evaluations_per_month",
    "four_fifths_findings",
    "loss_finding",
    "performance_findings",
    "quality_findings",
    "ranked",
    "rule_findings",
    "silence_finding",
    "usual_silence",
    "verdicts",
]

DEFAULT_RULES = (DRIFT, ESTIMATE, PERFORMANCE, QUALITY, SILENCE, FOUR_FIFTHS)
"""Names that rules of the user's own cannot have."""
