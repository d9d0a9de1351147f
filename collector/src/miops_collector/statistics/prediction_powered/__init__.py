"""How right a model is where the truth of only some rows is known: few labels made precise by many predictions.

Prediction-powered inference (PPI++). Of every row of a window it can be predicted how large its loss is: by the
reference, from its score and decision, or from the number it predicted. The mean over all rows is precise but as wrong
as the reference is old; on the labelled rows it shows how wrong, and is set right:

::

    estimate = mean loss of labelled rows + λ (mean predicted loss of the other rows - of the labelled rows)
    variance = Var(loss - λ predicted loss) / n labelled + λ² Var(predicted loss) / N others

``λ`` (power tuning) makes the variance smallest: it goes to 0 where predictions say nothing of the losses, and the
estimate is that of the labelled rows alone. Everything is a sum over the bins that a window keeps anyway.

All estimates assume, and fail without:

- that rows are labelled at random *within the window*: truth that comes first for some outcomes biases them as it
  biases what is known of labelled rows alone. ``labelled_difference`` sees where labelled rows have other scores or
  decisions than the rest; what hides behind equal scores it cannot see;
- enough labels for a normal approximation. Of shares 30 are enough in simulations (coverage 94 % and more, at 0.7 to 1
  times the width that labels alone have), where the interval is Wilson's of the effective number of rows; with fewer
  than five labelled rows on either side ``λ`` is 0. Means of losses are skewed, and need hundreds where a few large
  ones make the mean: of errors with the tails of t₅ times a gamma, the interval of ``rmse`` covered 83 % with 100
  labels and 91 % with 500, that of ``mae`` 92 % and 96 %.

They do *not* assume that scores mean what they meant: under concept drift ``λ`` falls and intervals widen, and they
still hold. That is what they have over :mod:`~miops_collector.statistics.estimated_performance`.

Areas under curves of a ranking (``roc_auc``, ``average_precision``) are no means of rows: there ``y`` is the
pseudo-value of a row (jackknife). MAPE, R² and RMSE are functions of means: there ``y`` is by how much a row moves them
(delta method).

Not made: Brier score and log loss of several classes (losses of whole rows are not kept by bin).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import isfinite
from typing import Any

from miops_collector.statistics._statistic import Statistic
from miops_collector.statistics.prediction_powered._losses import ScoredLosses
from miops_collector.statistics.prediction_powered._tuned import Powered, loss_interval, share_interval

__all__ = ["Powered", "ScoredLosses", "complete"]


def complete(found: Iterable[Statistic]) -> Iterator[Statistic]:
    """With the companions that follow from what a file estimates, unless it has its own."""
    for s in found:
        yield s if s.estimate is None else _completed(s)


def _completed(s: Statistic) -> Statistic:
    estimate, of = s.estimate, share_interval if isfinite(s.about.bounds[1]) else loss_interval
    assert estimate is not None

    def standard_error(window: Any) -> float:
        return float(estimate(window).standard_error)

    def interval(window: Any) -> tuple[float, float]:
        return of(estimate(window))

    return replace(s, standard_error=standard_error, interval=s.interval or interval)
