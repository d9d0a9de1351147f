"""Whether the model treats groups alike where truth is not known yet: what calibrated scores say of each group.

The calibration of a group is its own, learnt from the truth of its rows in the reference: a score may mean another
chance in one group than in another, and a calibration of all rows would then see a difference between groups that is
none, or miss one that is. What is assumed besides is what
:mod:`~miops_collector.statistics.estimated_performance` assumes, of each group.
"""

from __future__ import annotations

from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups, calibrated_groups

__all__ = ["CalibratedGroups", "calibrated_groups"]
