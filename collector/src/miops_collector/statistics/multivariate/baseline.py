"""What a sample of the reference says about all columns together, worked out once for every window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from miops_collector.columns import Column, FloatArray
from miops_collector.statistics.multivariate.encoding import Encoding, encoding_of
from miops_collector.statistics.multivariate.reconstruction_error import (
    Reconstruction,
    reconstruction_error,
    reconstruction_of,
)

__all__ = ["Baseline", "baseline_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """``rows (m, d)`` of the reference in its own encoding, the plane they nearly lie in, and how far off is usual.

    The plane is that of every second row, and ``usual`` with its standard error ``usual_error`` is the mean distance of
    the others: rows lie nearer to a plane that was fitted to them than new ones do, and a window would always look
    farther off than the reference.
    """

    encoding: Encoding
    rows: FloatArray
    plane: Reconstruction
    usual: float
    usual_error: float


def baseline_of(reference: Mapping[str, Column]) -> Baseline | None:
    """``None`` where fewer than two columns vary, or there are fewer than four rows: then nothing hangs together."""
    encoding = encoding_of(reference)
    rows = encoding.matrix(reference)
    if len(encoding.names) < 2 or len(rows) < 4:
        return None
    plane = reconstruction_of(rows[::2])
    usual, error = reconstruction_error(plane, rows[1::2])
    return Baseline(encoding, rows, plane, usual, error)
