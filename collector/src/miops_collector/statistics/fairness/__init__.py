"""Whether the model treats groups of people alike: numbers per group, and the gap between the extreme groups.

Functions that return one number per group are read group by group; the others compare the groups that hold at least
``minimum_rows`` rows and for which the rate is defined. A rate that is 0/0 is ``nan`` and its group is left out.
Fairlearn takes it as 0 and keeps groups of any size: one person without a positive truth then makes the true-positive
rate of a group 0 and the gap as wide as it can be, which in short windows happens all the time. Aequitas leaves such a
rate empty too, but divides by the rate of one reference group, which may be the smallest.

Gaps of every number per group are made in ``_compared.py``.
"""

from __future__ import annotations

from miops_collector.statistics.fairness._by_group import support
from miops_collector.statistics.fairness._compared import Said
from miops_collector.statistics.fairness._compared import compared as complete
from miops_collector.statistics.fairness._lattice import adjusted, p_values
from miops_collector.statistics.fairness._least_favoured import LeastFavoured, least_favoured

__all__ = ["LeastFavoured", "Said", "adjusted", "complete", "least_favoured", "p_values", "support"]
