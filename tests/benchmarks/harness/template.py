"""A serialised request in which ids and event times can be put anew: every copy is new to the collector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["IdForm", "Stamp", "Template", "positions"]

IdForm: TypeAlias = Literal["hex", "binary"]
Bytes: TypeAlias = NDArray[np.uint8]
Offsets: TypeAlias = NDArray[np.int64]

_HEX = np.frombuffer("".join(f"{i:02x}" for i in range(256)).encode(), np.uint16)
_TIME = np.arange(8)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One request of ``rows`` rows.

    Attributes
    ----------
    ids
        ``(rows, 32)`` positions of the hex digits of each id, or ``(rows, 16)`` of its bytes.
    times
        ``(k, rows)`` positions of little-endian 64-bit event times; ``k`` is how often a row says its time.
    """

    kind: str
    media: str
    payload: Bytes
    rows: int
    ids: Offsets
    times: Offsets

    def save(self, path: Path) -> Path:
        np.savez(
            path, kind=self.kind, media=self.media, payload=self.payload, rows=self.rows, ids=self.ids, times=self.times
        )
        return path

    @classmethod
    def load(cls, path: Path) -> Template:
        with np.load(path) as saved:
            kind, media = str(saved["kind"]), str(saved["media"])
            return cls(kind, media, saved["payload"], int(saved["rows"]), saved["ids"], saved["times"])


class Stamp:
    """Makes copies of a template with random ids, and event times that go on from copy to copy."""

    def __init__(self, template: Template, *, start: int, step: int, seed: int) -> None:
        self._template = template
        self._flat = template.ids.ravel()
        self._times = (template.times[:, :, None] + _TIME).reshape(len(template.times), 8 * template.rows)
        self._rng = np.random.default_rng(seed)
        self._next, self._step = start, step

    @property
    def template(self) -> Template:
        return self._template

    def __call__(self) -> bytes:
        template = self._template
        copy = template.payload.copy()
        random = self._rng.integers(0, 256, template.rows * 16, dtype=np.uint8)
        copy[self._flat] = random if template.ids.shape[1] == 16 else _HEX[random].view(np.uint8)
        if len(self._times):
            times = self._next + self._step * np.arange(template.rows, dtype=np.int64)
            copy[self._times] = times.view(np.uint8)
        self._next += self._step * template.rows
        return copy.tobytes()


def positions(payload: bytes, needles: Sequence[bytes]) -> Offsets:
    """Where each of these stands, in this order."""
    found, at = [], 0
    for needle in needles:
        at = payload.index(needle, at)
        found.append(at)
        at += len(needle)
    return np.array(found, dtype=np.int64)
