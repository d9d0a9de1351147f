"""The bytes of a pane: written and read nowhere else.

``version, three bit sets over the numeric columns, sections``. The sections (``sections.py``) hold the cells of the
layout's vector, then the smallest value of each numeric column, then the largest. The bit sets say which columns have
values, which of those the same value only, and which a single value of weight 1: the largest value of the former and
the moments of the latter follow from the smallest value, and are left out.

Small panes, of which a slow model has years, are deflated, which takes a third off them; those of a busy model, which
are summed all the time, are not.
"""

from __future__ import annotations

from zlib import compress, decompress

import numpy as np
from numpy.typing import NDArray

from miops_collector.columns import FloatArray
from miops_collector.layout import Layout
from miops_collector.panes.pane import Cells, Pane, merge_extremes
from miops_collector.panes.sections import PAGE, add_sections, write_sections

__all__ = ["PaneCodec"]

PLAIN, DEFLATED = 1, 2
"""Versions."""
DEFLATED_UP_TO = 8192
"""Bytes: inflating takes 10 to 30 microseconds up to here, about what adding the pane takes."""
FASTEST = 1
MOMENTS = 3


class PaneCodec:
    """Panes of one layout as bytes, and back, exactly (a smallest or largest value of -0.0 comes back as 0.0)."""

    def __init__(self, layout: Layout) -> None:
        self.size = layout.size
        self._columns = len(layout.numeric)
        self._bits = -(-self._columns // 8)
        centers = {column.name: column.center for column in layout.columns}
        self._centers = np.array([centers[name] for name in layout.numeric], np.float64)
        first = [layout.blocks[f"moments.{name}"].start for name in layout.numeric]
        self._moments = np.array(first, np.int64).reshape(-1, 1) + np.arange(MOMENTS)
        self._room = -(-(self.size + 2 * self._columns) // PAGE) * PAGE

    def encode(self, pane: Pane) -> bytes:
        cells, values = pane.touched()
        low, high = pane.extremes.T
        there = low <= high
        same = there & (low == high)
        single = same & self._are_single(cells, values, low)
        if single.any():
            kept = np.ones(self.size, np.bool_)
            kept[self._moments[single]] = False
            cells, values = cells[kept[cells]], values[kept[cells]]
        outer = np.concatenate((np.where(there, low, 0.0), np.where(there & ~same, high, 0.0)))
        some = np.flatnonzero(outer)
        body = write_sections(
            np.concatenate((cells, some.astype(np.int32) + np.int32(self.size))), np.concatenate((values, outer[some]))
        )
        return _packed(np.packbits(np.stack((there, same, single)), axis=1).tobytes() + body)

    def decode(self, data: bytes) -> Pane:
        vector, extremes = self.zero()
        self.add_to(data, vector, extremes)
        cells = np.flatnonzero(vector[: self.size]).astype(np.int32)
        pane = Pane(self.size, self._columns)
        pane.add(cells, vector[cells], extremes)
        return pane

    def zero(self) -> tuple[FloatArray, FloatArray]:
        """A vector and extremes for :meth:`add_to`; the vector is longer than the layout's, whose cells come first."""
        return np.zeros(self._room), np.tile((np.inf, -np.inf), (self._columns, 1))

    def add_to(self, data: bytes, vector: FloatArray, extremes: FloatArray) -> None:
        """Add the pane to sums.

        Raises
        ------
        ValueError
            If the bytes are of a version this release does not know.
        """
        data = _unpacked(data)
        there, same, single = self._bit_sets(data)
        vector[self.size :] = 0.0
        add_sections(data, 3 * self._bits, vector)
        low = vector[self.size : self.size + self._columns]
        high = np.where(same, low, vector[self.size + self._columns : self.size + 2 * self._columns])
        merge_extremes(extremes, np.stack((np.where(there, low, np.inf), np.where(there, high, -np.inf)), axis=1))
        if single.any():
            distance = (low - self._centers)[single]
            vector[self._moments[single]] += np.stack((np.ones_like(distance), distance, distance * distance), axis=1)

    def _bit_sets(self, data: bytes) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        packed = np.frombuffer(data, np.uint8, 3 * self._bits).reshape(3, self._bits)
        there, same, single = np.unpackbits(packed, axis=1, count=self._columns).astype(np.bool_)
        return there, same, single

    def _are_single(self, cells: Cells, values: FloatArray, low: FloatArray) -> NDArray[np.bool_]:
        """Columns whose moments are those of one value of weight 1, to the last bit."""
        padded_cells, padded_values = np.append(cells, np.int32(self.size)), np.append(values, 0.0)
        place = np.searchsorted(cells, self._moments)
        found = np.where(padded_cells[place] == self._moments, padded_values[place], 0.0)
        with np.errstate(invalid="ignore", over="ignore"):
            distance = low - self._centers
            expected = np.stack((np.ones_like(distance), distance, distance * distance), axis=1)
        return np.asarray((found == expected).all(axis=1), np.bool_)


def _packed(body: bytes) -> bytes:
    deflated = compress(body, FASTEST) if len(body) <= DEFLATED_UP_TO else body
    return bytes([DEFLATED]) + deflated if len(deflated) < len(body) else bytes([PLAIN]) + body


def _unpacked(data: bytes) -> bytes:
    if data[0] not in {PLAIN, DEFLATED}:
        msg = f"a pane of version {data[0]}: this release reads versions {PLAIN} and {DEFLATED}"
        raise ValueError(msg)
    return decompress(data[1:]) if data[0] == DEFLATED else data[1:]
