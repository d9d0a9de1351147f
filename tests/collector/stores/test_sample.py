"""A sample of a window is bounded, lies in the window, and is the same whenever it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from miops_collector.report import ModelKey
from miops_collector.stores._store import Store, StoredReference
from tests.collector.stores.conftest import SETTINGS, Factory
from tests.collector.stores.rows import DAY, MODEL, NOON, SECOND, predictions

IDS = [f"p{i}" for i in range(400)]
REFERENCE = StoredReference("{}", b"\0" * 8, b"", "file", 3, 17, b"rows")


def fill(store: Store, ids: list[str] = IDS, **columns: Any) -> None:
    given = {"feature__x": [float(i) for i in range(len(ids))], "feature__y": ["a"] * len(ids), **columns}
    store.append([predictions(ids, **given)])


def xs(store: Store, *, rows: int = 50, start: int = NOON, end: int = NOON + DAY) -> list[float]:
    found = store.sample(MODEL, start=start, end=end, columns=["feature.x"], rows=rows)
    return [] if found is None else found.column("feature.x").to_pylist()


def test_a_sample_is_bounded_and_of_different_rows(store: Store) -> None:
    fill(store)

    assert len(xs(store)) == 50
    assert len(set(xs(store))) == 50


def test_a_window_of_few_rows_is_given_whole(store: Store) -> None:
    fill(store)

    assert sorted(xs(store, rows=1000)) == [float(i) for i in range(400)]


def test_the_same_rows_are_given_whenever_it_is_asked_for_and_after_a_restart(factory: Factory, tmp_path: Path) -> None:
    first = factory(tmp_path / "data", SETTINGS)
    fill(first)
    asked = xs(first)
    assert xs(first) == asked
    first.close()

    again = factory(tmp_path / "data", SETTINGS)
    found = xs(again) or asked  # a store in memory forgets
    again.close()

    assert found == asked


def test_the_order_in_which_rows_came_does_not_matter(store: Store) -> None:
    fill(store)
    asked = xs(store)
    other = ModelKey(MODEL.name, "2")
    backwards = predictions(
        IDS[::-1], model=other, time=[NOON + i * SECOND for i in range(400)][::-1],
        feature__x=[float(i) for i in range(400)][::-1],
    )  # fmt: skip
    store.append([backwards])

    found = store.sample(other, start=NOON, end=NOON + DAY, columns=["feature.x"], rows=50)

    assert found is not None
    assert found.column("feature.x").to_pylist() == asked


def test_only_rows_of_the_window_are_given(store: Store) -> None:
    fill(store)

    assert sorted(xs(store, start=NOON + 100 * SECOND, end=NOON + 110 * SECOND)) == [float(i) for i in range(100, 110)]
    assert store.sample(MODEL, start=NOON - DAY, end=NOON, columns=["feature.x"], rows=5) is None
    assert store.sample(ModelKey("other", "1"), start=0, end=NOON + DAY, columns=["feature.x"], rows=5) is None


def test_rows_that_come_late_change_no_more_than_they_are(store: Store) -> None:
    fill(store)
    before = set(xs(store))

    late = [f"late{i}" for i in range(20)]
    fill(store, late, feature__x=[1000.0 + i for i in range(20)])
    after = set(xs(store))

    came = {x for x in after if x >= 1000}
    assert after - came <= before
    assert len(before - after) == len(came) <= 20


def test_a_sample_reaches_over_all_segments_of_a_table(store: Store) -> None:
    fill(store)
    more = {f"feature__more{i}": [1.0] * 100 for i in range(40)}  # so many new columns start another segment
    fill(store, [f"q{i}" for i in range(100)], feature__x=[500.0 + i for i in range(100)], **more)

    found = xs(store, rows=1000)

    assert sorted(found) == [*map(float, range(400)), *(500.0 + i for i in range(100))]
    assert {x >= 500 for x in xs(store, rows=100)} == {True, False}


def test_columns_that_are_asked_for_are_given_and_no_others(store: Store) -> None:
    fill(store)

    found = store.sample(MODEL, start=NOON, end=NOON + DAY, columns=["feature.y", "score"], rows=5)

    assert isinstance(found, pa.Table)
    assert set(found.column_names) == {"feature.y", "score"}


def test_a_reference_keeps_its_sample(store: Store) -> None:
    store.put_reference(MODEL, REFERENCE, None)

    assert store.reference(MODEL) == REFERENCE


def test_a_file_of_an_earlier_release_has_references_without_a_sample(factory: Factory, tmp_path: Path) -> None:
    store = factory(tmp_path / "data", SETTINGS)
    store.put_reference(MODEL, REFERENCE, None)
    store.close()
    files = list((tmp_path / "data").glob("panes.duckdb"))
    for file in files:
        with duckdb.connect(str(file)) as connection:
            connection.execute("ALTER TABLE reference DROP COLUMN sample")

    again = factory(tmp_path / "data", SETTINGS)
    found = again.reference(MODEL)
    again.close()

    assert (found.sample if found else b"") == b""
    assert (found is None) == (not files)
