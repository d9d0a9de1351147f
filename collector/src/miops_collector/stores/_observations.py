"""Observations of all windows ever computed: replaced when computed again, read newest first and a page at a time."""

from __future__ import annotations

import base64
import binascii
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from miops_collector.errors import InputError
from miops_collector.report import ModelKey, Observation
from miops_collector.stores._database import DERIVED, Connection, Database
from miops_collector.stores._store import ObservationQuery
from miops_collector.window import Window

__all__ = ["Observations"]

SCHEMA = """
CREATE TABLE derived.main.series (number INTEGER, model VARCHAR, version VARCHAR, metric VARCHAR, "column" VARCHAR,
    segment VARCHAR, sensitive_feature VARCHAR, "group" VARCHAR, "window" VARCHAR);
CREATE TABLE derived.main.observations (series INTEGER, start BIGINT, "end" BIGINT, computed_at BIGINT, value DOUBLE,
    n DOUBLE, n_reference DOUBLE, reference DOUBLE, p_value DOUBLE, standard_error DOUBLE, status VARCHAR,
    complete BOOLEAN, reason VARCHAR, low DOUBLE, high DOUBLE, definition VARCHAR);
"""
_SERIES = ("model", "version", "metric", "column", "segment", "sensitive_feature", "group", "window")
_SERIES_SQL = ", ".join(f's."{name}"' for name in _SERIES)
_NUMBERS = ("value", "n", "n_reference", "reference", "p_value", "standard_error", "low", "high")
_ADDED = {"low": "DOUBLE", "high": "DOUBLE", "definition": "VARCHAR"}
"""Columns that files of earlier releases lack."""
_READ = (
    "series", "start", "end", "computed_at", "value", "n", "n_reference", "reference", "p_value", "standard_error",
    "status", "complete", "reason", "low", "high", "definition",
)  # fmt: skip
_READ_SQL = ", ".join(f'o."{name}"' for name in _READ)
"""By name: in files of earlier releases the columns lie in another order."""
_SEGMENT, _WINDOW = _SERIES.index("segment"), _SERIES.index("window")
_FILTERS = ("model", "version", "metric", "column", "segment", "window")


