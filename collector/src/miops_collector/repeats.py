"""When repeats were sent: each counts in the window of its own event time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from miops_collector.stores._store import Stored

__all__ = ["repeated_times"]


def repeated_times(group: Sequence[Stored]) -> NDArray[np.int64]:
    """Event times of rows that were left out as repeats, ``(r,)``."""
    times = [_left_out(stored) for stored in group if stored.duplicates]
    return np.concatenate([np.empty(0, np.int64), *times])


def _left_out(stored: Stored) -> NDArray[np.int64]:
    """Of every id that was kept its first row is no repeat; all other rows are."""
    given, kept = stored.records.table, stored.table
    rows = pa.table({"key": given["key"], "at": np.arange(given.num_rows)})
    firsts = rows.group_by("key").aggregate([("at", "min")])
    fresh = firsts.filter(pc.is_in(firsts["key"], value_set=kept["key"].combine_chunks()))["at_min"].to_numpy()
    times = np.asarray(given["time"].cast(pa.int64()).to_numpy(), np.int64)
    return np.delete(times, fresh)
