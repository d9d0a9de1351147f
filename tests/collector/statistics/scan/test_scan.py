"""What the scan finds, how fast, and how it says so."""

import time
from dataclasses import replace

import numpy as np
import pytest

from miops_collector.layout import Summaries
from miops_collector.statistics.scan import LOOK_BACKS, Dispersion, Scan, ScanSettings
from tests.collector.statistics.scan.streams import layout_of, look_backs, summarise

ROWS = 200
REGIONS = ["north", "east", "south", "west", "islands"]


def rows(rng, n):
    """One window of twelve columns; nothing drifts."""
    columns = {f"x{i}": rng.normal(size=n) for i in range(9)}
    columns["age"] = rng.integers(16, 95, n).astype(float)
    columns["income"] = np.where(rng.random(n) < 0.01, np.nan, rng.lognormal(10, 1, n))
    columns["region"] = rng.choice(np.array(REGIONS, dtype=object), n, p=[0.4, 0.3, 0.2, 0.08, 0.02])
    return columns


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(20)
    reference = rows(rng, 10_000)
    layout = layout_of(reference, roles={"x0": "context"})
    scan = Scan.of(layout, summarise(layout, reference), ScanSettings())
    return scan, [rows(rng, ROWS) for _ in range(24)]


def evidence(world, change, *, windows=1):
    """Evidence after ``change`` was applied to the newest windows, by column."""
    scan, stream = world
    changed = [*stream[:-windows], *(change(dict(w)) for w in stream[-windows:])]
    found = scan.evaluate(look_backs([summarise(scan.layout, w) for w in changed], LOOK_BACKS))
    return {e.column: e for e in found}


def with_column(name, f):
    return lambda w: {**w, name: f(w[name])}


def first(share, f):
    """``f`` of the first rows, as of one segment."""

    def change(x):
        x, k = x.copy(), int(share * len(x))
        x[:k] = f(x[:k])
        return x

    return change


def test_nothing_is_found_when_nothing_drifts(world):
    found = evidence(world, lambda w: w)

    assert {e.status for e in found.values()} == {"ok"}
    assert not any(e.what or e.cause for e in found.values())


def test_half_a_sigma_is_found_in_one_window_of_200_rows(world):
    found = evidence(world, with_column("x3", lambda x: x + 0.5))

    e = found["x3"]
    assert e.rejected
    assert (e.status, e.statistic, e.look_back, e.n, e.n_reference) == ("alert", "location", 1, 200, 10_000)
    assert e.effect_low < 0.5 * 0.977 < e.effect_high
    assert e.p_value <= e.threshold
    assert e.what.startswith("x3 moved up by 0.")
    assert "(location) in the last window: mean" in e.what
    assert [name for name, other in found.items() if other.rejected] == ["x3"]


def test_a_fall_has_a_negative_effect(world):
    e = evidence(world, with_column("x3", lambda x: x - 0.6))["x3"]

    assert e.rejected
    assert e.effect_high < 0
    assert "moved down" in e.what


def test_months_for_years_in_a_fifth_of_the_rows_is_found_in_one_window_and_named(world):
    e = evidence(world, with_column("age", first(0.2, lambda x: 12 * x)))["age"]

    assert (e.rejected, e.look_back, e.cause) == (True, 1, "unit_change")
    assert e.effect == pytest.approx(0.2)
    assert "20% of the values look ×12 (months for years?)" in e.what
    assert "the reference 16 … 94" in e.what


@pytest.mark.parametrize(("factor", "text"), [(12.0, "×12"), (1000.0, "×1000"), (0.01, "÷100")])
def test_a_changed_unit_of_all_rows_is_named(world, factor, text):
    e = evidence(world, with_column("income", lambda x: factor * x))["income"]

    assert (e.rejected, e.cause) == (True, "unit_change")
    assert f"100% of the values look {text} " in e.what


def test_missing_from_1_to_5_percent_is_found_within_4_windows(world):
    e = evidence(world, with_column("income", first(0.05, lambda x: x * np.nan)), windows=4)["income"]

    assert (e.rejected, e.statistic, e.cause) == (True, "missing", "missing_values")
    assert e.effect_low > 0.0


