"""What sums of errors say, against scikit-learn and numpy over the rows, and laws of how one row moves it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import mean_absolute_percentage_error, r2_score

from miops_collector.statistics import _error_sums as s
from miops_collector.statistics.fairness import mape as mape_by_group
from miops_collector.statistics.fairness import r2 as r2_by_group
from miops_collector.statistics.performance import mape, r2
from miops_collector.summary import ErrorSum, FloatArray, GroupResiduals, Residuals, error_terms

laws = settings(deadline=None, max_examples=60)
PULLS: dict[Callable[[FloatArray], FloatArray], Callable[[FloatArray], s.Pull]] = {
    s.mean_error: lambda _: s.pull_of_error(),
    s.mean_size: lambda _: s.pull_of_size(),
    s.mean_square: lambda _: s.pull_of_square(),
    s.mean_relative: s.pull_of_relative,
    s.unexplained: s.pull_of_unexplained,
}
every = pytest.mark.parametrize("made", PULLS, ids=lambda made: made.__name__)
numbers = hnp.arrays(np.float64, st.integers(2, 20), elements=st.integers(-30, 30).map(float))


@st.composite
def rows(draw: st.DrawFn) -> tuple[FloatArray, FloatArray]:
    """Errors and truths, zeros and repetitions among them, of which at least two truths are far enough apart."""
    truth = draw(numbers)
    assume(np.ptp(truth) > 0)
    error = draw(hnp.arrays(np.float64, len(truth), elements=st.integers(-20, 20).map(float)))
    return error, truth


@laws
@given(rows(), st.integers(-20, 20))
def test_values_are_those_of_scikit_learn_wherever_the_center_is(
    both: tuple[FloatArray, FloatArray], center: int
) -> None:
    error, truth = both
    there = truth != 0
    residuals = Residuals(center, error_terms(error, truth, center).sum(axis=1))

    assert r2.r2(residuals) == pytest.approx(r2_score(truth, truth + error), rel=1e-9, abs=1e-9)
    assert mape.mape(residuals) == pytest.approx(
        mean_absolute_percentage_error(truth[there], (truth + error)[there]), rel=1e-9
    )


@every
@laws
@given(both=rows(), center=st.integers(-20, 20))
def test_the_square_of_a_pull_is_what_it_says_of_every_row(
    made: Callable[[FloatArray], FloatArray], both: tuple[FloatArray, FloatArray], center: int
) -> None:
    terms = error_terms(*both, center)

    pull = PULLS[made](terms.sum(axis=1))

    np.testing.assert_allclose(pull.square @ terms, (pull.row @ terms) ** 2, rtol=1e-6, atol=1e-6)


@every
@laws
@given(both=rows(), place=st.integers(0, 1))
def test_a_pull_is_by_how_much_one_more_row_moves_the_number(
    made: Callable[[FloatArray], FloatArray], both: tuple[FloatArray, FloatArray], place: int
) -> None:
    terms = error_terms(*both)
    sums, little = terms.sum(axis=1), 1e-6

    moved = (made(sums + little * terms[:, place]) - made(sums)) / little * sums[ErrorSum.WEIGHT]

    pulls = PULLS[made](sums).row @ terms
    assert moved == pytest.approx(pulls[place] - pulls.mean(), rel=1e-3, abs=1e-3)


def test_standard_errors_are_the_scatter_of_the_numbers() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(1500):
        predicted = rng.normal(50, 10, 300)
        truth = 0.9 * predicted + 5 + 3 * rng.standard_t(8, 300)
        residuals = Residuals(20.0, error_terms(predicted - truth, truth, 20.0).sum(axis=1))
        found.append(
            (mape.mape(residuals), mape.standard_error(residuals), r2.r2(residuals), r2.standard_error(residuals))
        )

    of_mape, said_of_mape, of_r2, said_of_r2 = np.array(found).T
    assert said_of_mape.mean() == pytest.approx(of_mape.std(), rel=0.1)
    assert said_of_r2.mean() == pytest.approx(of_r2.std(), rel=0.1)


def test_groups_have_the_numbers_of_their_rows_alone() -> None:
    rng = np.random.default_rng(4)
    truth, group = rng.gamma(2, 50, 900), rng.integers(0, 3, 900)
    predicted = truth * np.exp(rng.normal(0, 0.1 + 0.1 * group))
    sums = [
        error_terms(predicted[group == g] - truth[group == g], truth[group == g], 100.0).sum(axis=1) for g in range(3)
    ]
    groups = GroupResiduals(("sex",), ("f", "m", "x"), 100.0, np.array(sums))

    assert mape_by_group.mape(groups) == pytest.approx(
        [mean_absolute_percentage_error(truth[group == g], predicted[group == g]) for g in range(3)]
    )
    assert r2_by_group.r2(groups) == pytest.approx(
        [r2_score(truth[group == g], predicted[group == g]) for g in range(3)]
    )
    for g, one in enumerate(groups.of_groups()):
        assert mape_by_group.standard_error(groups)[g] == pytest.approx(mape.standard_error(one))
        assert r2_by_group.standard_error(groups)[g] == pytest.approx(r2.standard_error(one))


def test_what_rounding_would_show_in_has_no_standard_error() -> None:
    far = error_terms(np.array([1.0, -1.0, 2.0]), 1e7 + np.array([0.0, 100.0, 200.0])).sum(axis=1)
    huge = error_terms(np.array([1e75, -3e74]), np.array([0.001, 0.002])).sum(axis=1)

    assert float(s.unexplained(far)) == pytest.approx(6 / 20_000, rel=1e-2)
    assert np.isnan(s.standard_error(s.pull_of_unexplained(far), far))
    assert np.isnan(s.standard_error(s.pull_of_unexplained(huge), huge))


def test_truths_of_0_and_those_that_do_not_vary_have_no_number() -> None:
    nothing = error_terms(np.array([1.0, 2.0]), np.zeros(2)).sum(axis=1)

    assert np.isnan(s.mean_relative(nothing))
    assert np.isnan(s.unexplained(nothing))
    assert np.isnan(s.standard_error(s.pull_of_relative(nothing), nothing))
    assert s.mean_size(nothing) == 1.5
