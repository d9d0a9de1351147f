"""The alarm on truth: every label counts once, when the truth about its pane is complete enough, or late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf, isfinite, log, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miops_collector.alerts import Finding, loss_finding
from miops_collector.layout import Summaries
from miops_collector.monitored import Monitored
from miops_collector.report import ModelKey
from miops_collector.statistics.scan.dispersion import LOCATION
from miops_collector.statistics.scan.history import TRACKED, measured_dispersion
from miops_collector.statistics.sequential.shiryaev_roberts import (
    STAKES,
    STEPS,
    Evidence,
    bet_log_ratios,
    error_bound,
    error_log_ratios,
    follow,
    mean_bound,
)
from miops_collector.summary import FloatArray
from miops_collector.window import Window, align, parse_length

__all__ = ["Labelled"]

COMPLETE: Final = 0.9
"""Labelled share at which a pane counts."""
FEWEST: Final = 30.0
"""Labelled rows of a reference that can be compared with."""
MANY: Final = 50.0
"""Labels per labelled row of the reference beyond which its own error must be doubted more: they prove it."""
DOUBT, MORE_DOUBT = 0.10, 0.01
TOLERANCE, RELATIVE_TOLERANCE = 0.005, 0.02
REMEMBERED: Final = parse_length("90d")
MONTH: Final = parse_length("30d")
UNIT_ROWS, UNITS = 20.0, 48
"""Labels of a window, and such windows, that dispersion is measured with."""
QUIET: Final = 3
"""Windows in a row within the bound that end a run of worse ones, as they close the alarm."""
LONG: Final = parse_length("7d")
"""A run that lasted so long was another level of losses; hours and days that are always worse end within a week."""
REPLAYED: Final = 2000
"""Windows that are weighed anew when truth of them is corrected; a month of hours and more."""
ROUNDING: Final = 1e-6
BELIEF: Final = 4.0
"""Degrees of freedom that the belief in independent labels is worth: two days say little about a day."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Labelled rows, the sum of their losses and of the squares: errors of a classifier, absolute errors otherwise."""

    rows: float
    sum: float
    squares: float

    def __add__(self, other: Losses) -> Losses:
        return Losses(self.rows + other.rows, self.sum + other.sum, self.squares + other.squares)

    def __sub__(self, other: Losses) -> Losses:
        return Losses(self.rows - other.rows, self.sum - other.sum, self.squares - other.squares)

    def part(self, share: float) -> Losses:
        return Losses(share * self.rows, share * self.sum, share * self.squares)

    @property
    def is_nothing(self) -> bool:
        return max(abs(self.rows), abs(self.sum), abs(self.squares)) <= ROUNDING

    @property
    def may_be_rows(self) -> bool:
        """Whether so many rows can have these sums; else truth that was known has been corrected."""
        least = min(self.rows, self.sum + ROUNDING, self.squares + ROUNDING)
        return least > 0.0 and self.sum**2 <= self.rows * self.squares * (1.0 + ROUNDING) + ROUNDING


