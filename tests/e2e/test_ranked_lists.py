"""Fairness of a ranking through the front door: events of any SDK in, exposure by group out, as lists say it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from miops import semconv
from tests.collector.otlp.payloads import events
from tests.collector.statistics.test_exposure import by_list, drawn
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.credit import START

MODEL, LISTS, SECOND = "offers", 150, 1_000_000_000


def send(collector: CollectorProcess, shown: list[str]) -> int:
    """One event per row, the rows of all lists shuffled over three requests; how many rows."""
    rows = [(at, place, word) for at, word in enumerate(shown) for place in range(len(word))]
    order = np.random.default_rng(2).permutation(len(rows))
    for chosen in np.array_split(order, 3):
        records = b"".join(_event(*rows[i]) for i in chosen)
        answer = ask(f"http://{collector.http}/v1/logs", records, kind="application/x-protobuf")
        assert (answer.status, answer.body) == (200, b"")
    return len(rows)


def _event(at: int, place: int, word: str) -> bytes:
    """A request of one event; several, one after the other, are one request of all."""
    told = {
        semconv.MODEL_NAME: MODEL, semconv.MODEL_TASK: semconv.RANKING, semconv.MODEL_SENSITIVE_FEATURES: ["sex"],
        semconv.PREDICTION_ID: f"{at}/{place}", semconv.PREDICTION_VALUE: float(-place),
        f"{semconv.CONTEXT_PREFIX}sex": word[place], semconv.LIST_POSITION: place + 1, semconv.LIST_SIZE: len(word),
    }  # fmt: skip
    return events(semconv.EVENT_PREDICTION, told, time_unix_nano=START + at * SECOND)


def test_exposure_by_group_is_what_the_lists_say_however_their_rows_came(tmp_path: Path) -> None:
    shown = drawn(np.random.default_rng(8), LISTS)
    with running_collector(tmp_path, windows=["1h"], reference_rows=500) as collector:
        count = send(collector, shown)
        collector.settle()
        found = {
            (o["metric"].removeprefix("miops.fairness."), o["group"] or ""): o
            for o in collector.observations(f"model={MODEL}")
            if o["sensitive_feature"] == "sex"
        }

    for group in "FM":
        exposure = found["exposure", group]
        assert exposure["value"] == pytest.approx(by_list(shown, group), rel=1e-9)
        assert exposure["low"] < exposure["value"] < exposure["high"]
        assert found["top_ten_presence", group]["value"] == pytest.approx(by_list(shown, group, 10), rel=1e-9)
    assert found["exposure", "F"]["n"] + found["exposure", "M"]["n"] == count
    gaps = sorted(by_list(shown, group) for group in "FM")
    assert found["exposure_ratio", ""]["value"] == pytest.approx(gaps[0] / gaps[1])
    assert found["exposure_difference", ""]["value"] == pytest.approx(gaps[1] - gaps[0])
