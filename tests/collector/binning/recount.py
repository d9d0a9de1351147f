"""Panes counted row by row in plain Python, from what summary/ and layout/ say of each cell: what binning must do."""

from __future__ import annotations

from math import inf, isfinite, isnan, log, log2, nan
from typing import Any

import numpy as np

from miops_collector.columns import Column, Rows, Texts
from miops_collector.layout import GROUP_CLASS_ENDS, ColumnLayout, GroupAxis, Layout
from miops_collector.summary import LATENCY_BUCKETS, LATENCY_GAMMA, LATENCY_LOWEST_SECONDS

MISSING, FAULT = object(), object()
Panes = dict[int, tuple[np.ndarray, np.ndarray]]


def recount(layout: Layout, rows: Rows, length: int) -> Panes:
    """Vector and extremes of each pane by its start, without truth."""
    panes: Panes = {}
    for i in range(len(rows)):
        pane = Pane(layout, panes, rows, i, length, rows.weight[i])
        pane.count_row()
    return panes


def recount_truth(layout: Layout, rows: Rows, length: int) -> Panes:
    panes: Panes = {}
    assert rows.truth is not None
    for i in range(len(rows)):
        sign = 1.0 if rows.sign is None else rows.sign[i]
        pane = Pane(layout, panes, rows, i, length, rows.weight[i] * sign)
        pane.count_truth(rows.truth, sign)
    return panes


