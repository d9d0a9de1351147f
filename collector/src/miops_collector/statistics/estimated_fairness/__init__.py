"""Whether the model treats groups alike where truth is not known yet: what calibrated scores say of each group.

The calibration of a group is its own, learnt from the truth of its rows in the reference: a score may mean another
chance in one group than in another, and a calibration of all rows would then see a difference between groups that is
none, or miss one that is. What is assumed besides is what
:mod:`~miops_collector.statistics.estimated_performance` assumes, of each group.

Scores are kept by group where a class is positive, and of several classes each against the rest, as long as classes
times groups are not too many. Where they are not, or there are none, it is kept how each group was decided, so only
accuracy is estimated, by how often each decision was right in that group. Of a regression the errors of a group follow
its predictions, by what all rows show of errors and predictions: how far they change with the prediction is learnt from
all groups, how large they are from each.
"""

from __future__ import annotations

from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups, calibrated_groups
from miops_collector.statistics.estimated_fairness._class_groups import ClassGroups, class_groups
from miops_collector.statistics.estimated_fairness._completed import completed as complete
from miops_collector.statistics.estimated_fairness._group_losses import (
    DecidedGroups,
    GroupErrors,
    decided_groups,
    group_errors,
)

__all__ = [
    "CalibratedGroups",
    "ClassGroups",
    "DecidedGroups",
    "GroupErrors",
    "calibrated_groups",
    "class_groups",
    "complete",
    "decided_groups",
    "group_errors",
]
