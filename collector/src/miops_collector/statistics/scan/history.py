"""What was seen of every column window by window, and how much of its variation independent rows do not explain."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics.scan.alike import moderated
from miops_collector.statistics.scan.dispersion import DEPENDENT, LOCATION, MISSING, OUTSIDE, SPREAD, Dispersion
from miops_collector.summary import FloatArray

__all__ = ["TRACKED", "History", "measured_dispersion"]

TRACKED: Final = 6
"""Means that are kept per column and window.

Numeric columns: location, spread, missing, outside. Categorical ones: shares of the four most common categories in
place of location, spread and the last two."""
CATEGORIES: Final = (LOCATION, SPREAD, 4, 5)
"""Their places for a categorical column."""
DAY_OF_HOURS: Final = 24
Floats = NDArray[np.float32]


class History:
    """The newest windows of one length, in the order of event time.

    Parameters
    ----------
    numeric
        ``(columns,)`` which columns are numeric.
    most
        Windows that are kept.
    """

    def __init__(self, numeric: NDArray[np.bool_], most: int) -> None:
        self.numeric = numeric
        self._most = most
        self._ends: list[int] = []
        self._means: list[Floats] = []
        self._rows: list[Floats] = []

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def last_end(self) -> int:
        return self._ends[-1] if self._ends else 0

    def note(self, end: int, means: FloatArray, rows: FloatArray, left_out: NDArray[np.bool_]) -> None:
        """Keep a window: ``(columns, TRACKED)`` means, ``(columns, 2)`` rows with a value and rows in all.

        Columns that are ``left_out`` count as if the window had no rows of theirs: those with an open alarm.
        """
        self._ends.append(end)
        self._means.append(means.astype(np.float32))
        self._rows.append(np.where(left_out[:, None], 0.0, rows).astype(np.float32))
        if len(self._ends) > self._most:
            for kept in (self._ends, self._means, self._rows):
                del kept[0]

    def dispersion(self, length: int, look_backs: Sequence[int]) -> Dispersion:
        """Measured at every look-back that the history holds twice; ``length`` of a window, nanoseconds."""
        rows = np.array(self._rows, np.float64)
        values = np.repeat(rows[:, :, :1], TRACKED, axis=2)
        values[:, :, MISSING] = rows[:, :, 1]
        unit = np.zeros((len(self.numeric), TRACKED), np.bool_)
        unit[:, (LOCATION, SPREAD)] = self.numeric[:, None]
        return measured_dispersion(
            np.array(self._ends), np.array(self._means, np.float64), values, unit, length=length, look_backs=look_backs
        )

    def to_json(self) -> dict[str, object]:
        return {"ends": self._ends, "means": _packed(self._means), "rows": _packed(self._rows)}

    def load(self, data: dict[str, object]) -> None:
        """As :meth:`to_json` wrote it, for the same columns."""
        self._ends = [int(end) for end in data["ends"]]  # type: ignore[attr-defined]
        self._means = _unpacked(str(data["means"]), (len(self._ends), len(self.numeric), TRACKED))
        self._rows = _unpacked(str(data["rows"]), (len(self._ends), len(self.numeric), 2))


def measured_dispersion(
    ends: NDArray[np.int64], means: FloatArray, rows: FloatArray, unit: NDArray[np.bool_], *, length: int,
    look_backs: Sequence[int],
) -> Dispersion:  # fmt: skip
    r"""Variance of overlapping look-back means over what independent rows would give.

    .. math:: φ_L = \max\left(1, \frac{W}{W - L} \; \overline{n_i (S_i - \bar S)^2} / v\right)

    over all runs ``i`` of ``L`` windows among the ``W`` of the history, with ``n`` rows and mean ``S`` each; ``v`` is
    the variance of one row: 1 for rank scores, ``p (1 - p)`` for a share of rows. Degrees of freedom are ``W - 1`` for
    single windows and ``max(1.5 W / L - 1, 2)`` for longer runs. Columns that look independent say so of one another
    (:func:`~miops_collector.statistics.scan.alike.moderated`). A share that is nearly never other than 0, and one whose
    factor is no more than chance makes it, is taken as known.

    Fails
        a trend in the history looks like dependence and hides drift; a season longer than the history is not in it.

    Parameters
    ----------
    ends
        ``(w,)`` rising, nanoseconds; windows without rows may be absent.
    means, rows
        ``(w, columns, TRACKED)``; without rows the mean does not count.
    unit
        ``(columns, TRACKED)`` where ``v`` is 1.
    """
    sums, base = means * rows, rows.sum(axis=0)
    center = sums.sum(axis=0) / np.maximum(base, 1.0)
    variance = np.where(unit, 1.0, center * (1.0 - center))
    windows = (rows > 0.0).sum(axis=0).astype(np.float64)
    kept = tuple(count for count in look_backs if len(ends) >= 2 * count)
    total, held = _from_the_start(sums), _from_the_start(rows)
    found = [_at(count, ends, length, total, held, center, variance, windows) for count in kept]
    factors, typical, freedom = (np.stack([f[i] for f in found]) for i in range(3))
    factors, freedom = moderated(factors, freedom, means, unit)
    factors = np.maximum(factors, 1.0)
    freedom = np.where(unit | (factors > DEPENDENT), freedom, np.inf)
    factors = _outside_as_far_apart(factors, unit)
    worst = factors[..., CATEGORIES].argmax(axis=-1)
    factors, typical, freedom = (_joined(a, worst, unit) for a in (factors, typical, freedom))
    day = max(i for i, count in enumerate(kept) if count <= DAY_OF_HOURS)
    return Dispersion(factors, factors[day], freedom, typical, kept)


def _from_the_start(values: FloatArray) -> FloatArray:
    return np.concatenate((np.zeros_like(values[:1]), np.cumsum(values, axis=0)))


def _at(
    count: int, ends: NDArray[np.int64], length: int, total: FloatArray, held: FloatArray, center: FloatArray,
    variance: FloatArray, windows: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    begins = ends - count * length
    full = np.flatnonzero(begins >= ends[0] - length)
    before = np.searchsorted(ends, begins[full], side="right")
    n = held[full + 1] - held[before]
    s = (total[full + 1] - total[before]) / np.maximum(n, 1e-9)
    runs = np.maximum((n > 0.0).sum(axis=0), 1.0)
    squares = (n * (s - center) ** 2).sum(axis=0) / runs
    correction = windows / np.maximum(windows - count, 1.0)
    tellable = (variance > 0.0) & (windows >= 2 * count)
    factor = np.where(tellable, squares * correction / np.where(variance > 0.0, variance, 1.0), 1.0)
    typical = (n * n).sum(axis=0) / np.maximum(n.sum(axis=0), 1.0)
    freedom = windows - 1.0 if count == 1 else 1.5 * windows / count - 1.0
    return factor, np.maximum(typical, 1.0), np.maximum(freedom, 2.0)


def _outside_as_far_apart(factors: FloatArray, unit: NDArray[np.bool_]) -> FloatArray:
    """Values beyond the reference's range come in runs as long as those of the values themselves.

    There are few of them in a history, or none, so that this cannot be seen in themselves.
    """
    raised = factors.copy()
    of_values = np.where(unit[:, LOCATION], factors[..., LOCATION], 1.0)
    raised[..., OUTSIDE] = np.maximum(factors[..., OUTSIDE], of_values)
    return raised


def _joined(values: FloatArray, worst: NDArray[np.intp], unit: NDArray[np.bool_]) -> FloatArray:
    """``(…, columns, 4)``: all categories of a column have the number of the one that is dispersed the worst."""
    joined = values[..., :4].copy()
    category = np.take_along_axis(values[..., CATEGORIES], worst[..., None], axis=-1)[..., 0]
    for place in (LOCATION, SPREAD):
        joined[..., place] = np.where(unit[:, LOCATION], values[..., place], category)
    return joined


def _packed(arrays: Sequence[Floats]) -> str:
    data = np.array(arrays, np.float32).tobytes()
    return base64.b64encode(zlib.compress(data, 1)).decode()


def _unpacked(text: str, shape: tuple[int, ...]) -> list[Floats]:
    data = zlib.decompress(base64.b64decode(text))
    return list(np.frombuffer(data, np.float32).reshape(shape))
