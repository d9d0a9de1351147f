from math import isnan, nan

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from miops_collector.statistics.sequential.normal_mixture import critical_z, log_running_p_value, running_p_value


@pytest.mark.parametrize(("z", "rows"), [(3.0, 40.0), (4.5, 1000.0), (6.0, 200.0)])
def test_it_is_one_over_the_half_normal_mixture_of_likelihood_ratios(z, rows):
    s = z * rows**0.5
    wealth = quad(lambda d: 2 * norm.pdf(d, scale=50**-0.5) * np.exp(d * s - d * d * rows / 2), 0, 2, epsrel=1e-10)[0]

    assert running_p_value(z, rows) == pytest.approx(1 / wealth, rel=1e-6)


def test_looking_after_every_row_does_not_raise_false_alarms():
    """2,000 quiet streams, looked at 3,000 times each; a fixed test at the same level would alarm in most."""
    rng = np.random.default_rng(1)
    level, rows = 0.02, np.arange(1, 3001)
    z = rng.normal(size=(2000, 3000)).cumsum(axis=1) / np.sqrt(rows)
    bound = np.array([critical_z(level, float(n)) for n in rows])

    crossed = (z >= bound).any(axis=1).mean()
    peeking = (z >= norm.isf(level)).any(axis=1).mean()

    assert 0.2 * level < crossed <= level + 3 * (level / 2000) ** 0.5
    assert peeking > 8 * level


def test_critical_z_is_where_the_p_value_reaches_the_level():
    for rows in (30.0, 200.0, 5000.0):
        assert running_p_value(critical_z(1e-5, rows), rows) == pytest.approx(1e-5, rel=1e-3)


def test_evidence_for_the_better_is_no_evidence():
    assert running_p_value(-5.0, 1000.0) == 1.0


def test_the_undefined_is_nan():
    assert isnan(log_running_p_value(nan, 100.0))
    assert isnan(log_running_p_value(1.0, 0.0))


def test_unlimited_rows_and_evidence_stay_finite():
    assert log_running_p_value(300.0, 1e12) < -40_000
