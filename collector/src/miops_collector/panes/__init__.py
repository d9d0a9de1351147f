"""Panes of one model version: sums over intervals of event time, of which windows are made."""

from __future__ import annotations

from miops_collector.panes.pane_set import PaneKey, PaneSet, default_levels

__all__ = ["PaneKey", "PaneSet", "default_levels"]
