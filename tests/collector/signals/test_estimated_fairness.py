"""The estimated-fairness signal."""

from __future__ import annotations

import numpy as np
import pytest

from miops_collector.layout import Summaries
from miops_collector.signals.estimated_fairness import estimated_fairness
from tests.collector.signals.models import BINARY, CONTEXT, MULTICLASS, named, summaries


def model(*, labelled: float = 1.0, men: float = 1.0) -> Summaries:
    """Women and men alike, 200 each, four bins of the score."""
    truth = np.zeros((2, 4, 2, 2))
    truth[:, 0, 0], truth[:, 1, 0], truth[:, 2, 1], truth[:, 3, 1] = [72, 8], [12, 8], [16, 24], [6, 54]
    truth[1] *= men
    return summaries(BINARY, {"scores.groups.0": truth.sum(axis=3), "labelled.scores.groups.0": truth * labelled})


def test_rates_of_groups_need_no_truth_in_the_window() -> None:
    found = tuple(estimated_fairness(CONTEXT, model(), model(labelled=0.0)))

    women = named(found, "estimated_fairness.true_positive_rate", sensitive_feature="SEX", group="1")
    assert women.value == pytest.approx(78 / 94, abs=0.01)
    assert (women.n, women.n_reference, women.status, women.reason) == (200, 200, "ok", "")
    assert women.reference == women.value
    assert 0.02 < women.standard_error < 0.08
    gap = named(found, "estimated_fairness.equal_opportunity_difference", sensitive_feature="SEX")
    assert gap.value == pytest.approx(0.0, abs=1e-9)
    assert gap.standard_error == pytest.approx(np.sqrt(2) * women.standard_error)


def test_a_small_group_and_one_without_truth_in_the_reference_say_so() -> None:
    small = tuple(estimated_fairness(CONTEXT, model(), model(men=0.05)))
    unlearnt = tuple(estimated_fairness(CONTEXT, model(labelled=0.01), model()))

    men = named(small, "estimated_fairness.precision", sensitive_feature="SEX", group="2")
    assert (men.status, men.reason) == (
        "insufficient_data",
        "the group has 10 rows, fewer than 20: it is not compared",
    )
    assert {o.reason for o in unlearnt if o.group and o.sensitive_feature == "SEX"} == {
        "the group has fewer than 20 labelled rows with a score in the reference"
    }
    assert all(np.isnan(o.value) for o in unlearnt)


def test_there_is_nothing_without_a_reference_or_scores_of_a_positive_class() -> None:
    assert list(estimated_fairness(CONTEXT, None, model())) == []
    assert list(estimated_fairness(CONTEXT, summaries(MULTICLASS, {}), summaries(MULTICLASS, {}))) == []
