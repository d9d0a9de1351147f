"""Pure functions of summaries, one per file, found by discovery: file name = function name = metric suffix.

A statistic of family ``drift`` in ``drift/psi.py`` is the function ``psi`` there, decorated with
:func:`~miops_collector.statistics._statistic.statistic`; its metric is ``miops.drift.psi``. Which summary it needs is
the annotation of its arguments. Nothing else has to be told that it exists.
"""

from __future__ import annotations

from miops_collector.statistics._once import once
from miops_collector.statistics._statistic import (
    About,
    Direction,
    RestsOn,
    Statistic,
    families,
    statistic,
    statistics_of,
)

__all__ = ["About", "Direction", "RestsOn", "Statistic", "families", "once", "statistic", "statistics_of"]
