"""All columns together in the newest complete window: the numbers of sampled rows, with what they rest on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from miops import semconv
from miops_collector.report import Observation, Status
from miops_collector.web.format import chance_text, count_text, number_text, window_text

__all__ = ["JointRow", "JointTable", "joint_table"]

_MEANS = {
    semconv.METRIC_RECONSTRUCTION_ERROR: ("Reconstruction error", "how far rows leave the plane of the reference"),
    semconv.METRIC_RECONSTRUCTION_SHIFT: (
        "Reconstruction shift",
        "that error less the reference's, in standard errors",
    ),
    semconv.METRIC_DOMAIN_CLASSIFIER: ("Domain classifier", "how well new rows are told from old: 0.5 is not at all"),
    semconv.METRIC_MEAN_DISCREPANCY: ("Mean discrepancy", "any difference at all: about 0 is none"),
    semconv.METRIC_CHANGED_CORRELATIONS: ("Changed correlations", "pairs of columns that hang together otherwise"),
}


@dataclass(frozen=True, slots=True)
class JointRow:
    """One number; ``beside`` says what it rests on, or why it is not known."""

    name: str
    means: str
    status: Status
    value: str
    reference: str
    beside: str


@dataclass(frozen=True, slots=True)
class JointTable:
    """``window`` is that of the numbers; ``sampled`` says how many rows were compared."""

    window: str
    sampled: str
    rows: tuple[JointRow, ...]


def joint_table(newest: Iterable[Observation]) -> JointTable | None:
    """Of the observations of one model version and window length; ``None`` where no rows were sampled."""
    by_metric = {o.metric: o for o in newest if o.metric in _MEANS}
    found = [by_metric[metric] for metric in _MEANS if metric in by_metric]
    if not found:
        return None
    o = found[0]
    before = f" and {count_text(o.n_reference)} of the reference" if math.isfinite(o.n_reference) else ""
    sampled = f"{count_text(o.n)} rows of the window{before}"
    return JointTable(window_text(o.window.start, o.window.end), sampled, tuple(map(_row, found)))


def _row(o: Observation) -> JointRow:
    name, means = _MEANS[o.metric]
    parts = [o.reason] if o.reason else []
    parts += [chance_text(o.p_value)] if math.isfinite(o.p_value) else []
    return JointRow(name, means, o.status, number_text(o.value), number_text(o.reference), ", ".join(parts))
