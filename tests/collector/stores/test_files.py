"""The files of the DuckDB store: what is there after a restart, and what is said when they cannot be used."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb as driver
import pytest

from miops_collector.errors import StoreError
from miops_collector.report import Observation
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import Marks, ObservationQuery, StoredReference
from miops_collector.stores.duckdb import DuckDBStore, duckdb
from miops_collector.window import Window
from tests.collector.stores.rows import DAY, MODEL, all_rows, changes, ids_of, predictions, truth

SETTINGS = StoreSettings(minimum_free_mib=1)
WINDOW = Window(0, DAY)


def _open(folder: Path) -> DuckDBStore:
    return duckdb(folder, SETTINGS)


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    reference = StoredReference("{}", b"\0", b"\1", "file", 1, 2)
    observation = Observation("miops.drift.psi", MODEL, WINDOW, 0.25, 100.0, "ok", computed_at=5)
    said = {"task": "binary_classification", "classes": ("a", "b")}
    store = _open(tmp_path)
    store.append([predictions(["a", "b"], said=said, feature__x=[1.0, 2.0]), truth(["a", "early"], [1.0, 0.0])])
    list(store.truth_changes(MODEL, after=0, upto=1))
    store.append([predictions(["c"], feature__x=["text"])])
    list(store.truth_changes(MODEL, after=1, upto=2))
    store.put_reference(
        MODEL, reference, predictions(["r1", "r2"], truth_number=[1.0, 0.0], feature__y=[3.0, 4.0]).table
    )
    store.put_panes(MODEL, "layout", Marks(2, 2), {(300, 0): b"pane"}, [])
    store.put_observations([observation])
    store.put_state("key", "value")
    models, newest = store.models(), store.newest()
    store.close()

    store = _open(tmp_path)

    assert (store.models(), store.newest()) == (models, newest)
    assert store.reference(MODEL) == reference
    (rows,) = store.reference_rows(MODEL)
    assert [(r["id_text"], r["truth_number"], r["feature.y"]) for r in rows.to_pylist()] == [
        ("r1", 1.0, 3.0),
        ("r2", 0.0, 4.0),
    ]
    assert store.panes(MODEL, "layout") == (Marks(2, 2), {(300, 0): b"pane"})
    assert repr(store.observations(ObservationQuery())[0]) == repr([observation])
    assert store.state("key") == "value"
    assert store.append([predictions(["early", "a"])]).stored[0].duplicates == 1
    assert changes(store, newest, newest + 1) == [("early", 0.0, 1.0)]
    assert ids_of(store.rows(MODEL, after=0, upto=newest + 1)) == ["a", "b", "c", "early"]
    store.close()


def test_the_number_of_a_commit_without_rows_survives(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.append([predictions(["a"])])
    store.append([predictions(["a"])])
    store.put_panes(MODEL, "layout", Marks(2, 2), {}, [])
    store.close()

    store = _open(tmp_path)

    assert store.newest() == 2
    assert store.panes(MODEL, "layout")[0] == Marks(2, 2)
    store.close()


def test_only_the_owner_may_look_into_the_directory(tmp_path: Path) -> None:
    _open(tmp_path / "a" / "b").close()

    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_closing_twice_is_fine_and_a_closed_store_says_so(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.close()
    store.close()

    assert "closed" in store.ready()
    with pytest.raises(StoreError, match="closed"):
        store.append([predictions(["a"])])
    with pytest.raises(StoreError, match="closed"):
        store.observations(ObservationQuery())


def test_nothing_is_left_in_the_log_after_closing(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.append([predictions(["a"])])
    store.close()

    assert sorted(p.name for p in tmp_path.iterdir()) == ["panes.duckdb", "predictions.duckdb"]


def test_panes_newer_than_a_restored_backup_are_discarded(tmp_path: Path) -> None:
    store = _open(tmp_path / "data")
    store.append([predictions(["a"])])
    store.close()
    shutil.copy(tmp_path / "data" / "predictions.duckdb", tmp_path / "backup")
    store = _open(tmp_path / "data")
    store.append([predictions(["b"])])
    store.put_panes(MODEL, "layout", Marks(2, 1), {(300, 0): b"both"}, [])
    store.close()
    shutil.copy(tmp_path / "backup", tmp_path / "data" / "predictions.duckdb")

    store = _open(tmp_path / "data")

    assert store.newest() == 1
    assert store.panes(MODEL, "layout") == (Marks(), {})
    store.close()


def test_panes_of_another_data_file_are_discarded(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.append([predictions(["a"])])
    store.put_panes(MODEL, "layout", Marks(1, 1), {(300, 0): b"a"}, [])
    store.put_state("kept", "yes")
    store.close()
    (tmp_path / "predictions.duckdb").unlink()

    store = _open(tmp_path)
    store.append([predictions(["b"])])

    assert store.panes(MODEL, "layout") == (Marks(), {})
    assert store.state("kept") == "yes"
    store.close()


def test_a_second_store_in_this_process_is_refused(tmp_path: Path) -> None:
    store = _open(tmp_path)

    with pytest.raises(StoreError, match=r"predictions\.duckdb is open already in this process"):
        _open(tmp_path)

    store.append([predictions(["a"])])
    store.close()


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    holder = "import sys; from pathlib import Path; from miops_collector.stores.duckdb import duckdb\n"
    holder += "store = duckdb(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read(); store.close()"
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match="is in use by another process"):
            _open(tmp_path)
        process.stdin.close()
        process.wait(timeout=60)
    _open(tmp_path).close()


@pytest.mark.parametrize("name", ["predictions.duckdb", "panes.duckdb"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a database" * 1000)

    with pytest.raises(StoreError, match=rf"{name} is no database of the collector"):
        _open(tmp_path)


@pytest.mark.parametrize("name", ["predictions.duckdb", "panes.duckdb"])
def test_a_database_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with driver.connect(str(tmp_path / name)) as connection:
        connection.execute("CREATE TABLE customers (name VARCHAR)")

    with pytest.raises(StoreError, match=rf"{name} is a DuckDB file of something else"):
        _open(tmp_path)

    with driver.connect(str(tmp_path / name)) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchall() == [(0,)]


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    _open(tmp_path).close()
    with driver.connect(str(tmp_path / "predictions.duckdb")) as connection:
        connection.execute("UPDATE store SET format = 99")

    with pytest.raises(StoreError, match="has format 99"):
        _open(tmp_path)


def test_observations_of_a_release_without_intervals_are_read_and_written_on(tmp_path: Path) -> None:
    old = Observation("miops.drift.psi", MODEL, WINDOW, 0.25, 100.0, "ok", computed_at=5)
    new = Observation(
        "miops.drift.psi", MODEL, Window(DAY, 2 * DAY), 0.5, 100.0, "ok", computed_at=6, low=0.4, high=0.6
    )
    store = _open(tmp_path)
    store.put_observations([old])
    store.close()
    with driver.connect(str(tmp_path / "panes.duckdb")) as connection:
        connection.execute("ALTER TABLE observations DROP COLUMN low")
        connection.execute("ALTER TABLE observations DROP COLUMN high")

    store = _open(tmp_path)
    store.put_observations([new])
    found, _ = store.observations(ObservationQuery())
    store.close()

    assert [(o.value, str(o.low), str(o.high)) for o in found] == [(0.5, "0.4", "0.6"), (0.25, "nan", "nan")]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    _open(tmp_path).close()
    with (tmp_path / "predictions.duckdb").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)

    with pytest.raises(StoreError, match=r"predictions\.duckdb"):
        _open(tmp_path)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot be made"):
        _open(tmp_path / "file" / "data")


def test_little_free_space_stops_commits_but_not_reads(tmp_path: Path) -> None:
    store = duckdb(tmp_path, StoreSettings(minimum_free_mib=1 << 40))

    assert "MiB free" in store.ready()
    with pytest.raises(StoreError, match="MiB free"):
        store.append([predictions(["a"])])
    assert (store.newest(), all_rows(store)) == (0, [])
    store.close()


def test_a_database_invalidated_by_a_failed_checkpoint_is_attached_again(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.append([predictions(["a"])])
    database = store._database
    database._failure(driver.FatalException("database has been invalidated"), "write")
    assert database.broken

    assert store.append([predictions(["a", "b"])]).stored[0].duplicates == 1
    assert store.ready() == ""
    assert [r["id_text"] for r in all_rows(store)] == ["a", "b"]
    store.close()