class Observations:
    """A table of numbers by series and window, and a small one of the series."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[tuple[str, ...], int] = {}
        self._segments: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        """Series of segments, by model, version and length of the window."""

    def open(self) -> None:
        """Read which series there are, and add columns that an earlier release did not know."""
        with self._database.transaction(DERIVED) as connection:
            for name, kind in _ADDED.items():
                connection.execute(f"ALTER TABLE derived.main.observations ADD COLUMN IF NOT EXISTS {name} {kind}")
        found = self._database.fetch("SELECT * FROM derived.main.series")
        self._know({tuple(row[1:]): row[0] for row in found})

    def put(self, observations: Sequence[Observation]) -> None:
        """Replace by series and window, in one transaction.

        Of segments the worst are named, others from one evaluation of a window to the next: those that are not named
        any more go.
        """
        latest = {(o.identity, o.window.start): o for o in observations}
        if not latest:
            return
        with self._database.transaction(DERIVED) as connection:
            new = {identity: len(self._numbers) + i + 1 for i, identity in enumerate(self._unknown(latest))}
            numbers = {**self._numbers, **new} if new else self._numbers
            self._add_series(connection, new)
            connection.register("batch", _batch(list(latest.values()), numbers))
            connection.register("replaced", self._replaced(latest, numbers))
            try:
                bounds = [min(start for _, start in latest), max(start for _, start in latest)]
                connection.execute(
                    "DELETE FROM derived.main.observations WHERE start BETWEEN ? AND ?"
                    " AND (series, start) IN (SELECT (series, start) FROM replaced)",
                    bounds,
                )
                connection.execute("INSERT INTO derived.main.observations BY NAME SELECT * FROM batch")
            finally:
                connection.unregister("batch")
                connection.unregister("replaced")
        self._know(new)

    def query(self, query: ObservationQuery) -> tuple[list[Observation], str]:
        """One page, newest window first."""
        where, parameters = _where(query)
        sql = (
            f"SELECT {_SERIES_SQL}, {_READ_SQL} FROM (SELECT * FROM derived.main.observations"
            f' WHERE {where} ORDER BY "end" DESC, series, start LIMIT {int(query.limit) + 1}'
            ') o JOIN derived.main.series s ON s.number = o.series ORDER BY o."end" DESC, o.series, o.start'
        )
        rows = self._database.fetch(sql, parameters)
        page = [_observation(row) for row in rows[: query.limit]]
        more = len(rows) > query.limit and page
        return page, _cursor(rows[query.limit - 1]) if more else ""

    def _know(self, series: Mapping[tuple[str, ...], int]) -> None:
        self._numbers |= series
        for identity, number in series.items():
            if identity[_SEGMENT]:
                self._segments[_of_window(identity)].append(number)

    def _replaced(
        self, latest: Mapping[tuple[tuple[str, ...], int], Observation], numbers: Mapping[tuple[str, ...], int]
    ) -> pa.Table:
        """Series and starts of what is put, and of every segment of the same windows."""
        windows = {(_of_window(identity), start) for identity, start in latest}
        places = {(numbers[identity], start) for identity, start in latest}
        places |= {(number, start) for window, start in windows for number in self._segments.get(window, ())}
        series, starts = zip(*places, strict=True)
        return pa.table({"series": pa.array(series, pa.int32()), "start": pa.array(starts, pa.int64())})

    def _unknown(self, latest: dict[tuple[tuple[str, ...], int], Observation]) -> list[tuple[str, ...]]:
        return list(dict.fromkeys(identity for identity, _ in latest if identity not in self._numbers))

    def _add_series(self, connection: Connection, new: dict[tuple[str, ...], int]) -> None:
        if not new:
            return
        columns = list(zip(*new, strict=True))
        batch = pa.table([pa.array(list(new.values()), pa.int32()), *(pa.array(list(c), pa.string()) for c in columns)],
                         names=["number", *_SERIES])  # fmt: skip
        connection.register("new_series", batch)
        try:
            connection.execute("INSERT INTO derived.main.series SELECT * FROM new_series")
        finally:
            connection.unregister("new_series")


def _of_window(identity: tuple[str, ...]) -> tuple[str, ...]:
    return (*identity[:2], identity[_WINDOW])


def _batch(observations: Sequence[Observation], numbers: dict[tuple[str, ...], int]) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "series": pa.array([numbers[o.identity] for o in observations], pa.int32()),
        "start": pa.array([o.window.start for o in observations], pa.int64()),
        "end": pa.array([o.window.end for o in observations], pa.int64()),
        "computed_at": pa.array([o.computed_at for o in observations], pa.int64()),
    }
    for name in _NUMBERS:
        columns[name] = pa.array([getattr(o, name) for o in observations], pa.float64())
    columns["status"] = pa.array([o.status for o in observations], pa.string())
    columns["complete"] = pa.array([o.complete for o in observations], pa.bool_())
    columns["reason"] = pa.array([o.reason for o in observations], pa.string())
    columns["definition"] = pa.array([o.definition for o in observations], pa.string())
    return pa.table(columns)


def _where(query: ObservationQuery) -> tuple[str, list[Any]]:
    named = [(name, getattr(query, name)) for name in _FILTERS if getattr(query, name)]
    parts, parameters = ["true"], []
    if named:
        matching = " AND ".join(f'"{name}" = ?' for name, _ in named)
        parts.append(f"series IN (SELECT number FROM derived.main.series WHERE {matching})")
        parameters += [value for _, value in named]
    for condition, value in (('"end" > ?', query.start), ("start < ?", query.end)):
        if value:
            parts.append(condition)
            parameters.append(value)
    if query.cursor:
        parts.append('("end" < ? OR ("end" = ? AND (series > ? OR (series = ? AND start > ?))))')
        end, series, start = _read_cursor(query.cursor)
        parameters += [end, end, series, series, start]
    return " AND ".join(parts), parameters


def _observation(row: tuple[Any, ...]) -> Observation:
    named, numbers = dict(zip(_SERIES, row, strict=False)), row[len(_SERIES) :]
    _, start, end, computed_at, value, n, n_reference, reference, p_value, standard_error = numbers[:10]
    status, complete, reason, low, high, definition = numbers[10:]
    return Observation(
        metric=named["metric"], model=ModelKey(named["model"], named["version"]), window=Window(start, end),
        value=value, n=n, status=status, computed_at=computed_at, n_reference=n_reference, reference=reference,
        column=named["column"], segment=named["segment"], sensitive_feature=named["sensitive_feature"],
        group=named["group"], p_value=p_value, standard_error=standard_error, complete=complete, reason=reason,
        low=math.nan if low is None else low, high=math.nan if high is None else high,
        definition=definition or "",
    )  # fmt: skip


def _cursor(row: tuple[Any, ...]) -> str:
    series, start, end = row[len(_SERIES) : len(_SERIES) + 3]
    return base64.urlsafe_b64encode(f"{end}.{series}.{start}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[int, int, int]:
    try:
        end, series, start = base64.urlsafe_b64decode(cursor.encode()).decode().split(".")
        return int(end), int(series), int(start)
    except (ValueError, binascii.Error) as error:
        msg = f"{cursor!r} is no cursor: give the one of the page before"
        raise InputError(msg) from error
