"""Changes of joined pairs against a recount by hand, over random histories, marks and restarts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores import _tables
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import Store
from miops_collector.stores.duckdb import duckdb
from miops_collector.stores.memory import memory
from tests.collector.stores.rows import MODEL, NOON, SECOND, changes, predictions, truth

OTHER = ModelKey("churn", "2")
HORIZON = 20 * SECOND
SETTINGS = StoreSettings(minimum_free_mib=1, entity_horizon=HORIZON)


@dataclass(frozen=True)
class Predicted:
    model: ModelKey
    id: str
    trace: int
    row: int
    entity: str | None
    time: int


@dataclass(frozen=True)
class Told:
    model: str
    value: float | str
    id: str | None = None
    trace: int | None = None
    row: int | None = None
    entity: str | None = None
    time: int = 0


@dataclass
class Recount:
    """What a store should know, found by looking at everything."""

    rows: list[tuple[int, Predicted]] = field(default_factory=list)
    truths: list[tuple[int, Told]] = field(default_factory=list)

    def add(self, seq: int, commit: list[Predicted | Told]) -> None:
        before = {told for _, told in self.truths}
        for event in commit:
            if isinstance(event, Told):
                if event not in before:  # the same words said at the same time are a retry, and change nothing
                    self.truths.append((seq, event))
            elif all((r.model, r.id) != (event.model, event.id) for _, r in self.rows):
                self.rows.append((seq, event))

    def pairs(self, model: ModelKey, upto: int) -> Counter[tuple[str, Any]]:
        rows = [(s, place, r) for place, (s, r) in enumerate(self.rows) if r.model == model and s <= upto]
        latest: dict[int, Any] = {}
        for seq, told in self.truths:
            if seq <= upto and told.model in ("", model.name):
                for _, place, _ in self._about(told, rows):
                    latest[place] = told.value
        return Counter((self.rows[place][1].id, value) for place, value in latest.items())

    def _about(self, told: Told, rows: list[tuple[int, int, Predicted]]) -> list[tuple[int, int, Predicted]]:
        if told.id is not None:
            return [r for r in rows if r[2].id == told.id]
        if told.trace is not None:
            return [r for r in rows if (r[2].trace, r[2].row) == (told.trace, told.row or 0)]
        about = [r for r in rows if r[2].entity == told.entity and told.time - HORIZON < r[2].time <= told.time]
        return [max(about, key=lambda r: (r[2].time, r[0], r[1]))] if about else []


def _records(commit: list[Predicted | Told]) -> list[Records]:
    records = []
    for event in commit:
        if isinstance(event, Predicted):
            columns = {"time": [event.time], "trace_id": [bytes([event.trace] * 16)], "row": [event.row]}
            columns |= {"entity_id": [event.entity], f"feature.{event.time // SECOND % 3}": [1.0]}
            records.append(predictions([event.id], model=event.model, **columns))
        else:
            columns = {"trace_id": [None if event.trace is None else bytes([event.trace] * 16)], "row": [event.row]}
            columns |= {"entity_id": [event.entity], "prediction_time": [event.time]}
            ids = None if event.id is None else [event.id]
            records.append(truth(ids, [event.value], model=event.model, **columns))
    return records


_models = st.sampled_from([MODEL, OTHER])
_ids = st.sampled_from([f"id{i}" for i in range(8)])
_times = st.integers(0, 40).map(lambda s: NOON + s * SECOND)
_values = st.sampled_from([0.0, 1.0, "yes"])
_about = st.sampled_from(["", MODEL.name, OTHER.name])
_predicted = st.builds(
    Predicted, _models, _ids, st.integers(1, 3), st.integers(0, 1), st.sampled_from(["a", "b", None]), _times
)
_by_id = st.builds(Told, _about, _values, id=_ids)
_by_trace = st.builds(Told, _about, _values, trace=st.integers(1, 3), row=st.sampled_from([None, 0, 1]))
_by_entity = st.builds(Told, _about, _values, entity=st.sampled_from(["a", "b"]), time=_times)


def _histories(*events: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(st.one_of(*events), min_size=1, max_size=4), min_size=1, max_size=10)


def _check_all_spans(store: Store, recount: Recount, upto: int) -> None:
    for model in (MODEL, OTHER):
        for after in range(upto):
            expected = recount.pairs(model, upto)
            expected.subtract(recount.pairs(model, after))
            actual: Counter[tuple[str, Any]] = Counter()
            for prediction_id, value, sign in changes(store, after, upto, model):
                actual[prediction_id, value] += int(sign)

            assert {k: v for k, v in expected.items() if v} == {k: v for k, v in actual.items() if v}


@pytest.mark.parametrize("names", ["key", "any"])
def test_changes_between_any_two_commits_equal_a_recount(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tables, "FEW_COLUMNS", 0)  # every new feature starts a new segment

    events = (_predicted, _by_id) if names == "key" else (_predicted, _by_id, _by_trace, _by_entity)

    @settings(max_examples=20, deadline=None)
    @given(_histories(*events))
    def check(history: list[list[Any]]) -> None:
        store, recount = memory(settings=SETTINGS), Recount()
        for commit in history:
            seq = store.append(_records(commit)).seq
            recount.add(seq, commit)
        _check_all_spans(store, recount, store.newest())
        store.close()

    check()


@settings(max_examples=10, deadline=None)
@given(_histories(_predicted, _by_id, _by_trace, _by_entity), st.integers(0, 9))
def test_changes_are_exact_after_a_restart_at_any_commit(history: list[list[Any]], restart: int) -> None:
    with TemporaryDirectory() as folder:
        store, recount = duckdb(Path(folder), SETTINGS), Recount()
        for i, commit in enumerate(history):
            if i == restart:
                store.close()
                store = duckdb(Path(folder), SETTINGS)
            recount.add(store.append(_records(commit)).seq, commit)
        _check_all_spans(store, recount, store.newest())
        store.close()
