"""One module, one component, one name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from miops_collector import _discovery
from miops_collector.statistics import families, statistics_of
from miops_collector.summary import ClassScores, Frequencies, Groups, Histogram, Moments, ScoreHistogram

REQUIRED = {
    "calibration": "expected_calibration_error",
    "confidence": "mean entropy low_confidence_share",
    "drift": "psi jensen_shannon hellinger wasserstein kolmogorov_smirnov chi_square l_infinity",
    "estimated_performance": "accuracy balanced_accuracy precision recall f1 specificity roc_auc average_precision "
    "matthews brier accuracy_gap precision_gap recall_gap f1_gap specificity_gap roc_auc_gap brier_gap mae rmse mape "
    "r2 bias mae_gap bias_gap rmse_gap mape_gap r2_gap log_loss_gap average_precision_gap balanced_accuracy_gap "
    "matthews_gap prevalence_gap",
    "estimated_fairness": "accuracy precision true_positive_rate false_positive_rate mae rmse mape r2 bias",
    "fairness": "selection_rate group_rows demographic_parity_difference demographic_parity_ratio "
    "equal_opportunity_difference equalized_odds_difference predictive_parity_difference mae rmse mape r2 bias",
    "latency": "p50 p95 p99 mean variance",
    "performance": "accuracy balanced_accuracy precision recall f1 specificity roc_auc average_precision log_loss "
    "brier matthews mae rmse mape r2 bias decay_rate",
    "quality": "missing_share out_of_range_share unseen_share type_fault_share constant duplicate_share error_rate"
    " unknown_truth_share",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "found"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder changes faster than the clock of the cache
    yield folder
    for name in [m for m in sys.modules if m == "found" or m.startswith("found.")]:
        del sys.modules[name]


def test_the_first_version_has_every_statistic_it_promises() -> None:
    for family, names in REQUIRED.items():
        assert set(names.split()) <= {s.name for s in statistics_of(family)}
    assert set(REQUIRED) <= set(families())


def test_packages_that_hold_no_statistics_are_no_family() -> None:
    assert "scan" not in families()


def test_metric_is_named_after_family_and_file() -> None:
    assert "miops.drift.psi" in {s.metric for s in statistics_of("drift")}


def test_kind_of_summary_is_read_from_the_signature() -> None:
    of = ("drift", "quality", "performance", "fairness")
    by_name = {s.name: s for f in reversed(of) for s in statistics_of(f)}

    assert by_name["psi"].takes == (Histogram, Frequencies)
    assert by_name["wasserstein"].takes == (Histogram,)
    assert by_name["constant"].takes == (Moments, Frequencies)
    assert by_name["roc_auc"].takes == (ScoreHistogram, ClassScores)
    assert by_name["psi"].compares
    assert by_name["decay_rate"].compares
    assert by_name["decay_rate"].options == ("days",)
    assert by_name["chi_square"].options == ()
    assert by_name["selection_rate"].per_group
    assert by_name["selection_rate"].takes == (Groups,)
    assert by_name["psi"].p_value is not None
    assert by_name["psi"].standard_error is None


def test_public_modules_are_found_and_private_ones_are_not(package: Path) -> None:
    (package / "second.py").write_text("second = 2")
    (package / "first.py").write_text("first = 1")
    (package / "_hidden.py").touch()
    (package / "inner").mkdir()
    (package / "inner" / "__init__.py").touch()

    found = _discovery.modules("found")

    assert list(found) == ["first", "second"]
    assert [_discovery.component(m) for m in found.values()] == [1, 2]
    assert _discovery.subpackages("found") == ("inner",)


def test_a_module_without_its_component_is_an_error_that_says_so(package: Path) -> None:
    (package / "lonely.py").write_text("other = 1")

    with pytest.raises(LookupError, match=r"'found\.lonely' defines no 'lonely'"):
        _discovery.component(_discovery.modules("found")["lonely"])
