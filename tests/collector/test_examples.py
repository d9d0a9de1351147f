from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from miops_collector.alerts import DRIFT, QUALITY
from miops_collector.compared_with import Reference
from miops_collector.engine import Engine
from miops_collector.examples import examples_of, looked_back, traces_of
from miops_collector.layout import ColumnLayout
from miops_collector.report import Alert
from miops_collector.schema import FAULT_SUFFIX
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import Window
from tests.collector.little_model import CONFIG, HOUR, MODEL, START, Clock, predictions, reference, spread, truth

NOW = Window(START + HOUR, START + 2 * HOUR)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """200 rows in each of two hours; in the second ``c`` is mostly ``d`` or ``b``, and ``x`` is wild or missing."""
    store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    engine = Engine(store, CONFIG, clock=Clock(START + 3 * HOUR))
    engine.append([reference(), predictions(range(200), spread(200, START, HOUR))])
    rows = predictions(range(200, 400), spread(200, NOW.start, HOUR))
    columns = {
        "feature.x": [[None, -1e6, 1e6, 50.0][i % 4] for i in range(200)],
        "feature.c": ["d" if i % 10 == 0 else "b" for i in range(200)],
        "feature.x" + FAULT_SUFFIX: ["many" if i % 40 == 0 else None for i in range(200)],
        "value_number": [1.0] * 200,
    }
    table = rows.table
    for name, values in columns.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, [values]) if at >= 0 else table.append_column(name, [values])
    engine.append([type(rows)(**{**{f: getattr(rows, f) for f in rows.__slots__}, "table": table})])
    engine.tick()
    yield engine
    engine._store.close()


def alert(column: str, statistic: str, effect: float = 1.0, *, rule: str = DRIFT, look_back: int = 1) -> Alert:
    evidence: Mapping[str, float | str] = {"statistic": statistic, "effect": effect, "look_back": look_back}
    return Alert(rule, "m", MODEL, "firing", 0, 0.0, 0.0, "critical", NOW, column=column, evidence=evidence)


def shown(engine: Engine, a: Alert) -> list[dict[str, Any]]:
    watched = engine._watched[MODEL]
    given = watched.model.reference
    assert isinstance(given, Reference)
    column = next((c for c in given.layout.columns if c.name == a.column), None)
    ids = examples_of(a, engine._store, column, given.summaries, watched.model.window(looked_back(a)))
    found = [engine._store.prediction(i) for i in ids]
    return [p for p in found if p is not None]


def values(engine: Engine, a: Alert) -> set[Any]:
    return {p["features"].get(a.column, p.get("value")) for p in shown(engine, a)}


def test_there_are_a_few_the_newest_first(engine: Engine) -> None:
    found = shown(engine, alert("x", "missing"))

    assert len(found) == 5
    assert [p["time"] for p in found] == sorted((p["time"] for p in found), reverse=True)


def test_missing_values_are_shown_by_rows_without_one(engine: Engine) -> None:
    assert values(engine, alert("x", "missing")) == {None}


def test_fewer_missing_values_are_shown_by_rows_with_one(engine: Engine) -> None:
    assert None not in values(engine, alert("x", "missing", -0.1))


def test_a_column_that_no_prediction_has_is_shown_by_any_of_them(engine: Engine) -> None:
    ghost = ColumnLayout("ghost", "feature.ghost", "feature", "numeric", edges=(0.0, 1.0), groups=(0,))
    watched = engine._watched[MODEL]
    given = watched.model.reference
    assert given is not None
    current = watched.model.window(NOW)

    assert len(examples_of(alert("ghost", "missing"), engine._store, ghost, given.summaries, current)) == 5


def test_what_is_out_of_range_is_shown_on_either_side(engine: Engine) -> None:
    assert values(engine, alert("x", "range")) == {1e6}


@pytest.mark.parametrize("statistic", ["location", "spread", "shape"])
@pytest.mark.parametrize(("effect", "value"), [(0.5, 1e6), (-0.5, -1e6)])
def test_a_shift_is_shown_by_the_outer_values_on_the_side_that_grew(
    engine: Engine, statistic: str, effect: float, value: float
) -> None:
    assert values(engine, alert("x", statistic, effect)) == {value}


def test_an_unseen_category_is_shown_by_its_rows(engine: Engine) -> None:
    assert values(engine, alert("c", "unseen")) == {"d"}


@pytest.mark.parametrize("statistic", ["category", "shape"])
def test_other_shares_are_shown_by_the_category_that_grew(engine: Engine, statistic: str) -> None:
    assert values(engine, alert("c", statistic)) == {"b"}


