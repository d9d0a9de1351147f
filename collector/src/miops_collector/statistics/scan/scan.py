"""The scan itself: every column at every look-back against the reference, one level for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.report import Status
from miops_collector.statistics.scan.categorical import CATEGORICAL_WEIGHTS, CategoricalTests
from miops_collector.statistics.scan.dispersion import LOCATION, Dispersion
from miops_collector.statistics.scan.evidence import ColumnEvidence, Statistic
from miops_collector.statistics.scan.false_discovery import Discoveries, benjamini_hochberg
from miops_collector.statistics.scan.history import TRACKED
from miops_collector.statistics.scan.numeric import NUMERIC_WEIGHTS, NumericTests
from miops_collector.statistics.scan.sentence import explain
from miops_collector.statistics.scan.settings import ScanSettings
from miops_collector.statistics.scan.strongest import Strongest, strongest
from miops_collector.summary import FloatArray

__all__ = ["EVERY", "RATES", "STAY", "Scan"]

STAY = 10.0
"""An open alarm stays while its column's p-value is below this many times its threshold."""

EVERY: Final = frozenset(get_args(Statistic))
RATES: Final = frozenset({"missing", "range", "unseen"})
"""Statistics that say what they say however rows depend on one another: what should not be there is there."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    r"""Two-sample rank-score scan of all columns of one model version against its frozen reference.

    At every tick each column is tested at several look-backs (sums of the newest windows) by a handful of statistics,
    each against its own law at these row counts, the reference's own error included:

    .. math:: p_{column} = L \min_{look\ back, statistic} p / w_{statistic}

    with ``L`` look-backs and weights ``w`` that sum to 1, and Benjamini–Hochberg across columns at the level that
    follows from the budget (:class:`ScanSettings`).

    Assumes
        rows independent given the window (else pass a :class:`Dispersion`), a reference drawn as the windows are, and
        columns at most positively dependent for the exact level.
    Fails
        a reference under 5,000 rows hides shifts under 0.2 σ however many rows the windows have; a filtered reference
        is a true difference, raised once; dependence between rows that is not given as dispersion raises false alarms;
        bursts of one bad client can raise missing, range and unseen; a change of the joint distribution that leaves
        every column as it was is invisible.

    ``columns`` are those with a reference: features, context, prediction and score. Row weights are honoured by
    Kish's effective number of rows.
    """

    layout: Layout
    reference: Summaries
    settings: ScanSettings
    columns: tuple[ColumnLayout, ...]
    numeric: NumericTests | None
    categorical: CategoricalTests | None

    @classmethod
    def of(cls, layout: Layout, reference: Summaries, settings: ScanSettings) -> Scan:
        """Everything that depends on the reference only; once per reference."""
        columns = tuple(c for c in layout.columns if len(c.edges) > 1 or c.categories)
        vector = _effective(reference)
        numeric = [c for c in columns if c.kind == "numeric"]
        categorical = [c for c in columns if c.kind == "categorical"]
        return cls(
            layout=layout,
            reference=reference,
            settings=settings,
            columns=columns,
            numeric=NumericTests.of(layout, numeric, vector) if numeric else None,
            categorical=CategoricalTests.of(layout, categorical, vector) if categorical else None,
        )

    def evaluate(
        self, look_backs: Sequence[tuple[int, Summaries]], *, dispersion: Dispersion | None = None,
        statistics: frozenset[str] = EVERY,
    ) -> tuple[ColumnEvidence, ...]:  # fmt: skip
        """Evidence about every column, in the order of ``columns``.

        Parameters
        ----------
        look_backs
            How many windows, and their sum; the more there are the more each one has to show. Leave out those that
            are not filled yet.
        dispersion
            For these look-backs and ``columns``; by default rows are independent.
        statistics
            Those that count; the others keep their part of the level for another day.
        """
        if not look_backs or not self.columns:
            return ()
        vectors = np.stack([_effective(summaries) for _, summaries in look_backs])
        known = dispersion or Dispersion.none(len(look_backs), len(self.columns))
        found = self._strongest(vectors, known, statistics)
        log_p = np.array([min(s.log_p + np.log(len(look_backs)), 0.0) for s in found])
        decided = benjamini_hochberg(log_p, self.settings.alpha)
        warned = benjamini_hochberg(log_p, self.settings.warning_alpha).rejected
        evidence = [self._evidence(i, float(log_p[i]), s, decided, look_backs) for i, s in enumerate(found)]
        return tuple(
            replace(e, status="warning") if warned[i] and e.status == "ok" else e for i, e in enumerate(evidence)
        )

    def tracked(self, window: Summaries) -> tuple[FloatArray, FloatArray]:
        """What a :class:`~miops_collector.statistics.scan.history.History` keeps of a window, for all ``columns``."""
        vector, numeric = _effective(window), self.is_numeric
        means, rows = np.zeros((len(numeric), TRACKED)), np.zeros((len(numeric), 2))
        if self.numeric is not None:
            means[numeric], rows[numeric] = self.numeric.tracked(vector)
        if self.categorical is not None:
            means[~numeric], rows[~numeric] = self.categorical.tracked(vector)
        return means, rows

    @property
    def is_numeric(self) -> NDArray[np.bool_]:
        """``(columns,)``."""
        return np.array([c.kind == "numeric" for c in self.columns], np.bool_)

    def _strongest(self, vectors: FloatArray, dispersion: Dispersion, wanted: frozenset[str]) -> list[Strongest]:
        numeric, categorical = np.flatnonzero(self.is_numeric), np.flatnonzero(~self.is_numeric)
        found: dict[int, Strongest] = {}
        minimum = self.settings.minimum_rows
        if self.numeric is not None:
            of_these = dispersion.of(numeric)
            tested = self.numeric.evaluate(vectors, of_these, self.settings)
            enough = _enough(tested["missing"].rows, of_these, self.numeric.counts, minimum)
            tested = {name: t for name, t in tested.items() if name in wanted}
            found |= dict(zip(numeric.tolist(), strongest(tested, NUMERIC_WEIGHTS, enough), strict=True))
        if self.categorical is not None:
            of_these = dispersion.of(categorical)
            tested = self.categorical.evaluate(vectors, of_these, self.settings)
            enough = _enough(tested["missing"].rows, of_these, self.categorical.counts, minimum)
            tested = {name: t for name, t in tested.items() if name in wanted}
            found |= dict(zip(categorical.tolist(), strongest(tested, CATEGORICAL_WEIGHTS, enough), strict=True))
        return [found[i] for i in range(len(self.columns))]

    def _evidence(
        self, i: int, log_p: float, found: Strongest, decided: Discoveries, look_backs: Sequence[tuple[int, Summaries]]
    ) -> ColumnEvidence:
        column, count = self.columns[i], len(self.columns)
        windows, summaries = look_backs[found.look_back]
        rejected = bool(decided.rejected[i])
        stays = rejected or log_p < log(min(STAY * self.settings.alpha * float(decided.rank[i]) / count, 1.0))
        told = explain(column, found, windows, self.reference, summaries) if stays else ("", "")
        return ColumnEvidence(
            column=column.name, role=column.role, kind=column.kind,
            status=_status(found, rejected=rejected, stays=stays),
            log_p_value=log_p, p_value=float(np.exp(log_p)),
            statistic=found.statistic, look_back=windows,
            effect=found.effect, effect_low=found.low, effect_high=found.high,
            n=found.rows, n_reference=found.rows_reference, dispersion=found.dispersion,
            threshold=float(decided.threshold[i]), rejected=rejected, stays=stays, cause=told[0], what=told[1],
        )  # fmt: skip


def _effective(summaries: Summaries) -> FloatArray:
    """Counts as if of independent rows of weight 1: what is said of them is worth Kish's number of rows."""
    sums = summaries.volume.sums
    weight, squares = float(sums[1]), float(sums[2])
    return summaries.vector * (weight / squares) if squares > 0.0 else summaries.vector


def _enough(rows: FloatArray, dispersion: Dispersion, reference: FloatArray, minimum: float) -> NDArray[np.bool_]:
    """Which columns have enough effective rows at some look-back, and in the reference."""
    effective = rows / dispersion.factor(LOCATION, rows)
    return np.asarray((effective >= minimum).any(axis=0) & (reference >= minimum))


def _status(found: Strongest, *, rejected: bool, stays: bool) -> Status:
    if not found.enough:
        return "insufficient_data"
    return "alert" if rejected else "warning" if stays else "ok"
