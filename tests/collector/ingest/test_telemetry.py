from __future__ import annotations

import pytest

from miops_collector.telemetry import INSTRUMENTS, OwnInstrument, Telemetry


def by_name(telemetry: Telemetry) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    return {m.name: {tuple(p.attributes.items()): p.value for p in m.points} for m in telemetry.snapshot()}


def test_counters_are_there_from_the_start() -> None:
    found = by_name(Telemetry())

    assert found["miops.collector.rows.received"] == {(): 0.0}
    assert set(found) == {f"miops.collector.{own.name}" for own in INSTRUMENTS}


def test_counters_add_up_by_attributes() -> None:
    telemetry = Telemetry()

    telemetry.add("rows.refused", 2, {"a": "x"})
    telemetry.add("rows.refused", 3, {"a": "x"})
    telemetry.add("rows.refused", 5, {"a": "y"})

    assert by_name(telemetry)["miops.collector.rows.refused"] == {(("a", "x"),): 5.0, (("a", "y"),): 5.0}


def test_gauges_are_read_when_asked() -> None:
    telemetry, level = Telemetry(), [1.0]
    telemetry.observe("queue.size", lambda: level[0])
    level[0] = 7.0

    assert by_name(telemetry)["miops.collector.queue.size"] == {(): 7.0}


def test_latency_is_told_as_quantiles_once_there_is_one() -> None:
    telemetry = Telemetry()
    assert by_name(telemetry)["miops.collector.commit.latency"] == {}

    for milliseconds in range(101):
        telemetry.acknowledged(milliseconds / 1000)

    points = list(by_name(telemetry)["miops.collector.commit.latency"].values())
    assert points == pytest.approx([0.05, 0.099])


def test_durations_are_counted_by_length() -> None:
    telemetry = Telemetry()
    for seconds in (0.001, 0.005, 0.2, 60.0):
        telemetry.acknowledged(seconds)

    (metric,) = [m for m in telemetry.snapshot() if m.name == "miops.collector.commit.duration"]

    counts = dict(zip((*metric.bounds, float("inf")), metric.points[0].counts, strict=True))
    assert {bound: count for bound, count in counts.items() if count} == {0.005: 2, 0.25: 1, float("inf"): 1}
    assert metric.points[0].value == pytest.approx(60.206)


def test_unknown_names_are_a_bug() -> None:
    with pytest.raises(KeyError):
        Telemetry().add("rows.lost", 1)


def test_other_parts_may_count_too() -> None:
    telemetry = Telemetry()
    telemetry.register(OwnInstrument("made.up", "counter", "{x}", "Made up"))

    telemetry.add("made.up", 1)

    assert by_name(telemetry)["miops.collector.made.up"] == {(): 1.0}
