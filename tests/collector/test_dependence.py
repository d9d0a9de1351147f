from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from miops_collector.config import AlarmConfig
from miops_collector.dependence import Dependence, learning_windows, look_backs_of
from miops_collector.engine import Engine
from miops_collector.layout import Layout, Summaries
from miops_collector.settings import settings_of
from miops_collector.statistics.scan import Scan, ScanSettings
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ObservationQuery
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import parse_length
from tests.collector.little_model import DAY, HOUR, START, Clock, _mixed, config, predictions, reference, spread
from tests.collector.statistics.scan.simulate import Numbers, counts_of, normal
from tests.collector.test_alarming import settle


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def world() -> tuple[Scan, np.ndarray]:
    numbers = Numbers(2, 2000)
    layout, summaries = numbers.draw(np.random.default_rng(3))
    return Scan.of(layout, summaries, ScanSettings()), np.stack([numbers.chances(c, normal()) for c in layout.columns])


def noted(world: tuple[Scan, np.ndarray], hours: int, *, seed: int = 5) -> Dependence:
    scan, chances = world
    rng = np.random.default_rng(seed)
    dependence = Dependence(scan, HOUR)
    for i in range(hours):
        dependence.note((i + 1) * HOUR, counts_of(scan.layout, chances, 200, rng), ())
    return dependence


@pytest.mark.parametrize(("length", "windows"), [("1m", 720), ("1h", 168), ("6h", 28), ("1d", 14), ("30d", 8)])
def test_a_week_is_learned_from_and_two_of_days(length: str, windows: int) -> None:
    assert learning_windows(parse_length(length)) == windows


def test_windows_of_hours_are_looked_back_at_a_week_so_that_weekly_seasons_are_not_drift() -> None:
    assert look_backs_of(HOUR) == (1, 2, 4, 8, 24, 168)
    assert look_backs_of(DAY) == (1, 2, 4, 8, 24)


def test_panes_stay_as_long_as_windows_are_looked_back_at() -> None:
    levels = settings_of(config(ageing={"1h": "1d", "1d": "4d"})).levels

    assert levels == ((5 * HOUR // 60, 48 * HOUR), (HOUR, 192 * HOUR), (DAY, 0))


def test_nothing_is_known_until_it_was_learned(world: tuple[Scan, np.ndarray]) -> None:
    assert noted(world, 167).dispersion is None
    assert noted(world, 167).progress == (167, 168)
    assert noted(world, 168).dispersion is not None
    assert noted(world, 168).progress == (168, 168)


def test_it_is_told_by_column_and_look_back(world: tuple[Scan, np.ndarray]) -> None:
    learned = noted(world, 168)

    told = learned.by_column

    assert noted(world, 167).by_column == {}
    assert [*told] == [c.name for c in world[0].columns]
    assert learned.dispersion is not None
    assert [*told[world[0].columns[0].name]] == [*learned.dispersion.look_backs]
    assert [max(of.values()) for of in told.values()] == learned.dispersion.factors[..., :2].max(axis=(0, 2)).tolist()


def test_it_stays_until_the_history_has_doubled(world: tuple[Scan, np.ndarray]) -> None:
    first, later, doubled = (noted(world, hours).dispersion for hours in (168, 335, 336))

    assert first is not None
    assert later is not None
    assert doubled is not None
    np.testing.assert_array_equal(first.factors, later.factors)
    assert first.look_backs == (1, 2, 4, 8, 24)
    assert doubled.look_backs == (1, 2, 4, 8, 24, 168)


def test_a_restart_continues_where_it_was(world: tuple[Scan, np.ndarray]) -> None:
    scan, chances = world
    whole, before = noted(world, 400), noted(world, 335)
    after = Dependence(scan, HOUR)
    after.load(before.to_json())
    rng = np.random.default_rng(5)
    for i in range(400):
        after.note((i + 1) * HOUR, counts_of(scan.layout, chances, 200, rng), ())

    assert after.to_json() == whole.to_json()


def test_windows_with_an_open_alarm_do_not_count(world: tuple[Scan, np.ndarray]) -> None:
    scan, chances = world
    numbers = Numbers(2, 2000)
    wild = np.stack([numbers.chances(c, normal(1.0)) for c in scan.layout.columns])
    learned = []
    for alarming in ((), ("c0",)):
        rng, dependence = np.random.default_rng(6), Dependence(scan, HOUR)
        for i in range(336):
            drifted = i >= 300
            window = counts_of(scan.layout, wild if drifted else chances, 200, rng)
            dependence.note((i + 1) * HOUR, window, alarming if drifted else ())
        assert dependence.dispersion is not None
        learned.append(dependence.dispersion.factors[0, :, 0])

    assert learned[0].min() > 10.0
    assert learned[1][0] < 1.3
    assert learned[1][1] > 10.0


def test_a_layout_without_columns_is_learned_in_silence() -> None:
    layout = Layout("regression", ())
    scan = Scan.of(layout, Summaries.none(layout), ScanSettings())
    dependence = Dependence(scan, HOUR)
    for i in range(170):
        dependence.note((i + 1) * HOUR, Summaries.none(layout), ())

    assert dependence.known((1, 2)) == (1, 2)


# --- through the engine ---------------------------------------------------------------------------------------------


def serve(first: int, hours: int, engine: Engine, *, shift: float = 0.0, below: float = 1.0) -> None:
    """Sixty rows an hour, ``x`` as in the reference, or shifted, or only its smaller values."""
    numbers = np.arange(first * 1000, first * 1000 + hours * 600)
    chosen = numbers[_mixed(numbers, 3) < below][: hours * 60]
    engine.append([predictions(chosen.tolist(), spread(hours * 60, START + first * HOUR, hours * HOUR), shift=shift)])


def raised(engine: Engine) -> set[tuple[str, str]]:
    alerts = [a for a in engine.report.alerts if a.rule == "drift" and a.state == "firing"]
    return {(a.column, str(a.evidence["statistic"])) for a in alerts}


def test_while_it_is_learned_only_what_should_not_be_there_opens_an_alarm(store: DuckDBStore) -> None:
    engine = Engine(store, config(), clock=Clock(START + 1000 * DAY))
    engine.append([reference()])
    serve(0, 10, engine, below=0.6)
    settle(engine)

    assert raised(engine) == set()
    query = ObservationQuery(metric="miops.drift.psi", column="x", window="1h")
    assert {o.status for o in store.observations(query)[0]} == {"warning"}

    serve(10, 10, engine, shift=30.0)
    settle(engine)
    assert raised(engine) == {("x", "range")}
    (plan,) = engine.report.plans  # of the twenty hours the newest is not complete yet
    assert (plan.learned, plan.to_learn, plan.window) == (19, 168, "1h")


def test_without_learning_every_statistic_opens_one_at_once(store: DuckDBStore) -> None:
    engine = Engine(store, config(alarms=AlarmConfig(dependence="none")), clock=Clock(START + 1000 * DAY))
    engine.append([reference()])
    serve(0, 10, engine, below=0.6)
    settle(engine)

    ((column, statistic),) = raised(engine)
    assert (column, statistic in ("location", "shape")) == ("x", True)


def test_what_is_learned_survives_a_restart(store: DuckDBStore) -> None:
    clock = Clock(START + 1000 * DAY)
    first = Engine(store, config(), clock=clock)
    first.append([reference()])
    serve(0, 180, first)
    settle(first)
    first.close()

    second = Engine(store, config(), clock=clock)
    second.restore()
    serve(180, 10, second, below=0.6)
    settle(second)

    ((column, statistic),) = raised(second)
    assert (column, statistic in ("location", "shape")) == ("x", True)