class Pane:
    """One row and the pane it belongs to."""

    def __init__(self, layout: Layout, panes: Panes, rows: Rows, i: int, length: int, weight: float) -> None:
        start = int(rows.time[i]) // length * length
        self.layout, self.rows, self.i, self.weight = layout, rows, i, float(weight)
        self.vector, self.extremes = panes.setdefault(start, (layout.empty(), layout.empty_extremes()))

    def cells(self, name: str) -> Any:
        return self.layout.blocks[name].of(self.vector)

    def count_row(self) -> None:
        w = self.weight
        self.cells("volume")[:3] += (1, w, w * w)
        seconds = self.rows.duration[self.i]
        if isfinite(seconds) and seconds >= 0:
            self.cells("latency.sums")[:] += (w, w * seconds, w * seconds**2)
            bucket = int(log(max(seconds / LATENCY_LOWEST_SECONDS, 1.0)) / log(LATENCY_GAMMA))
            self.cells("latency.buckets")[min(bucket, LATENCY_BUCKETS - 1)] += w
        for column in self.layout.columns:
            self.count_column(column)
        if self.layout.classes:
            self.count_decision()
        else:
            self.count_predicted()
        if "exposures.groups.0" in self.layout.blocks:
            self.count_exposure()

    def standing(self) -> tuple[int, int, int, float] | None:
        """Place, size of the list, its bucket, and the share of its exposure."""
        place, size = (self.rows.columns.get(f"context.list_{name}") for name in ("position", "size"))
        found = [cell_of(column, self.i) for column in (place, size) if column is not None]
        if len(found) < 2 or not all(isinstance(x, float) and isfinite(x) and x == int(x) for x in found):
            return None
        p, n = map(int, found)
        if not 1 <= p <= n:
            return None
        mixed = int(self.rows.time[self.i]) % 2**64
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ mixed >> shift) * factor % 2**64
        return p, n, mixed >> 59, (1 / log2(1 + p)) / sum(1 / log2(1 + q) for q in range(1, n + 1))

    def count_exposure(self) -> None:
        if (found := self.standing()) is not None:
            p, n, bucket, share = found
            self.count_in_lists("exposures.groups", bucket, 1 / n, share, (p <= 10) / min(10, n))

    def count_merit(self, truth: Column, value: Any) -> None:
        if self.layout.classes:
            happened = self.class_of(truth)
            merit = float(happened == self.layout.positive) if happened >= 0 and self.layout.positive >= 0 else nan
        else:
            merit = value if isinstance(value, float) else nan
        if (found := self.standing()) is not None and isfinite(merit) and merit >= 0:
            _, n, bucket, share = found
            self.count_in_lists("labelled.merits.groups", bucket, share, merit / n)

    def count_in_lists(self, name: str, bucket: int, *shares: float) -> None:
        added = np.zeros(1 + 32 * len(shares))
        added[0] = self.weight
        added[1 + len(shares) * bucket :][: len(shares)] = self.weight * np.array(shares)
        self.count_by_group(name, added)

    def value(self, column: ColumnLayout) -> Any:
        if column.role == "prediction":
            return cell_of(self.rows.value, self.i)
        if column.role == "score":
            return number_or_missing(self.rows.score[self.i])
        found = self.rows.columns.get(column.source)
        return MISSING if found is None else cell_of(found, self.i)

    def count_column(self, column: ColumnLayout) -> None:
        cells, value = self.cells(f"column.{column.name}"), self.value(column)
        if column.role == "prediction" and column.kind == "categorical" and value not in (MISSING, FAULT):
            value = canonical(value, column.categories)
        wrong = float if column.kind == "categorical" else str
        if value is MISSING:
            cells[0] += self.weight
        elif value is FAULT or isinstance(value, wrong):
            cells[1] += self.weight
        elif column.kind == "categorical":
            cells[2 + category(column, value)] += self.weight
        else:
            cells[2 + bin_of(column.edges, value)] += self.weight
            if isfinite(value):
                self.count_moments(column, value)

    def count_moments(self, column: ColumnLayout, x: float) -> None:
        w, d = self.weight, x - column.center
        self.cells(f"moments.{column.name}")[:] += (w, w * d, w * d * d)
        extreme = self.extremes[self.layout.numeric.index(column.name)]
        extreme[:] = min(extreme[0], x), max(extreme[1], x)

    def class_of(self, column: Column) -> int:
        value = cell_of(column, self.i)
        if value in (MISSING, FAULT):
            return -1
        name = canonical(value, self.layout.classes)
        return self.layout.classes.index(name) if name in self.layout.classes else -1

    def scores(self) -> np.ndarray | None:
        return None if self.rows.class_scores is None else self.rows.class_scores[self.i]

    def score(self) -> float:
        score = float(self.rows.score[self.i]) if self.layout.positive >= 0 else nan
        return nan if self.layout.probabilities and not -1e-6 <= score <= 1.000001 else score

    def confidence(self, predicted: int) -> float:
        if predicted < 0 or not self.layout.probabilities:
            return nan
        if self.layout.positive >= 0:
            c = self.score() if predicted == self.layout.positive else 1.0 - self.score()
        else:
            scores = self.scores()
            c = self.rows.score[self.i]
            c = scores[predicted] if isnan(c) and scores is not None else c
        return float(c) if 0 <= c <= 1 else nan

    def count_decision(self) -> None:
        w, predicted = self.weight, self.class_of(self.rows.value)
        if predicted < 0:
            return
        c = self.confidence(predicted)
        if not isnan(c):
            scores = self.scores()
            known = scores is not None and bool(((scores >= 0) & (scores <= 1)).all())
            entropy = sum(plogp(p) for p in scores) if known and scores is not None else plogp(c) + plogp(1 - c)
            self.cells("confidence.sums")[:] += (w, w * c, w * c * c, w * entropy, w * (c < self.layout.low_confidence))
            self.cells("confidence.bins")[equal_bin(c, 100), 0] += w
        if "scores" in self.layout.blocks and not isnan(self.score()):
            self.cells("scores")[self.score_bin(), int(predicted == self.layout.positive)] += w
        self.count_class_scores("class_scores", predicted)
        for a, axis in enumerate(self.layout.axes):
            group = self.group(axis)
            if group >= 0:
                self.cells(f"groups.{a}")[group, predicted] += w
                if f"scores.groups.{a}" in self.layout.blocks and not isnan(self.score()):
                    coarse = self.coarse_bin(), int(predicted == self.layout.positive)
                    self.cells(f"scores.groups.{a}")[group, *coarse] += w

    def count_class_scores(self, name: str, *classes: int) -> None:
        """Flags: whether the predicted, and the true class is the one the score is of."""
        scores = self.scores()
        if name not in self.layout.blocks or scores is None:
            return
        for k, p in enumerate(scores):
            if isnan(p):
                continue
            flags = tuple(int(of == k) for of in classes)
            self.cells(name)[k, class_bin(p), *flags] += self.weight
            for a, axis in enumerate(self.layout.axes):
                if self.group(axis) >= 0 and f"{name}.groups.{a}" in self.layout.blocks:
                    self.cells(f"{name}.groups.{a}")[self.group(axis), k, group_bin(p), *flags] += self.weight

    def coarse_bin(self) -> int:
        bins = len(self.layout.score_edges) - 1
        return self.score_bin() * min(bins, 50) // bins

    def score_bin(self) -> int:
        return min(max(bin_of(self.layout.score_edges, self.score()) - 1, 0), len(self.layout.score_edges) - 2)

    def group(self, axis: GroupAxis) -> int:
        number = 0
        for name, part in zip(axis.columns, axis.parts, strict=True):
            value = self.value(next(c for c in self.layout.columns if c.name == name))
            place = part_of(part, value)
            if place < 0:
                return -1
            size = len(part) if isinstance(part[0], str) else len(part) - 1
            number = number * size + place
        return number

    def count_truth(self, truth: Column, sign: float) -> None:
        value = cell_of(truth, self.i)
        if value is MISSING or value is FAULT:
            return
        self.cells("volume")[3] += sign
        if self.layout.classes:
            self.count_pair(self.class_of(truth))
        else:
            self.count_residual(value)
        self.count_segments(self.loss(truth, value))
        if "labelled.merits.groups.0" in self.layout.blocks:
            self.count_merit(truth, value)

    def loss(self, truth: Column, actual: Any) -> float:
        if self.layout.classes:
            predicted, happened = self.class_of(self.rows.value), self.class_of(truth)
            return nan if predicted < 0 else float(predicted != happened)
        predicted_value = cell_of(self.rows.value, self.i)
        both = isinstance(actual, float) and isinstance(predicted_value, float)
        return abs(predicted_value - actual) if both and isfinite(actual) and isfinite(predicted_value) else nan

    def count_segments(self, loss: float) -> None:
        for a, axis in enumerate(self.layout.segments):
            if self.group(axis) >= 0 and not isnan(loss):
                w = self.weight
                sums = (w * (1 - loss), w * loss) if self.layout.classes else (w, w * loss, w * loss**2)
                self.cells(f"labelled.segments.{a}")[self.group(axis)] += sums

    def count_pair(self, happened: int) -> None:
        w, predicted, layout = self.weight, self.class_of(self.rows.value), self.layout
        if predicted < 0:
            return
        c, scores = self.confidence(predicted), self.scores()
        if not isnan(c):
            self.cells("confidence.bins")[equal_bin(c, 100), 1:] += (w, w * (happened == predicted), w * c)
        if happened < 0:
            self.cells("labelled.unknown")[predicted] += w
            for a, axis in enumerate(layout.axes):
                if self.group(axis) >= 0:
                    self.cells(f"labelled.unknown.groups.{a}")[self.group(axis), predicted] += w
            return
        self.cells("labelled.confusion")[happened, predicted] += w
        for a, axis in enumerate(layout.axes):
            if self.group(axis) >= 0:
                self.cells(f"labelled.groups.{a}")[self.group(axis), happened, predicted] += w
                if f"labelled.scores.groups.{a}" in layout.blocks and not isnan(self.score()):
                    coarse = self.coarse_bin(), int(predicted == layout.positive), int(happened == layout.positive)
                    self.cells(f"labelled.scores.groups.{a}")[self.group(axis), *coarse] += w
        if "labelled.scores" in layout.blocks and not isnan(self.score()):
            place = self.score_bin(), int(predicted == layout.positive), int(happened == layout.positive)
            self.cells("labelled.scores")[place] += w
        self.count_class_scores("labelled.class_scores", predicted, happened)
        self.count_losses(happened, scores)

    def count_losses(self, happened: int, scores: np.ndarray | None) -> None:
        w, layout = self.weight, self.layout
        if not layout.probabilities:
            return
        if layout.positive >= 0:
            p, y = self.score(), float(happened == layout.positive)
            if not 0 <= p <= 1:
                return
            of_truth, brier = (p if y else 1 - p), (p - y) ** 2
        else:
            if scores is None or not ((scores >= 0) & (scores <= 1)).all():
                return
            of_truth = scores[happened]
            brier = sum((p - (k == happened)) ** 2 for k, p in enumerate(scores))
        loss = -log(min(max(of_truth, 1e-15), 1 - 1e-15))
        sums = (w, w * loss, w * loss**2, w * brier, w * brier**2)
        self.cells("labelled.losses")[:] += sums
        off = self.score() - (happened == layout.positive) if layout.positive >= 0 else 0.0
        self.count_by_group("labelled.losses.groups", (*sums, w * off, w * off**2))

    def count_by_group(self, name: str, sums: Any) -> None:
        for a, axis in enumerate(self.layout.axes):
            if self.group(axis) >= 0:
                self.cells(f"{name}.{a}")[self.group(axis)] += sums

    def count_predicted(self) -> None:
        value = cell_of(self.rows.value, self.i)
        if not isinstance(value, float) or not isfinite(value):
            return
        column = next(c for c in self.layout.columns if c.role == "prediction")
        place = bin_of(column.edges, value)
        bins = (*column.groups, max(column.groups, default=-1) + 1)
        coarse = 0 if place == 0 else bins[min(place - 1, len(bins) - 1)] + 1
        d, groups = value - column.center, bins[-1] + 2
        self.count_by_group(
            "predictions.groups", self.weight * np.array([1, d, d * d, *(float(c == coarse) for c in range(groups))])
        )

    def count_residual(self, actual: Any) -> None:
        predicted = cell_of(self.rows.value, self.i)
        if not (
            isinstance(actual, float) and isinstance(predicted, float) and isfinite(actual) and isfinite(predicted)
        ):
            return
        e, off, some = predicted - actual, actual - self.layout.truth_center, actual != 0
        share = abs(e / actual) if some else 0.0
        sums = np.array(
            [1, e, e**2, abs(e), some, share, off, off**2, e**4, share**2, off**3, off**4, e**2 * off, e**2 * off**2],
            np.float64,
        )
        self.cells("labelled.residuals")[:] += self.weight * sums
        self.count_by_group("labelled.residuals.groups", self.weight * sums)
        if "labelled.errors" in self.layout.blocks:
            place = bin_of(next(c.edges for c in self.layout.columns if c.role == "prediction"), predicted)
            self.cells("labelled.errors")[place] += self.weight * sums


