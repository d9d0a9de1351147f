"""Azure Machine Learning's model monitoring, by the formulas it documents: its service cannot be run here."""

from __future__ import annotations

from miops_collector.statistics.definitions._cells import counts_between, equal_widths, levels, pooled_range
from miops_collector.statistics.definitions._definition import Definition, Measured, Sample
from miops_collector.statistics.definitions._measures import (
    deviation,
    goodness_of_fit,
    jensen_shannon,
    ks_distance,
    ks_p_value,
    psi,
    wasserstein,
)
from miops_collector.statistics.definitions._pooled import frozen_edges, no_edges, sturges
from miops_collector.summary import FloatArray, Histogram

__all__ = ["AZURE"]

THRESHOLD, LEVEL = 0.5, 0.05
"""Of distances the default of its monitoring components, where its Python package has 0.1; of tests the usual level."""
SMALLEST_NORM = 0.001


def _counts(reference: Sample, current: Sample) -> tuple[FloatArray, FloatArray]:
    """Levels, or Sturges's number of bins for the smaller sample over the range of both."""
    if not isinstance(reference.distribution, Histogram):
        return levels(reference, current)
    edges = equal_widths(*pooled_range(reference, current), sturges(min(reference.n, current.n)))
    return counts_between(reference, edges), counts_between(current, edges)


def _distance(value: float) -> Measured:
    return Measured(value, drifted=value > THRESHOLD, rule=f"> {THRESHOLD}")


def _psi(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    """One row is added to every cell (Laplace)."""
    a, b = _counts(reference, current)
    return _distance(psi((a + 1) / (a.sum() + len(a)), (b + 1) / (b.sum() + len(b))))


def _jensen_shannon(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    return _distance(jensen_shannon(*_counts(reference, current), 2.0))


def _wasserstein(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    """In standard deviations of the reference, as of a sample."""
    return _distance(wasserstein(reference, current) / max(deviation(reference, lost=1), SMALLEST_NORM))


def _kolmogorov_smirnov(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    distance = ks_distance(reference, current)
    p = ks_p_value(distance, reference.n, current.n)
    return Measured(distance, p, p < LEVEL, f"p < {LEVEL}")


def _chi_square(reference: Sample, current: Sample, _: FloatArray) -> Measured:
    value, p = goodness_of_fit(*levels(reference, current))
    return Measured(value, p, p < LEVEL if p == p else None, f"p < {LEVEL}")


def _chosen(reference: Sample, _: Sample) -> str:
    return "wasserstein" if isinstance(reference.distribution, Histogram) else "jensen_shannon"


AZURE = Definition(
    name="azure",
    version="documentation",
    edges=no_edges,
    also=frozen_edges,
    numeric={
        "jensen_shannon": _jensen_shannon,
        "kolmogorov_smirnov": _kolmogorov_smirnov,
        "psi": _psi,
        "wasserstein": _wasserstein,
    },
    categorical={"chi_square": _chi_square, "jensen_shannon": _jensen_shannon, "psi": _psi},
    chosen=_chosen,
)
