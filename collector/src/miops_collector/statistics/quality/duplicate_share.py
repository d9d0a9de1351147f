"""Share of rows that were sent before."""

from __future__ import annotations

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Volume

__all__ = ["duplicate_share"]


@statistic(bounds=(0.0, 1.0), higher="worse", undefined="no rows arrived", rests_on="rows")
def duplicate_share(volume: Volume) -> float:
    """Share of arrived rows whose prediction id was stored already, and which were dropped therefore.

    ::

        duplicate share = dropped / (rows + dropped)

    0 = every id came once, near 1 = almost only repeats; higher is worse. No other statistic counts the repeats.

    Parameters
    ----------
    volume
        Rows of the window, and the repeats among its arrivals.

    Returns
    -------
    float
        ``nan`` if nothing arrived.

    Notes
    -----
    A few are normal: exporters retry. Many mean a client that makes the same id twice, whose second prediction is lost:
    prefer ids made by the instrumentation.

    Examples
    --------
    >>> import numpy as np
    >>> duplicate_share(Volume(np.array([95.0, 95.0, 95.0, 0.0, 5.0])))
    0.05

    References
    ----------
    S. Schelter, D. Lange, P. Schmidt, M. Celikel, F. Biessmann, A. Grafberger, "Automating large-scale data quality
    verification", Proceedings of the VLDB Endowment 11(12), 2018, doi:10.14778/3229863.3229867.
    """
    dropped = float(volume.sums[4])
    return quotient(dropped, volume.rows + dropped)