def number_or_missing(value: float) -> Any:
    return MISSING if isnan(value) else float(value)


def cell_of(column: Column, i: int) -> Any:
    if column.faults is not None and column.faults[i]:
        return FAULT
    if isinstance(column, Texts):
        return MISSING if column.codes[i] < 0 else column.words[column.codes[i]]
    return number_or_missing(column.values[i])


def canonical(value: float | str, classes: tuple[str, ...]) -> str:
    """The class this value means, or its own text."""
    if isinstance(value, float):
        text = str(int(value)) if isfinite(value) and value == int(value) else str(value)
    else:
        text = {"1.0": "1", "True": "true"}.get(value, value)
    if text in classes:
        return text
    return {"true": "1", "false": "0", "1": "true", "0": "false"}.get(text, text)


def category(column: ColumnLayout, value: str) -> int:
    pooled = bool(column.pooled) or column.open_pool
    named = column.categories[:-1] if pooled else column.categories
    if value in named:
        return named.index(value)
    return len(named) if value in column.pooled or column.open_pool else len(column.categories)


def bin_of(edges: tuple[float, ...], x: float) -> int:
    """0 below, 1 … b, b + 1 above."""
    if len(edges) < 2 or x > edges[-1]:
        return max(len(edges), 1)
    if x == edges[-1]:
        return len(edges) - 1
    return int(np.searchsorted(edges, x, side="right"))


def class_bin(p: float) -> int:
    return 199 if p > 1 else 0 if p < 0 else equal_bin(p, 200)


def group_bin(p: float) -> int:
    return int(np.searchsorted(GROUP_CLASS_ENDS, class_bin(p), side="right")) - 1


def equal_bin(x: float, bins: int) -> int:
    return min(int(np.searchsorted(np.linspace(0, 1, bins + 1), x, side="right")) - 1, bins - 1)


def part_of(part: tuple[Any, ...], value: Any) -> int:
    if value is MISSING or value is FAULT:
        return -1
    if isinstance(part[0], str):
        return part.index(value) if value in part else -1
    if isinstance(value, str):
        return -1
    return int(np.searchsorted([-inf, *part[1:-1]], value, side="right") - 1) if value > -inf else 0


def plogp(p: float) -> float:
    return -p * log(p) if p > 0 else 0.0
