"""Two models on the same rows: how often they agree, and which of them is nearer to the truth.

Every function takes arrays of pairs. They are not statistics of windows, so they are no metrics either.
"""

from __future__ import annotations

from miops_collector.statistics.paired.cohen_kappa import cohen_kappa
from miops_collector.statistics.paired.estimate import Estimate
from miops_collector.statistics.paired.mcnemar import mcnemar
from miops_collector.statistics.paired.mean_difference import mean_difference
from miops_collector.statistics.paired.share import share

__all__ = ["Estimate", "cohen_kappa", "mcnemar", "mean_difference", "share"]
