"""What other tools mean by the names of our drift statistics, so that a team that moves keeps its numbers.

A definition chooses edges, smoothing, the logarithm, tests and thresholds. Its own edges are added to ours when the
reference is frozen; where a number needs only those it is the tool's, digit for digit. Where a tool's edges depend on
the window (Evidently, Azure: equal widths over the pooled range) they are frozen for windows inside the range of the
reference; beyond it counts are interpolated inside our bins, and at every inner edge the share of rows below it is off
by at most the share of the one bin that the edge cuts (1/128 of the reference's rows, or less).
"""

from __future__ import annotations

from miops_collector.statistics.definitions._definition import Definition, Measured, Sample
from miops_collector.statistics.definitions.azure import AZURE
from miops_collector.statistics.definitions.evidently import EVIDENTLY
from miops_collector.statistics.definitions.nannyml import NANNYML

__all__ = ["DEFINITIONS", "Definition", "Measured", "Sample"]

DEFINITIONS = {d.name: d for d in (AZURE, EVIDENTLY, NANNYML)}
"""By the name in the configuration; ``miops``, our own, is not one of them."""