def test_a_column_that_vanishes_is_an_alarm_and_not_too_little_data(world):
    e = evidence(world, with_column("x1", lambda x: x * np.nan))["x1"]

    assert (e.status, e.statistic, e.effect) == ("alert", "missing", 1.0)


def test_a_new_category_is_found_and_named(world):
    e = evidence(world, with_column("region", first(0.03, lambda x: np.full_like(x, "moon"))))["region"]

    assert (e.rejected, e.statistic, e.cause) == (True, "unseen", "new_category")
    assert "0.0% → 3.0%" in e.what


def test_mass_that_moves_between_categories_is_found(world):
    e = evidence(world, with_column("region", lambda x: np.where(x == "north", "east", x)))["region"]

    assert e.rejected
    assert e.statistic == "category"
    assert "'north'" in e.what
    assert e.effect_high < 0


def test_a_wider_spread_is_found(world):
    e = evidence(world, with_column("x2", lambda x: 1.5 * x))["x2"]

    assert (e.rejected, e.statistic) == (True, "spread")
    assert e.effect_low > 0
    assert "wider" in e.what


def test_a_stuck_value_is_named(world):
    e = evidence(world, with_column("x4", first(0.6, lambda x: np.zeros_like(x))))["x4"]

    assert (e.rejected, e.cause) == (True, "stuck_value")


def test_values_of_the_wrong_type_are_rows_without_a_value(world):
    scan, stream = world
    window = summarise(scan.layout, stream[-1])
    cells = scan.layout.blocks["column.x5"].of(window.vector)
    cells[1], cells[2:] = 40, cells[2:] * 0.8

    e = {e.column: e for e in scan.evaluate([(1, window)])}["x5"]

    assert (e.status, e.statistic, e.cause) == ("alert", "missing", "type_fault")


def test_a_small_shift_needs_longer_look_backs(world):
    e = evidence(world, with_column("x6", lambda x: x + 0.15), windows=24)["x6"]

    assert e.rejected
    assert e.look_back > 1


def test_shifts_below_the_tolerance_are_ignored_however_many_rows(world):
    scan, _ = world
    rng = np.random.default_rng(3)
    tolerant = Scan.of(scan.layout, scan.reference, replace(scan.settings, tolerance=0.15))
    many = rows(rng, 400_000)
    many["x3"] = many["x3"] + 0.08
    window = summarise(scan.layout, many)

    at_default = {e.column: e for e in scan.evaluate([(1, window)])}["x3"]
    ignored = {e.column: e for e in tolerant.evaluate([(1, window)])}["x3"]

    assert at_default.log_p_value < np.log(0.01)
    assert ignored.p_value == 1.0


def test_too_few_rows_are_their_own_status(world):
    scan, _ = world
    window = summarise(scan.layout, rows(np.random.default_rng(1), 29))

    assert {e.status for e in scan.evaluate([(1, window)])} == {"insufficient_data"}
    assert {e.status for e in scan.evaluate([(1, window), (2, window + window)])} == {"ok"}


def test_an_empty_window_is_too_little_data(world):
    scan, _ = world

    assert {e.status for e in scan.evaluate([(1, Summaries.none(scan.layout))])} == {"insufficient_data"}


def test_nothing_to_look_at_gives_nothing(world):
    scan, _ = world
    bare = replace(scan.layout, columns=())

    assert scan.evaluate([]) == ()
    assert Scan.of(bare, Summaries.none(bare), ScanSettings()).evaluate([(1, Summaries.none(bare))]) == ()


def test_columns_without_a_reference_are_left_out():
    columns = {"a": np.arange(100.0), "b": np.arange(100.0)}
    layout = layout_of(columns)
    layout = replace(layout, columns=(layout.columns[0], replace(layout.columns[1], edges=(), groups=())))

    scan = Scan.of(layout, Summaries.none(layout), ScanSettings())

    assert [c.name for c in scan.columns] == ["a"]


def test_a_constant_reference_is_quiet_until_the_column_moves():
    reference = {"flag": np.zeros(5000)}
    layout = layout_of(reference)
    scan = Scan.of(layout, summarise(layout, reference), ScanSettings())
    same, other = (summarise(layout, {"flag": np.full(200, v)}) for v in (0.0, 1.0))

    assert scan.evaluate([(1, same)])[0].status == "ok"
    assert scan.evaluate([(1, other)])[0].statistic == "range"