def test_decisions_are_found_however_they_are_written(engine: Engine) -> None:
    assert {p["value"] for p in shown(engine, alert("prediction", "category"))} == {1.0}


def test_values_of_the_wrong_type_are_shown_by_their_rows(engine: Engine) -> None:
    assert values(engine, alert("x", "type_fault_share", rule=QUALITY)) == {"many"}


def test_a_look_back_reaches_as_far_as_the_evidence(engine: Engine) -> None:
    assert looked_back(alert("x", "location", look_back=8)) == Window(NOW.end - 8 * HOUR, NOW.end)


@pytest.mark.parametrize("a", [alert("", "accuracy", rule="performance"), alert("nowhere", "location")])
def test_where_no_row_is_better_than_another_there_are_none(engine: Engine, a: Alert) -> None:
    assert shown(engine, a) == []


def test_a_window_without_such_rows_has_no_examples(engine: Engine) -> None:
    empty = alert("c", "category")
    nowhere = Window(START + 100 * HOUR, START + 101 * HOUR)

    assert shown(engine, Alert(**{**{f: getattr(empty, f) for f in empty.__slots__}, "window": nowhere})) == []


@pytest.fixture(scope="module")
def labelled() -> Iterator[Engine]:
    """200 rows of one hour, all of them with truth."""
    store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    engine = Engine(store, CONFIG, clock=Clock(START + 3 * HOUR))
    engine.append([reference(), predictions(range(200), spread(200, NOW.start, HOUR))])
    engine.append([truth(range(200), [float(i % 3 == 0) for i in range(200)])])
    engine.tick()
    yield engine
    engine._store.close()


def about(metric: str, **fields: Any) -> Alert:
    return Alert("any", metric, MODEL, "firing", 0, 0.0, 0.0, "critical", NOW, **fields)


@pytest.mark.parametrize(
    "metric", ["miops.performance.accuracy", "miops.performance.roc_auc", "miops.estimated_performance.accuracy_gap"]
)
def test_performance_is_shown_by_predictions_that_were_wrong_the_surest_first(labelled: Engine, metric: str) -> None:
    found = shown(labelled, about(metric))

    assert len(found) == 5
    assert all(p["value"] != p["ground_truth"]["value"] for p in found)
    sure = [abs(p["score"] - 0.5) for p in found]
    assert sure == sorted(sure, reverse=True)
    assert sure[-1] > 0.45


def test_an_estimate_is_shown_by_predictions_the_model_was_least_sure_of(labelled: Engine) -> None:
    found = shown(labelled, about("miops.estimated_performance.accuracy"))

    assert max(abs(p["score"] - 0.5) for p in found) < 0.05


def test_fairness_is_shown_by_rows_of_the_group_that_were_decided_against(labelled: Engine) -> None:
    evidence: Mapping[str, float | str] = {"least_favoured": "f"}
    found = shown(labelled, about("miops.fairness.demographic_parity_ratio", sensitive_feature="g", evidence=evidence))

    assert len(found) == 5
    assert {(p["context"]["g"], p["value"]) for p in found} == {("f", 0.0)}


@pytest.mark.parametrize("told", [{"group": "f & a"}, {"evidence": {"least_favoured": "f & a"}}])
def test_an_intersection_is_shown_by_rows_that_are_in_all_of_its_groups(
    labelled: Engine, told: Mapping[str, Any]
) -> None:
    found = shown(labelled, about("miops.fairness.selection_rate", sensitive_feature="g & c", **told))

    assert len(found) == 5
    assert {(p["context"]["g"], p["features"]["c"], p["value"]) for p in found} == {("f", "a", 0.0)}


@pytest.mark.parametrize(("features", "group"), [("g & c", "f"), ("g & nowhere", "f & a"), ("g & c", "")])
def test_an_intersection_that_is_not_known_has_no_examples(labelled: Engine, features: str, group: str) -> None:
    assert shown(labelled, about("miops.fairness.selection_rate", sensitive_feature=features, group=group)) == []


def test_examples_have_the_trace_they_were_made_in(labelled: Engine) -> None:
    store, traced = labelled._store, predictions([997], NOW.end + HOUR)
    table = traced.table.append_column("trace_id", pa.array([b"\x01" * 16], pa.binary(16)))
    store.append([replace(traced, table=table), predictions([998], NOW.end + HOUR)])

    found = store.examples(MODEL, start=NOW.end + HOUR, end=NOW.end + 2 * HOUR, where={}, limit=9)

    assert sorted(traces_of(found, store).values()) == ["", "01" * 16]
    assert traces_of(["nobody"], store) == {"nobody": ""}
