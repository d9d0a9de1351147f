"""Numbers as few bytes, exactly: each in the narrowest type that holds it, near ones in pages, lone ones singly."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops_collector.columns import FloatArray
from miops_collector.panes.pane import Cells

__all__ = ["PAGE", "add_sections", "write_sections"]

Kinds: TypeAlias = NDArray[np.uint8]
TYPES: Final = tuple(np.dtype(t) for t in ("<u1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8"))
"""Types of values; a section names one by its place here. The bytes on disk depend on this order."""
U1, U2, I2, U4, I4, F4, F8 = range(7)
WIDTHS: Final = np.array([t.itemsize for t in TYPES])
HOLDS: Final = {
    U1: (U1,),
    U2: (U1, U2),
    U4: (U1, U2, U4),
    F4: (U1, U2, I2, F4),
    F8: (U1, U2, I2, U4, I4, F4, F8),
}
"""Types a page may have, and those whose values it can hold."""
PAGE_KINDS: Final = np.array(list(HOLDS))
HELD: Final = np.array([[kind in holds for kind in range(len(TYPES))] for holds in HOLDS.values()])
PAGE: Final = 128
"""Cells of a page: all of them are written, zeros too."""
PAGES, NEAR, FAR = 0, 8, 16
"""Added to the type: pages, or single cells with their distances in one or two bytes."""
DISTANCES: Final[dict[int, np.dtype[Any]]] = {NEAR: np.dtype("<u1"), FAR: np.dtype("<u2")}
LONGEST: Final = {NEAR: 255, FAR: 65_535}
HEADER: Final = struct.Struct("<BI")
FEW: Final = 32
"""With fewer cells no page pays."""


def write_sections(cells: Cells, values: FloatArray) -> bytes:
    """Bytes of ``values``, none of them 0, at ``cells``, rising. Zero takes no bytes."""
    kinds = _narrowest(values)
    parts: list[bytes] = []
    if len(cells) >= FEW:
        in_pages = np.zeros(len(cells), np.bool_)
        for kind, chosen in _choose_pages(cells, kinds):
            parts.append(_write_pages(kind, cells[chosen], values[chosen]))
            in_pages |= chosen
        cells, values, kinds = cells[~in_pages], values[~in_pages], kinds[~in_pages]
    for kind in np.flatnonzero(np.bincount(kinds, minlength=len(TYPES))).tolist():
        chosen = kinds == kind
        parts.append(_write_singles(kind, cells[chosen], values[chosen]))
    return b"".join(parts)


def add_sections(data: bytes, offset: int, vector: FloatArray) -> None:
    """Add what :func:`write_sections` wrote to a vector, whose length is a multiple of :data:`PAGE`."""
    pages = vector.reshape(-1, PAGE)
    with np.errstate(invalid="ignore"):  # ∞ - ∞ in sums of values that overflowed
        while offset < len(data):
            code, count = HEADER.unpack_from(data, offset)
            offset += HEADER.size
            kind = TYPES[code & 7]
            if code < NEAR:
                places = np.frombuffer(data, "<u2", count, offset)
                offset += places.nbytes
                values = np.frombuffer(data, kind, count * PAGE, offset)
                pages[places] += values.reshape(count, PAGE)
            else:
                distances = np.frombuffer(data, DISTANCES[code & ~7], count, offset)
                offset += distances.nbytes
                values = np.frombuffer(data, kind, count, offset)
                vector[np.cumsum(distances, dtype=np.int64) - 1] += values
            offset += values.nbytes


def _narrowest(values: FloatArray) -> Kinds:
    """Type of each value."""
    with np.errstate(over="ignore", invalid="ignore"):
        short = values.astype(np.float32).astype(np.float64) == values
    kinds = np.where(short, F4, F8).astype(np.uint8)
    whole = np.flatnonzero(values == np.floor(values))
    if len(whole):
        found = values[whole]
        counts = np.searchsorted(np.array([2.0**8, 2.0**16, 2.0**32]), found, side="right")
        negatives = np.searchsorted(np.array([-(2.0**31), -(2.0**15)]), found, side="right")
        other = kinds[whole]
        positive = np.append(np.array([U1, U2, U4], np.uint8), np.uint8(F8))[counts]
        negative = np.append(np.uint8(F8), np.array([I4, I2], np.uint8))[negatives]
        best = np.where(found >= 0, positive, negative)
        kinds[whole] = np.where(WIDTHS[best] < WIDTHS[other], best, other)
    return kinds


def _choose_pages(cells: Cells, kinds: Kinds) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Types of pages with the cells they hold: where a page takes fewer bytes than its cells one by one."""
    page = cells // PAGE
    found = np.bincount(page * len(TYPES) + kinds, minlength=(int(page[-1]) + 1) * len(TYPES))
    saved = found.reshape(-1, len(TYPES)) @ (HELD * (WIDTHS + 1)).T - (PAGE * WIDTHS[PAGE_KINDS] + 2)
    best = np.where(saved.max(axis=1) > 0, saved.argmax(axis=1), -1)
    for row in range(len(PAGE_KINDS)):
        if (best == row).any():
            yield int(PAGE_KINDS[row]), HELD[row][kinds] & (best[page] == row)


def _write_pages(kind: int, cells: Cells, values: FloatArray) -> bytes:
    places, row = np.unique(cells // PAGE, return_inverse=True)
    data = np.zeros((len(places), PAGE), TYPES[kind])
    data[row, cells % PAGE] = values
    return bytes(HEADER.pack(PAGES + kind, len(places)) + places.astype("<u2").tobytes() + data.tobytes())


def _write_singles(kind: int, cells: Cells, values: FloatArray) -> bytes:
    """Cells by their distance from the one before, in one byte or two, whichever is shorter."""
    distances = np.concatenate((cells[:1] + 1, cells[1:] - cells[:-1]))
    near = _write_distances(NEAR, kind, distances, values)
    return (
        near if distances.max() <= LONGEST[NEAR] else min(near, _write_distances(FAR, kind, distances, values), key=len)
    )


def _write_distances(form: int, kind: int, distances: Cells, values: FloatArray) -> bytes:
    if distances.max() > LONGEST[form]:
        distances, values = _cut(distances, values, LONGEST[form])
    steps, written = distances.astype(DISTANCES[form]), values.astype(TYPES[kind])
    return HEADER.pack(form + kind, len(steps)) + steps.tobytes() + written.tobytes()


def _cut(distances: Cells, values: FloatArray, longest: int) -> tuple[Cells, FloatArray]:
    """Long distances in several steps, with zeros at the stops; the last step is at least 1, so no cell comes twice."""
    stops = (distances - 1) // longest
    place = np.arange(len(distances)) + np.cumsum(stops)
    steps = np.full(int(place[-1]) + 1, longest, np.int32)
    steps[place] = distances - stops * longest
    written = np.zeros(len(steps))
    written[place] = values
    return steps, written