def test_weighted_rows_count_as_kishs_effective_number(world):
    """Every row kept of ten: weight 10 each is worth the rows that were kept, not ten times as many."""
    scan, stream = world
    kept = summarise(scan.layout, {**stream[-1], "x3": stream[-1]["x3"] + 0.5})
    weighted = Summaries(scan.layout, kept.vector * 10.0, kept.extremes)
    scan.layout.blocks["volume"].of(weighted.vector)[:3] = (ROWS, 10.0 * ROWS, 100.0 * ROWS)

    plain, scaled = ({e.column: e for e in scan.evaluate([(1, s)])}["x3"] for s in (kept, weighted))

    assert scaled.log_p_value == pytest.approx(plain.log_p_value)


def test_dispersion_weakens_the_evidence_and_switches_the_chi_square_off(world):
    scan, stream = world
    window = summarise(scan.layout, {**stream[-1], "x3": stream[-1]["x3"] + 0.8})
    plain = Dispersion.none(1, len(scan.columns))
    four = Dispersion(4.0 * plain.factors, plain.reference, plain.freedom)

    independent, dependent, same = (
        {e.column: e for e in scan.evaluate([(1, window)], dispersion=d)}["x3"] for d in (None, four, plain)
    )

    assert independent == same
    assert dependent.dispersion == 4.0
    assert independent.log_p_value < dependent.log_p_value < 0.0
    assert dependent.effect == independent.effect
    assert dependent.effect_high - dependent.effect_low > 1.5 * (independent.effect_high - independent.effect_low)


def test_few_degrees_of_freedom_weaken_the_evidence(world):
    scan, stream = world
    window = summarise(scan.layout, {**stream[-1], "x3": stream[-1]["x3"] + 0.5})
    known = Dispersion.none(1, len(scan.columns))
    guessed = Dispersion(known.factors, known.reference, np.full_like(known.freedom, 6.0))

    sure, unsure = ({e.column: e for e in scan.evaluate([(1, window)], dispersion=d)}["x3"] for d in (known, guessed))

    assert sure.log_p_value < unsure.log_p_value


def test_more_columns_cost_little_time(world):
    """Fifty columns at five look-backs: about 3 ms on one core; the bound is for busy machines."""
    rng = np.random.default_rng(5)
    reference = {f"c{i}": rng.normal(size=2000) for i in range(50)}
    layout = layout_of(reference)
    summaries = summarise(layout, reference)
    scan = Scan.of(layout, summaries, ScanSettings())
    backs = [(d, summaries) for d in LOOK_BACKS]

    spent = []
    for _ in range(5):
        begin = time.perf_counter()
        scan.evaluate(backs)
        spent.append(time.perf_counter() - begin)

    assert min(spent) < 0.05


def test_a_model_of_categories_only():
    rng = np.random.default_rng(6)
    draw = lambda n, p: {"plan": rng.choice(np.array(["a", "b"], dtype=object), n, p=p)}  # noqa: E731
    reference = draw(5000, [0.7, 0.3])
    layout = layout_of(reference)
    scan = Scan.of(layout, summarise(layout, reference), ScanSettings())

    same, moved = (scan.evaluate([(1, summarise(layout, draw(500, p)))])[0] for p in ([0.7, 0.3], [0.5, 0.5]))

    assert (same.status, moved.status) == ("ok", "alert")


def test_a_warning_comes_before_the_alarm_and_opens_none(world):
    scan, stream = world
    patient = replace(scan, settings=replace(scan.settings, budget_per_month=1e-9, warnings_per_month=30.0))
    deaf = replace(scan, settings=replace(scan.settings, budget_per_month=1e-9, warnings_per_month=1e-9))
    window = summarise(scan.layout, {**stream[-1], "x3": stream[-1]["x3"] + 0.6})

    warned, silent = ({e.column: e for e in s.evaluate([(1, window)])}["x3"] for s in (patient, deaf))

    assert (warned.status, warned.rejected, warned.stays) == ("warning", False, False)
    assert silent.status == "ok"
    assert warned.log_p_value == silent.log_p_value
