"""From rows to what they add to panes: pure, without a loop over rows in Python."""

from __future__ import annotations

from miops_collector.binning.delta import PaneDelta
from miops_collector.binning.failures import summarise_failures
from miops_collector.binning.into_panes import summarise, summarise_duplicates, summarise_truth
from miops_collector.binning.numeric import NumericBins

__all__ = ["NumericBins", "PaneDelta", "summarise", "summarise_duplicates", "summarise_failures", "summarise_truth"]
