"""One thread writes, others read: nobody waits for long, and everybody sees whole commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from miops_collector.report import Observation
from miops_collector.stores._store import Marks, ObservationQuery, Store
from miops_collector.window import Window
from tests.collector.stores.rows import DAY, MODEL, NOON, changes, ids_of, predictions, truth

COMMITS = 25


@contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    """Repeat something in another thread; its first error is raised here."""
    errors: list[BaseException] = []
    stop = threading.Event()

    def repeat() -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=60)
    assert errors == []


def test_readers_see_whole_commits_while_the_schema_grows(store: Store) -> None:
    store.append([predictions(["first"])])

    def read() -> None:
        newest = store.newest()
        ids = ids_of(store.rows(MODEL, after=1, upto=newest))
        assert len(ids) == 10 * (newest - 1)
        assert sum(sign for *_, sign in changes(store, 0, newest)) == 5 * (newest - 1)
        store.prediction("3-3")
        store.examples(MODEL, start=0, end=NOON + DAY, where={}, limit=3)
        store.models()

    with _beside(read), _beside(read):
        for n in range(COMMITS):
            ids = [f"{n}-{i}" for i in range(10)]
            columns = {f"feature.{n * 40 + i}": [float(i)] * 10 for i in range(20)}
            store.append([predictions(ids, **columns), truth(ids[:5], [1.0] * 5)])

    assert store.newest() == COMMITS + 1


def test_panes_and_observations_are_written_beside_commits(store: Store) -> None:
    store.append([predictions(["first"])])
    written = 0

    def tick() -> None:
        nonlocal written
        newest = store.newest()
        store.put_panes(MODEL, "layout", Marks(newest, newest), {(300, written % 7 * 300): bytes([written % 250])}, [])
        store.put_observations(
            [Observation("m", MODEL, Window(0, DAY), float(written), 1.0, "ok", computed_at=written)]
        )
        store.put_state("ticks", str(written))
        assert store.panes(MODEL, "layout")[0] == Marks(newest, newest)
        written += 1

    with _beside(tick):
        for n in range(COMMITS):
            store.append([predictions([f"{n}-{i}" for i in range(50)])])

    assert written > 0
    assert store.state("ticks") == str(written - 1)
    ((latest,), _) = store.observations(ObservationQuery())
    assert latest.value == written - 1
