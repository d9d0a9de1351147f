"""The verdicts on the newest window in words: which kind of drift there is, how sure that is, and where."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from miops import semconv
from miops_collector.report import Observation, Status
from miops_collector.web.format import chance_text

__all__ = ["VerdictLine", "verdict_lines"]

_KINDS = (
    (semconv.METRIC_VERDICT_PREDICTION_DRIFT, "Prediction drift", "what the model says is spread otherwise"),
    (semconv.METRIC_VERDICT_COVARIATE_DRIFT, "Covariate drift", "what the model is asked is spread otherwise"),
    (semconv.METRIC_VERDICT_CONCEPT_DRIFT, "Concept drift", "the same scores no longer mean the same"),
)
_WORDS = {0.0: "not found", 1.0: "suspected", 2.0: "found"}


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """One kind of drift; ``beside`` says where and how sure, or why it is not known."""

    name: str
    means: str
    status: Status
    word: str
    beside: str


def verdict_lines(newest: Iterable[Observation]) -> tuple[VerdictLine, ...]:
    """One line for each verdict among these observations of one window."""
    by_metric = {o.metric: o for o in newest}
    known = ((by_metric.get(metric), name, means) for metric, name, means in _KINDS)
    return tuple(_line(o, name, means) for o, name, means in known if o is not None)


def _line(o: Observation, name: str, means: str) -> VerdictLine:
    word = _WORDS.get(o.value, "not known")
    parts = [o.reason.replace("_gap", " gap")] if o.reason else []
    parts += [chance_text(o.p_value)] if math.isfinite(o.p_value) else []
    return VerdictLine(name, means, o.status, word, ", ".join(parts))
