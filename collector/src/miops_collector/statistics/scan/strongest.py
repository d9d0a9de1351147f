"""The strongest evidence of each column over its statistics and look-backs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics.scan.evidence import Statistic
from miops_collector.statistics.scan.tested import Tested
from miops_collector.summary import FloatArray

__all__ = ["Strongest", "strongest"]

NAMES: Mapping[str, Statistic] = {name: name for name in get_args(Statistic)}


@dataclass(frozen=True, slots=True)
class Strongest:
    """One column's smallest ``p / weight``, and where it was found.

    ``log_p`` is paid for the choice among statistics, not yet for that among look-backs. ``look_back`` is a position
    in the sequence of look-backs, ``cell`` one among the column's cells or -1. ``enough`` tells whether any look-back
    had enough rows.
    """

    statistic: Statistic
    look_back: int
    log_p: float
    effect: float
    low: float
    high: float
    rows: float
    rows_reference: float
    dispersion: float
    cell: int
    enough: bool


def strongest(tested: Mapping[str, Tested], weights: Mapping[str, float], enough: NDArray[np.bool_]) -> list[Strongest]:
    """One per column; ``enough`` is ``(columns,)``."""
    names = list(tested)
    paid = np.stack([np.minimum(tested[name].log_p - np.log(weights[name]), 0.0) for name in names])
    _, look_backs, columns = paid.shape
    flat: FloatArray = paid.reshape(-1, columns)
    place = flat.argmin(axis=0)
    return [
        _pick(
            tested,
            names[place[i] // look_backs],
            int(place[i] % look_backs),
            i,
            float(flat[place[i], i]),
            bool(enough[i]),
        )
        for i in range(columns)
    ]


def _pick(
    tested: Mapping[str, Tested],
    name: str,
    look_back: int,
    i: int,
    log_p: float,
    enough: bool,  # noqa: FBT001
) -> Strongest:
    t = tested[name]
    factor = t.dispersion if isinstance(t.dispersion, float) else float(t.dispersion[look_back, i])
    return Strongest(
        statistic=NAMES[name], look_back=look_back, log_p=log_p,
        effect=float(t.effect[look_back, i]), low=float(t.low[look_back, i]), high=float(t.high[look_back, i]),
        rows=float(t.rows[look_back, i]), rows_reference=float(t.rows_reference[i]), dispersion=factor,
        cell=-1 if t.cell is None else int(t.cell[look_back, i]), enough=enough,
    )  # fmt: skip
