"""What is kept of the rows of a window: frozen, mergeable sufficient statistics; the only input of statistics.

Every summary is a frozen set of arrays whose ``+`` is a commutative monoid: every array is a sum of row weights or of
weighted row values (the extremes of ``Moments`` apart). Row weights are 1 unless rows were sampled.
"""

from __future__ import annotations

from miops_collector.summary._additive import FloatArray, IntArray
from miops_collector.summary.attempts import Attempts
from miops_collector.summary.confidence import Confidence
from miops_collector.summary.confusion import Confusion
from miops_collector.summary.distribution import FAULT, MISSING, Distribution, Frequencies, Histogram
from miops_collector.summary.groups import (
    LIST_BUCKETS,
    GroupClasses,
    GroupClassScores,
    GroupExposures,
    GroupLosses,
    GroupMerits,
    GroupPredictions,
    GroupResiduals,
    Groups,
    GroupScores,
)
from miops_collector.summary.latency import LATENCY_BUCKETS, LATENCY_GAMMA, LATENCY_LOWEST_SECONDS, Latency
from miops_collector.summary.losses import Losses
from miops_collector.summary.moments import Moments
from miops_collector.summary.residuals import ErrorProfile, ErrorSum, Residuals, error_terms
from miops_collector.summary.scores import ClassScores, ScoreHistogram
from miops_collector.summary.segments import Segments
from miops_collector.summary.volume import Volume

__all__ = [
    "FAULT",
    "LATENCY_BUCKETS",
    "LATENCY_GAMMA",
    "LATENCY_LOWEST_SECONDS",
    "LIST_BUCKETS",
    "MISSING",
    "Attempts",
    "ClassScores",
    "Confidence",
    "Confusion",
    "Distribution",
    "ErrorProfile",
    "ErrorSum",
    "FloatArray",
    "Frequencies",
    "GroupClassScores",
    "GroupClasses",
    "GroupExposures",
    "GroupLosses",
    "GroupMerits",
    "GroupPredictions",
    "GroupResiduals",
    "GroupScores",
    "Groups",
    "Histogram",
    "IntArray",
    "Latency",
    "Losses",
    "Moments",
    "Residuals",
    "ScoreHistogram",
    "Segments",
    "Volume",
    "error_terms",
]
