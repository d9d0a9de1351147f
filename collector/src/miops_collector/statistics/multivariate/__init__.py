"""Drift of all columns together, from rows: what no column shows by itself. Pure functions of numpy arrays.

::

    columns of the reference ─ encoding_of ─▶ Encoding ─ matrix(columns) ─▶ (n, d) numbers of like scale
    columns of the reference ─ baseline_of ─▶ Baseline, its encoding and plane, once for every window
    matrices of reference and window ─┬─ reconstruction_error   rows leave the plane the reference lies in
                                      ├─ domain_classifier      how well the two can be told apart, and by which columns
                                      ├─ mean_discrepancy       any difference of the joint distributions
                                      └─ changed_correlations   which pairs of columns hang together otherwise

All of them need rows, not summaries: give them a sample. A few thousand rows on either side are enough, and none of
them takes longer than its sample is long.
"""

from __future__ import annotations

from miops_collector.statistics.multivariate.baseline import Baseline, baseline_of
from miops_collector.statistics.multivariate.changed_correlations import ChangedCorrelation, changed_correlations
from miops_collector.statistics.multivariate.domain_classifier import ToldApart, domain_classifier
from miops_collector.statistics.multivariate.encoding import Encoding, encoding_of
from miops_collector.statistics.multivariate.mean_discrepancy import Discrepancy, mean_discrepancy
from miops_collector.statistics.multivariate.reconstruction_error import (
    Reconstruction,
    reconstruction_error,
    reconstruction_of,
)

__all__ = [
    "Baseline",
    "ChangedCorrelation",
    "Discrepancy",
    "Encoding",
    "Reconstruction",
    "ToldApart",
    "baseline_of",
    "changed_correlations",
    "domain_classifier",
    "encoding_of",
    "mean_discrepancy",
    "reconstruction_error",
    "reconstruction_of",
]
