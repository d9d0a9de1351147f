"""The confidence signal."""

from __future__ import annotations

from miops_collector.signals.confidence import confidence
from tests.collector.signals.models import CONTEXT, REGRESSION, binary, named, summaries


def test_a_classifier_needs_no_truth_to_say_how_sure_it_is() -> None:
    observations = tuple(confidence(CONTEXT, binary(2), binary(labelled=0.0)))

    assert named(observations, "confidence.mean").value == 0.855
    assert named(observations, "confidence.mean").reference == 0.855
    assert named(observations, "confidence.entropy").value == 0.4
    assert named(observations, "confidence.low_confidence_share").value == 0.12


def test_a_regression_has_none() -> None:
    assert list(confidence(CONTEXT, None, summaries(REGRESSION, {}))) == []
