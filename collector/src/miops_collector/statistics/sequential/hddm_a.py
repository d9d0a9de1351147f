"""Hoeffding's drift detection method with averages: the error rate has left the bounds of its best time."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from miops_collector.binning.compiled import compiled
from miops_collector.statistics.sequential._detections import CALM, CHANGED, WARNED, Detections, detect
from miops_collector.summary import FloatArray

__all__ = ["hddm_a"]

START = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, CALM)
"""Rows and mean of all, of those until the lowest upper bound, of those until the highest lower bound; zone."""


def hddm_a(
    errors: ArrayLike,
    state: FloatArray | None = None,
    *,
    drift_confidence: float = 0.001,
    warning_confidence: float = 0.005,
    two_sided: bool = False,
) -> Detections:
    """Where the error rate of a model is above that of its best time by more than Hoeffding's inequality allows.

    ::

        z - x ≥ √( (1/m - 1/n) / 2 · ln(2 / confidence) )     z: error rate of all n rows,  x: of the first m
        m: where the upper bound x + √( ln(1 / drift_confidence) / 2 m ) was lowest

    After a change it begins anew with the next row.

    Parameters
    ----------
    errors
        ``(n,)`` 1 where the model was wrong, 0 where it was right, or any loss in [0, 1], in event time; no nan.
    state
        Of the batch before; ``None`` at the beginning of the stream.
    drift_confidence, warning_confidence
        Chance of a false alarm of one comparison.
    two_sided
        Whether a fall of the error rate is a change as well.

    Returns
    -------
    Detections
        The same positions as River 0.26.

    Notes
    -----
    Makes no assumption on the law of the losses but bounds and independence. The bound is of one comparison, not of
    the many that are made; as it is loose, false alarms are few all the same. On
    10,000 simulated independent rows with an error rate of 5, 10, 20 or 30 % that does not change it raises 0.002,
    0.03, 0.1 or 0.2; a rise from 10 to 15 % after 5,000 rows is found after 1,776 rows in the median. Prefer ``adwin``,
    which knows the variance and so is sooner.

    Examples
    --------
    >>> stream = [0, 0, 0, 0, 1] * 40 + [0, 1] * 40
    >>> first = hddm_a(stream[:150])
    >>> found = hddm_a(stream[150:], first.state)
    >>> first.changes.tolist(), (150 + found.changes).tolist()
    ([], [247])

    References
    ----------
    I. Frías-Blanco, J. del Campo-Ávila, G. Ramos-Jiménez, R. Morales-Bueno, A. Ortiz-Díaz, Y. Caballero-Mota, "Online
    and non-parametric drift detection methods based on Hoeffding's bounds", IEEE Transactions on Knowledge and Data
    Engineering 27(3), 2015, doi:10.1109/TKDE.2014.2345382.
    """
    return detect(_run, errors, state, START, drift_confidence, warning_confidence, float(two_sided))


@compiled
def _bound(rows: float, confidence: float) -> float:
    return sqrt(1.0 / (2 * rows) * log(1.0 / confidence))


@compiled
def _apart(difference: float, rows: float, first: float, confidence: float) -> bool:
    if first == rows:
        return False
    return difference >= sqrt((rows - first) / first / rows / 2 * log(2.0 / confidence))


@compiled
def _run(
    values: FloatArray,
    state: FloatArray,
    fresh: FloatArray,
    zones: NDArray[np.int8],
    drift: float,
    warning: float,
    two_sided: float,
) -> None:
    for i in range(values.size):
        if state[6] == CHANGED:
            state[:] = fresh
        state[0] += 1
        state[1] += (values[i] - state[1]) / state[0]
        bound = _bound(state[0], drift)
        if state[2] == 0 or state[3] + _bound(state[2], drift) >= state[1] + bound:
            state[2], state[3] = state[0], state[1]
        if state[4] == 0 or state[5] - _bound(state[4], drift) <= state[1] - bound:
            state[4], state[5] = state[0], state[1]
        risen, fallen = state[1] - state[3], state[5] - state[1]
        zone = CALM
        if _apart(risen, state[0], state[2], warning) or (
            two_sided > 0 and _apart(fallen, state[0], state[4], warning)
        ):
            zone = WARNED
        if _apart(risen, state[0], state[2], drift) or (two_sided > 0 and _apart(fallen, state[0], state[4], drift)):
            zone = CHANGED
        state[6] = zone
        zones[i] = zone
