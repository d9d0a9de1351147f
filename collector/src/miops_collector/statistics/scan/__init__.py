"""The default drift alarm as pure mathematics: one calibrated verdict per column and tick, from binned counts only."""

from __future__ import annotations

from miops_collector.statistics.scan.dispersion import Dispersion
from miops_collector.statistics.scan.evidence import ColumnEvidence, Statistic
from miops_collector.statistics.scan.history import History
from miops_collector.statistics.scan.scan import RATES, Scan
from miops_collector.statistics.scan.settings import LOOK_BACKS, ScanSettings

__all__ = ["LOOK_BACKS", "RATES", "ColumnEvidence", "Dispersion", "History", "Scan", "ScanSettings", "Statistic"]
