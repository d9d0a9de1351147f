"""How rows of one model version depend on one another: learned from its first windows, renewed monthly."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from miops_collector.layout import Summaries
from miops_collector.statistics.scan import LOOK_BACKS, Dispersion, History, Scan
from miops_collector.statistics.scan.dispersion import LOCATION, SPREAD
from miops_collector.window import parse_length

__all__ = ["Dependence", "learning_windows", "look_backs_of"]

HOUR, DAY, WEEK, MONTH = (parse_length(text) for text in ("1h", "1d", "7d", "30d"))
WEEK_OF_HOURS: Final = 168
FEWEST, MOST = 8, 720
"""Windows that are learned from."""
KEPT_FOR: Final = 8 * WEEK


def look_backs_of(length: int) -> tuple[int, ...]:
    """How many windows are looked back at; a week of hours too, in which nothing weekly is left."""
    return (*LOOK_BACKS, WEEK_OF_HOURS) if length == HOUR else LOOK_BACKS


def learning_windows(length: int) -> int:
    """Windows until rows of windows of this length are known to depend on one another or not.

    A week, and two of them for windows of a day and more, which hold no daily season but may have a weekly one: 168 of
    an hour, 14 of a day; at least 8 and at most 720.

    Examples
    --------
    >>> [learning_windows(parse_length(text)) for text in ("5m", "1h", "1d", "7d")]
    [720, 168, 14, 8]
    """
    return int(min(max((2 * WEEK if length >= DAY else WEEK) // length, FEWEST), MOST))


class Dependence:
    """Dispersion of every column at every look-back of windows of one length.

    While it is being learned there is none: nothing is known then of how far chance alone carries a column, and an
    alarm would be worth nothing. It is measured again when the history has doubled, and then every month, in windows
    without an open alarm about the column.

    Attributes
    ----------
    dispersion
        ``None`` while it is being learned.
    """

    def __init__(self, scan: Scan, length: int) -> None:
        self._scan = scan
        self._length = length
        kept = max(min(KEPT_FOR // length, 2 * MOST), learning_windows(length), 2 * LOOK_BACKS[-1])
        self._history = History(scan.is_numeric, kept)
        self._noted = 0
        self._measured_after = 0
        self._measured_at = 0
        self.dispersion: Dispersion | None = None
        self._told: tuple[Dispersion | None, Mapping[str, Mapping[int, float]]] = None, {}

    @property
    def by_column(self) -> Mapping[str, Mapping[int, float]]:
        """By column and look-back how many times more it varies than independent rows, in location or spread."""
        if self._told[0] is not self.dispersion and self.dispersion is not None:
            self._told = self.dispersion, self._by_column(self.dispersion)
        return self._told[1]

    def _by_column(self, known: Dispersion) -> Mapping[str, Mapping[int, float]]:
        worst = known.factors[..., [LOCATION, SPREAD]].max(axis=-1).T.tolist()
        names = (c.name for c in self._scan.columns)
        return {name: dict(zip(known.look_backs, of, strict=True)) for name, of in zip(names, worst, strict=True)}

    @property
    def progress(self) -> tuple[int, int]:
        """Windows learned from, and windows until it is known; equal when it is."""
        wanted = learning_windows(self._length)
        return (wanted if self.dispersion is not None else min(self._noted, wanted)), wanted

    def note(self, end: int, window: Summaries, alarming: Collection[str]) -> None:
        """A window, later than all before, that has been judged; columns in ``alarming`` have an open alarm."""
        if end <= self._history.last_end:
            return
        left_out = np.array([c.name in alarming for c in self._scan.columns], np.bool_)
        self._history.note(end, *self._scan.tracked(window), left_out)
        self._noted += 1
        if self._is_due(end):
            self.dispersion = self._history.dispersion(self._length, look_backs_of(self._length))
            self._measured_after, self._measured_at = self._noted, end

    def known(self, counts: Sequence[int]) -> tuple[int, ...]:
        """Those of the look-backs of which the dispersion is known."""
        if self.dispersion is None:
            return tuple(counts)
        return tuple(count for count in counts if count in self.dispersion.look_backs)

    def _is_due(self, end: int) -> bool:
        if self.dispersion is None:
            return self._noted >= learning_windows(self._length)
        enough = self._noted >= learning_windows(self._length)
        return enough and (self._noted >= 2 * self._measured_after or end - self._measured_at >= MONTH)

    def go_on_from(self, before: Dependence) -> None:
        """Take over what was learned against another reference: ranks change with it, dependence hardly does.

        Nothing is taken over when the columns are others.
        """
        same = [(c.name, c.kind) for c in self._scan.columns] == [(c.name, c.kind) for c in before._scan.columns]
        if same and before.dispersion is not None:
            self.dispersion = before.dispersion
            self._measured_after, self._measured_at = learning_windows(self._length), before._measured_at

    def to_json(self) -> str:
        known = self.dispersion
        arrays = None if known is None else [a.tolist() for a in _arrays(known)]
        return json.dumps(
            {
                "history": self._history.to_json(),
                "counts": [self._noted, self._measured_after, self._measured_at],
                "look_backs": known.look_backs if known else (),
                "dispersion": arrays,
            }
        )

    def load(self, text: str) -> None:
        """As :meth:`to_json` wrote it, for the same scan."""
        data = json.loads(text)
        self._history.load(data["history"])
        self._noted, self._measured_after, self._measured_at = data["counts"]
        if data["dispersion"] is not None:
            factors, reference, freedom, typical = (np.array(a, np.float64) for a in data["dispersion"])
            self.dispersion = Dispersion(factors, reference, freedom, typical, tuple(data["look_backs"]))


def _arrays(known: Dispersion) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    return known.factors, known.reference, known.freedom, known.typical
