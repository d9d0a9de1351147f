"""Share of positives: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from math import isnan

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import _sensitivity
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, each
from miops_collector.statistics.estimated_performance._uncertainty import error_of_gap

__all__ = ["prevalence_gap", "standard_error"]


@statistic(
    bounds=(-2.0, 2.0),
    higher="neither",
    undefined="no labelled rows have a score, or it is not known what scores mean",
    rests_on="labelled",
)
def prevalence_gap(scores: Calibrated) -> float:
    """How many more rows turned out positive, as a share of all, than their scores had said.

    ::

        gap = Σ (y - q) / n - the same of the reference, over the rows whose truth came
        y = 1 if positive, q = the calibrated score

    0 = as many as were expected, positive = more, negative = fewer; -1 … 1, and whatever the reference left. Of several
    classes that of the class with the largest gap.

    Parameters
    ----------
    scores
        Scores of the window with the truth known so far, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` without labelled rows, or if the scores mean nothing.

    Notes
    -----
    Calibration in the large, the first thing to look at when scores may no longer mean what they meant: it sees every
    row, where ``accuracy_gap`` sees decisions alone and ``brier_gap`` gains at low scores what it loses at high ones
    when chances fall everywhere. Rows are compared with rows of the same score, so a change of the inputs that shows in
    the scores is none here. It sees nothing where some chances rise and others fall by as much: prefer ``brier_gap``
    and ``roc_auc_gap`` for those. What scores that are taken at their word were off by in the reference already is
    taken away; scores that were fitted are right there on average.

    Of several classes the largest of as many gaps is larger than any one of them by chance: who tests it has to pay for
    their number.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> truth = np.array([[[36.0, 4.0], [0, 0]], [[12, 8], [0, 0]], [[0, 0], [12, 8]], [[0, 0], [14, 26]]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2), truth)
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(chance, chance, chance * (1 - chance), pool, np.full(4, 0.001), isotonic=True)
    >>> window = CalibratedScores(scores, learnt)
    >>> round(prevalence_gap(window), 4), round(standard_error(window), 4)
    (-0.1167, 0.038)

    References
    ----------
    E. W. Steyerberg et al., "Assessing the performance of prediction models: a framework for traditional and novel
    measures", Epidemiology 21(1), 2010, doi:10.1097/EDE.0b013e3181c30fb2.
    """
    farthest = _farthest(scores)
    return _gap(farthest) if farthest is not None else float("nan")


def _gap(scores: CalibratedScores) -> float:
    hits = float(scores.scores.labelled[..., 1].sum() - scores.known.by_truth[:, 1].sum())
    return quotient(hits, scores.labelled) - scores.calibration.left


def _farthest(scores: Calibrated) -> CalibratedScores | None:
    """The class with the largest gap, whose error is to be told."""
    known = [c for c in each(scores) if not isnan(_gap(c))]
    return max(known, key=lambda c: abs(_gap(c)), default=None)


def standard_error(scores: Calibrated) -> float:
    """While the calibration holds: the chance of each truth given its score, and of the calibration's own rows."""
    farthest = _farthest(scores)
    return error_of_gap(farthest, _sensitivity.prevalence) if farthest is not None else float("nan")