NOTHING: Final = Losses(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Losses of a window that count now, and the largest evidence since; ``alarmed`` if it was enough."""

    losses: Losses
    log_value: float
    alarmed: bool

    def __add__(self, other: Batch) -> Batch:
        return Batch(
            self.losses + other.losses, max(self.log_value, other.log_value), alarmed=self.alarmed or other.alarmed
        )


NO_BATCH: Final = Batch(NOTHING, -inf, alarmed=False)


class Labelled:
    """A Shiryaev–Roberts e-detector on the losses of one model version; durable as JSON.

    A window counts when nine of ten of its rows have their truth, or when it has waited for truth as long as one
    waits. Labels that come later count together, where event time is then, once per length of a window. When truth that
    has counted is corrected, the evidence is what it would be had the correction been known at once: the newest windows
    are weighed anew, each with all labels that it has now, and the verdicts from the first corrected one on told again.

    How losses depend on one another is learned from what came before the windows that led to an alarm: drift would pass
    for dependence. A run of worse windows is learned from once it is over, for it may be a season's; if it lasted a
    week, or rows were accepted as the reference, only what came since is. Where rows are declared to be independent
    (``learns`` is false) the dispersion is 1, and the time between false alarms exact if they are.

    Assumes
        labels whose delay does not depend on what they say, or windows that fill up before they count; a reference
        that the model was not fitted on.
    """

    def __init__(self, reference: Summaries | None, *, window: int, waits: int, learns: bool = True) -> None:
        self._is_share = reference is not None and reference.confusion is not None
        self._reference = _losses(reference) if reference is not None else NOTHING
        self._deviation = _deviation(reference) if reference is not None else float("nan")
        self._window, self._waits, self._learns = window, waits, learns
        self._counted: dict[int, tuple[float, Losses]] = {}
        self._evidence = Evidence.none(len(STEPS if self._is_share else STAKES))
        self._labels = 0.0
        self._late_at = 0
        self._dispersion, self._measured_at, self._measured_after = 1.0, 0, 0
        self._worse_since, self._quiet, self._history_from = 0, 0, 0
        self._seen = (-1, -1)
        self._unread: set[int] = set()
        self._judged_from = 0

    @property
    def unwatched(self) -> str:
        """Why no loss can be said to be worse than the reference's; empty where it can."""
        if self._reference.rows == 0.0:
            return "there is no reference with truth"
        if self._reference.rows < FEWEST:
            return f"the reference has truth of {self._reference.rows:.0f} rows; {FEWEST:.0f} are needed"
        return "" if self.bound > 0.0 else "the reference has no error at all, so there is no scale for larger ones"

    def look_at(self, starts: Iterable[int]) -> None:
        """Truth of the panes that start there has come, changed or gone."""
        if self._counted:
            self._unread.update(align(start, self._window) for start in starts)

    @property
    def bound(self) -> float:
        """Mean loss that is no worse than the reference's; ``nan`` when it has too few labels."""
        r = self._reference
        if r.rows < FEWEST:
            return float("nan")
        doubt = DOUBT if self._labels <= MANY * r.rows else MORE_DOUBT
        if self._is_share:
            return error_bound(r.sum, r.rows, doubt=doubt, tolerance=TOLERANCE)
        return mean_bound(r.sum / r.rows, self._deviation, r.rows, doubt=doubt, tolerance=RELATIVE_TOLERANCE)

    def findings(self, model: Monitored, complete: int, false_alarms_per_month: float) -> Iterator[Finding]:
        """What the labels that count since the last time say, one finding per window in the order of event time."""
        now = (model.marks.truth, complete // self._window)
        if now == self._seen or not self.bound > 0.0:
            return
        self._seen = now
        threshold = MONTH / self._window / false_alarms_per_month
        self.look_at(model.take_truth_at())
        batches = self._weighed_anew(self._corrected(model), log(threshold))
        new: dict[int, Batch] = {}
        for at, losses in self._counting(model, complete):
            start = align(at, self._window)
            self._labels += losses.rows
            new[start] = new.get(start, NO_BATCH) + Batch(losses, *self._take(losses, log(threshold)))
        for start, batch in sorted(new.items()):
            self._follow_run(start, batch)
            batches[start] = batches.get(start, NO_BATCH) + batch
        self._measure(complete)
        for start, batch in sorted(batches.items()):
            yield self._finding(model.key, Window(start, start + self._window), batch, threshold)

    def _corrected(self, model: Monitored) -> int | None:
        """Count what corrections have made of windows that have counted; start of the first of them."""
        first, counted = None, {Window.holding(s, self._length_at(model, s)) for s in self._unread}
        self._unread = set()
        for window in sorted(counted, key=lambda w: w.start):
            before, sums = self._counted_in(window), model.window(window)
            change = _losses(sums) - before
            if before.rows <= 0.0 or not sums.volume.sums[0] or change.is_nothing or change.may_be_rows:
                continue
            for start in self._starts_in(window):
                full, losses = self._counted.pop(start)
                corrected = losses + change.part(losses.rows / before.rows)
                if corrected.rows > ROUNDING:
                    self._counted[start] = full, corrected
            self._labels += change.rows
            first = window.start if first is None else first
        return first

    def _weighed_anew(self, first: int | None, log_threshold: float) -> dict[int, Batch]:
        """The evidence with what counts now, and what is to be told again of the windows from ``first`` on."""
        if first is None:
            return {}
        starts = sorted(s for s in self._counted if s >= self._judged_from)[-REPLAYED:]
        self._evidence, self._worse_since, self._quiet = Evidence.none(len(self._evidence.log_values)), 0, 0
        batches: dict[int, Batch] = {}
        for start in starts:
            losses = self._counted[start][1]
            batches[start] = Batch(losses, *self._take(losses, log_threshold))
            self._follow_run(start, batches[start])
        return {start: batch for start, batch in batches.items() if start >= first}

    def _counting(self, model: Monitored, complete: int) -> Iterator[tuple[int, Losses]]:
        """Event time and losses of every batch."""
        late, patience = NOTHING, complete - self._waits
        may_be_late = complete - self._late_at >= self._window
        for window in self._windows(model, complete):
            counted = self._counted_in(window)
            if counted.rows > 0.0 and not may_be_late:
                continue
            sums = model.window(window)
            rows, labelled = float(sums.volume.sums[0]), float(sums.volume.sums[3])
            if counted.rows == 0.0 and labelled < COMPLETE * rows and window.end > patience:
                continue
            new = _losses(sums) - counted
            if not new.rows > 0.0:
                continue
            full = float(labelled >= rows)
            before = self._counted.get(window.start, (0.0, NOTHING))[1]
            self._counted[window.start] = (full, before + new)
            if counted.rows > 0.0:
                late += new
            else:
                yield window.start, new
        if late.rows > 0.0:
            self._late_at = complete
            yield complete - 1, late
        self._counted = {s: c for s, c in self._counted.items() if s >= complete - REMEMBERED}

    def _windows(self, model: Monitored, complete: int) -> Iterator[Window]:
        """Complete windows with rows that may still get labels; as long as the panes they have merged into."""
        last = -1
        for start in model.pane_starts().tolist():
            window = Window.holding(start, self._length_at(model, start))
            if window.start > last and complete - REMEMBERED <= window.start and window.end <= complete:
                last = window.start
                if not self._counted.get(window.start, (0.0, NOTHING))[0]:
                    yield window

    def _counted_in(self, window: Window) -> Losses:
        """Panes that have merged since are counted by what they were."""
        return sum((self._counted[s][1] for s in self._starts_in(window)), NOTHING)

    def _starts_in(self, window: Window) -> list[int]:
        return [s for s in range(window.start, window.end, self._window) if s in self._counted]

    def _length_at(self, model: Monitored, start: int) -> int:
        return max(model.panes.length_at(start), self._window)

    def _take(self, losses: Losses, log_threshold: float) -> tuple[float, bool]:
        """The evidence with these, and whether it is enough; then it starts anew."""
        bound, dispersion = self.bound, self._dispersion
        if self._is_share:
            ratios = error_log_ratios(losses.sum, losses.rows, bound, dispersion=dispersion)
        else:
            ratios = bet_log_ratios(losses.sum, losses.squares, losses.rows, bound, dispersion=dispersion)
        self._evidence = follow(self._evidence, ratios)
        value = self._evidence.log_value
        if value >= log_threshold:
            self._evidence = Evidence.none(len(ratios))
        return value, value >= log_threshold

    def _follow_run(self, start: int, batch: Batch) -> None:
        """Know since when losses have been worse, from the first window of those that led to an alarm."""
        if batch.alarmed and not self._worse_since:
            self._worse_since = self._first_worse(start)
            if self._measured_at > self._worse_since:
                self._measured_after = 0  # it may have been measured with windows of this run
        self._quiet = 0 if batch.alarmed or self._is_worse(batch.losses) else self._quiet + 1
        if self._worse_since and self._quiet >= QUIET:
            if start - self._worse_since >= LONG:
                self._history_from = start
            self._worse_since = 0

    def _first_worse(self, start: int) -> int:
        for before in sorted((s for s in self._counted if s < start), reverse=True):
            if not self._is_worse(self._counted[before][1]):
                break
            start = before
        return start

    def _is_worse(self, losses: Losses) -> bool:
        return losses.sum > self.bound * losses.rows

    def _measure(self, complete: int) -> None:
        """How much more the mean losses of windows vary than chance makes them, hour by hour and over days."""
        if not self._learns:
            return
        until = self._worse_since or inf
        counted = ((s, c) for s, (_, c) in self._counted.items() if self._history_from <= s < until)
        units = sorted((s, c) for s, c in counted if c.rows >= UNIT_ROWS)
        grown = len(units) >= 2 * self._measured_after or complete - self._measured_at >= MONTH
        if len(units) < UNITS or not grown:
            return
        rows, sums = (np.array([getattr(c, name) for _, c in units]) for name in ("rows", "sum"))
        center = float(sums.sum() / rows.sum())
        deviation = sqrt(max(center * (1.0 - center), 0.0)) if self._is_share else self._deviation
        if deviation > 0.0:
            ends = np.array([s + self._window for s, _ in units])
            self._dispersion = _dispersion(ends, (sums / rows - center) / deviation, rows, self._window)
            self._measured_at, self._measured_after = complete, len(units)

    def _finding(self, model: ModelKey, window: Window, batch: Batch, threshold: float) -> Finding:
        return loss_finding(
            model, window, is_share=self._is_share, alarmed=batch.alarmed, rows=batch.losses.rows,
            loss=batch.losses.sum / batch.losses.rows, bound=self.bound, rows_reference=self._reference.rows,
            loss_reference=self._reference.sum / self._reference.rows, deviation=self._deviation,
            dispersion=self._dispersion, log_value=batch.log_value, threshold=threshold,
        )  # fmt: skip

    def go_on_from(self, before: Labelled, start: int) -> None:
        """What counted against another reference does not count again; rows from ``start`` on are as this one's."""
        self._counted, self._late_at, self._history_from = dict(before._counted), before._late_at, start
        self._dispersion, self._measured_at = before._dispersion, before._measured_at
        self._measured_after = before._measured_after
        self._judged_from = max(before._counted, default=-1) + 1

    def to_json(self) -> dict[str, Any]:
        counted = [[s, full, c.rows, c.sum, c.squares] for s, (full, c) in self._counted.items()]
        values = [v if isfinite(v) else None for v in self._evidence.log_values]
        return {
            "counted": counted, "evidence": values, "labels": self._labels, "late_at": self._late_at,
            "dispersion": self._dispersion, "measured_at": self._measured_at, "measured_after": self._measured_after,
            "worse_since": self._worse_since, "quiet": self._quiet, "history_from": self._history_from,
            "unread": sorted(self._unread), "judged_from": self._judged_from,
        }  # fmt: skip

    def load(self, data: Mapping[str, Any]) -> None:
        """As :meth:`to_json` wrote it, for the same reference."""
        self._counted = {s: (full, _read(*sums)) for s, full, *sums in data["counted"]}
        self._evidence = Evidence(tuple(-inf if v is None else v for v in data["evidence"]))
        self._labels, self._late_at = data["labels"], data["late_at"]
        self._dispersion = data["dispersion"] if self._learns else 1.0
        self._measured_at, self._measured_after = data["measured_at"], data.get("measured_after", 0)
        self._worse_since, self._quiet = data.get("worse_since", 0), data.get("quiet", 0)
        self._history_from = data.get("history_from", 0)
        self._unread, self._judged_from = set(data.get("unread", ())), data.get("judged_from", 0)


def _read(rows: float, total: float, squares: float | None = None) -> Losses:
    """As stored; earlier releases kept no squares, and a window's losses are then taken to be all alike."""
    return Losses(rows, total, total * total / max(rows, 1.0) if squares is None else squares)


def _losses(summaries: Summaries) -> Losses:
    """Of all labelled rows; weighted rows count as so many of weight 1 as they are worth."""
    weight, squares = float(summaries.volume.sums[1]), float(summaries.volume.sums[2])
    worth = weight / squares if squares > 0.0 else 1.0
    confusion, residuals = summaries.confusion, summaries.residuals
    if confusion is not None:
        rows = float(confusion.cells.sum())
        wrong = rows - float(np.trace(confusion.cells))
        return Losses(worth * rows, worth * wrong, worth * wrong)
    if residuals is not None:
        return Losses(*(worth * float(residuals.sums[i]) for i in (0, 3, 2)))
    return NOTHING


def _deviation(summaries: Summaries) -> float:
    """Standard deviation of one row's loss."""
    losses, residuals = _losses(summaries), summaries.residuals
    if losses.rows < 2.0:
        return float("nan")
    mean = losses.sum / losses.rows
    if residuals is None:
        return sqrt(max(mean * (1.0 - mean), 0.0))
    return sqrt(max(float(residuals.sums[2] / residuals.sums[0]) - mean * mean, 0.0))


def _dispersion(ends: NDArray[np.int64], means: FloatArray, rows: FloatArray, length: int) -> float:
    """The larger of those of single windows and of days, drawn towards 1 the more the fewer there are of them."""
    found = measured_dispersion(
        ends, _tracked(means), _tracked(rows), np.ones((1, TRACKED), np.bool_), length=length, look_backs=(1, 24)
    )
    factors, freedom = found.factors[:, 0, LOCATION], found.freedom[:, 0, LOCATION]
    return float(((freedom * factors + BELIEF) / (freedom + BELIEF)).max())


def _tracked(values: FloatArray) -> FloatArray:
    return np.repeat(values[:, None, None], TRACKED, axis=2)
