"""First guesses at what happened: named when they fit, and not when they do not."""

import numpy as np
import pytest

from miops_collector.statistics.scan import Scan, ScanSettings
from miops_collector.statistics.scan.cause import guess_cause
from miops_collector.statistics.scan.units import FACTORS
from tests.collector.statistics.scan.streams import layout_of, summarise


def guess(reference, current):
    layout = layout_of({"x": reference})
    return guess_cause(layout.columns[0], summarise(layout, {"x": reference}), summarise(layout, {"x": current}))


@pytest.fixture
def ages():
    rng = np.random.default_rng(7)
    return rng.integers(16, 95, 5000).astype(float), rng.integers(16, 95, 500).astype(float)


@pytest.mark.parametrize("factor", [f for size in FACTORS for f in (size, 1 / size)])
def test_every_factor_is_recognised_when_all_values_have_it(ages, factor):
    cause = guess(ages[0], factor * ages[1])

    size, sign = (factor, "×") if factor > 1 else (1 / factor, "÷")
    assert cause.kind == "unit_change"
    assert f"100% of the values look {sign}{size:.6g} " in cause.words


@pytest.mark.parametrize(("factor", "text"), [(12.0, "×12"), (1000.0, "×1000"), (0.01, "÷100"), (1 / 12, "÷12")])
def test_a_part_that_leaves_the_range_is_recognised(ages, factor, text):
    now = ages[1].copy()
    now[::5] *= factor

    cause = guess(ages[0], now)

    assert cause.kind == "unit_change"
    assert text in cause.words


def test_a_shift_a_factor_nobody_uses_and_values_around_zero_are_no_change_of_unit(ages):
    rng = np.random.default_rng(8)
    reference, now = ages

    assert guess(reference, now + 30).kind == "out_of_range"
    assert guess(reference, 4.6 * now).kind == "out_of_range"
    assert guess(rng.normal(size=5000), 12 * rng.normal(size=500)).kind == "out_of_range"


def test_values_beyond_both_ends_and_infinities_are_only_out_of_range(ages):
    reference, now = ages
    both, infinite = now.copy(), now.copy()
    both[:50], both[50:100] = -500.0, 700.0
    infinite[:100] = np.inf

    assert guess(reference, both).kind == "out_of_range"
    assert guess(reference, infinite).kind == "out_of_range"


def test_outlying_values_of_the_other_sign_are_no_change_of_unit(ages):
    reference, now = ages
    negative = now.copy()
    negative[:100] = -999.0

    assert guess(reference, negative).kind == "out_of_range"


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_range_that_ends_at_zero_is_no_change_of_unit(sign):
    reference = sign * np.arange(1000.0)
    now = reference.copy()
    now[:50] = -5000.0 * sign

    assert guess(reference, now).kind == "out_of_range"


def test_one_constant_value_is_stuck_and_no_change_of_unit(ages):
    assert guess(ages[0], np.full(300, 50.0)).kind == "stuck_value"


def test_a_few_bins_cannot_tell_a_stuck_value():
    assert guess(np.array([1.0, 2.0, 3.0] * 100), np.full(300, 2.0)) is None


def test_no_change_has_no_cause_and_nothing_at_all_neither(ages):
    assert guess(*ages) is None
    assert guess(ages[0], np.empty(0)) is None


def test_the_sentence_about_a_shape_names_what_changed_most():
    """Two bumps instead of one, at the same mean and spread."""
    rng = np.random.default_rng(9)
    reference = {"x": rng.normal(size=10_000)}
    layout = layout_of(reference)
    scan = Scan.of(layout, summarise(layout, reference), ScanSettings())
    bumps = np.sign(rng.normal(size=1000)) * rng.normal(0.95, 0.3, 1000)

    (found,) = scan.evaluate([(1, summarise(layout, {"x": bumps}))])

    assert (found.rejected, found.statistic) == (True, "shape")
    assert "x changed shape by" in found.what
    assert "(shape) in the last window: share between" in found.what


@pytest.mark.parametrize(("side", "text"), [(-1, "share below -"), (1, "share above ")])
def test_the_sentence_about_a_shape_may_name_what_is_beyond_the_range(side, text):
    rng = np.random.default_rng(10)
    reference = {"x": rng.normal(size=10_000)}
    layout = layout_of(reference)
    # so much tolerance for the other statistics that the shape is the strongest
    scan = Scan.of(layout, summarise(layout, reference), ScanSettings(rate_tolerance=0.5, tolerance=2.0))
    current = rng.normal(size=1000)
    current[:300] = side * 9.0

    (found,) = scan.evaluate([(1, summarise(layout, {"x": current}))])

    assert found.statistic == "shape"
    assert text in found.what


def test_a_range_that_moved_as_a_whole_is_a_shift():
    rng = np.random.default_rng(11)
    before = rng.normal(20.0, 4.0, 5_000)

    up, down = guess(before, rng.normal(22.5, 4.0, 3_000)), guess(before, rng.normal(17.0, 4.0, 3_000))

    assert (up.kind, down.kind) == ("shifted_range", "shifted_range")
    assert up.words.startswith("the whole range moved by +2.")
    assert down.words.startswith("the whole range moved by -")


def test_a_tail_that_grew_is_no_shift_of_the_range():
    rng = np.random.default_rng(12)
    now = np.concatenate((rng.normal(20.0, 4.0, 2_000), rng.normal(31.0, 1.0, 400)))

    cause = guess(rng.normal(20.0, 4.0, 5_000), now)

    assert cause is None or cause.kind != "shifted_range"


def test_a_category_that_holds_nearly_all_rows_is_stuck():
    rng = np.random.default_rng(13)
    words = np.array(["card", "cash", "transfer"])
    before = words[rng.integers(0, 3, 3_000)]

    cause = guess(before, np.where(rng.random(1_000) < 0.97, "cash", before[:1_000]))

    assert cause.kind == "stuck_value"
    assert cause.words.endswith("are stuck at 'cash'")


def test_the_sentence_shows_as_many_digits_as_tell_two_means_apart():
    rng = np.random.default_rng(5)
    then, now = (rng.integers(0, 86_400, n) + 1_794_000_000.0 + late for n, late in ((10_000, 0), (400, 40_000)))
    layout = layout_of({"t": then})
    scan = Scan.of(layout, summarise(layout, {"t": then}), ScanSettings())

    found = scan.evaluate([(1, summarise(layout, {"t": now}))])[0]

    before, after = found.what.partition("mean ")[2].partition(";")[0].split(" → ")
    assert before != after
    assert 30_000 < float(after) - float(before) < 50_000
