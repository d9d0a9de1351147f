"""Which table and SQL column holds what: names from outside are only ever data, never SQL.

Rows of one model (all its versions) lie in one wide table ``p1``, ``p2`` …, rows of its references in another. Each
model version, and each reference of it, is a *stream* with a number that its rows carry. A source column such as
``feature.age`` has one SQL column per family of types it ever came with; each stream has declared, by the first value
it saw, which family is the right one. So a type change finds a place, and is known to be a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores._columns import FAMILIES, FIXED, Family
from miops_collector.stores._database import DATA, Connection, Database
from miops_collector.stores._store import ModelInfo

__all__ = ["TRUTH_TABLE", "Registry", "Stream", "Table"]

TRUTH_TABLE = "ground_truth"
_SCHEMA = """
CREATE TABLE data.main.tables (name VARCHAR, kind VARCHAR, model VARCHAR);
CREATE TABLE data.main.columns ("table" VARCHAR, source VARCHAR, family VARCHAR, name VARCHAR);
CREATE TABLE data.main.streams (number INTEGER, "table" VARCHAR, model VARCHAR, version VARCHAR, reference VARCHAR);
CREATE TABLE data.main.declared (stream INTEGER, source VARCHAR, family VARCHAR);
CREATE TABLE data.main.described (stream INTEGER, description VARCHAR);
"""


@dataclass(eq=False)
class Table:
    """A wide table: ``columns`` maps (source, family) to the SQL name."""

    name: str
    kind: str
    model: str
    columns: dict[tuple[str, Family], str] = field(default_factory=dict)
    rows: int = 0

    @property
    def path(self) -> str:
        return f"data.main.{self.name}"


@dataclass(eq=False)
class Stream:
    """One model version, or one reference of it, and what is known of it."""

    number: int
    table: Table
    info: ModelInfo
    reference: str = ""
    declared: dict[str, Family] = field(default_factory=dict)
    labelled_upto: int = 0

    @property
    def key(self) -> ModelKey:
        return self.info.key

    def columns(self) -> dict[tuple[str, Family], str]:
        """SQL columns of the sources this stream has."""
        return {place: name for place, name in self.table.columns.items() if place[0] in self.declared}


class Registry:
    """All tables and streams, in memory and in the data file. Only the writer changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tables: dict[tuple[str, str], Table] = {}
        self._streams: dict[tuple[str, ModelKey, str], Stream] = {}

    @property
    def streams(self) -> tuple[Stream, ...]:
        return tuple(self._streams.values())

    def stream(self, key: ModelKey) -> Stream | None:
        """The predictions of a model version."""
        return self._streams.get(("predictions", key, ""))

    def of_kind(self, kind: str) -> tuple[Stream, ...]:
        """All streams of ``predictions`` or of ``reference``, oldest first."""
        return tuple(s for s in self.streams if s.table.kind == kind)

    @property
    def truth(self) -> Table:
        return self.tables["ground_truth", ""]

    @property
    def rows_tables(self) -> tuple[Table, ...]:
        """Tables of predictions and references."""
        return tuple(t for t in self.tables.values() if t.kind != "ground_truth")

    def create(self, connection: Connection) -> None:
        """Make the registry's own tables in a new file."""
        connection.execute(_SCHEMA)
        self._make_table(connection, "ground_truth", "")

    def load(self) -> None:
        """Read everything that is registered."""
        fetch = self._database.fetch
        by_name: dict[str, Table] = {}
        for name, kind, model in fetch("SELECT * FROM data.main.tables"):
            by_name[name] = self.tables[kind, model] = Table(name, kind, model)
        for name, source, family, column in fetch("SELECT * FROM data.main.columns"):
            by_name[name].columns[source, family] = column
        streams: dict[int, Stream] = {}
        for number, name, model, version, reference in fetch("SELECT * FROM data.main.streams ORDER BY number"):
            table = by_name[name]
            stream = Stream(number, table, ModelInfo(ModelKey(model, version)), reference)
            streams[number] = self._streams[table.kind, stream.key, reference] = stream
        for number, source, family in fetch("SELECT * FROM data.main.declared"):
            streams[number].declared[source] = family
        for number, text in fetch("SELECT * FROM data.main.described"):
            streams[number].info = replace(streams[number].info, **_read(text))
        for stream in streams.values():
            stream.info = replace(stream.info, columns=dict(stream.declared))

    def count(self, labelled: Mapping[ModelKey, tuple[int, int]]) -> None:
        """Count the rows of every stream, and take over how many of them have truth."""
        streams = {s.number: s for s in self.streams}
        for table in self.rows_tables:
            counted = f"SELECT stream, count(*), min(time), max(time) FROM {table.path} GROUP BY stream"
            for number, rows, first, last in self._database.fetch(counted):
                stream = streams[number]
                stream.info = replace(stream.info, rows=rows, first_seen=first, last_seen=last)
                table.rows += rows
        for key, (rows, upto) in labelled.items():
            found = self.stream(key)
            if found is not None:
                found.info, found.labelled_upto = replace(found.info, labelled=rows), upto

    def count_labelled(self, stream: Stream, after: int, upto: int, change: int) -> None:
        """Keep the number of rows with truth, from changes that continue it or count from the start."""
        if after == 0:
            stream.info, stream.labelled_upto = replace(stream.info, labelled=change), upto
        elif after == stream.labelled_upto:
            stream.info = replace(stream.info, labelled=stream.info.labelled + change)
            stream.labelled_upto = upto

    def stream_for(self, records: Records) -> Stream:
        """The stream of these rows, made if it is new."""
        key = ModelKey(records.model, records.version)
        known = self._streams.get((records.kind, key, records.reference_id))
        if known is not None:
            return known
        with self._database.transaction(DATA) as connection:
            table = self.tables.get((records.kind, records.model))
            table = table or self._make_table(connection, records.kind, records.model)
            number = 1 + max((s.number for s in self.streams), default=0)
            stream = Stream(number, table, ModelInfo(key), records.reference_id)
            row = [number, table.name, records.model, records.version, records.reference_id]
            connection.execute("INSERT INTO data.main.streams VALUES (?, ?, ?, ?, ?)", row)
        self.tables[table.kind, table.model] = table
        self._streams[records.kind, key, records.reference_id] = stream
        return stream

    def add_columns(self, table: Table, wanted: Iterable[tuple[str, Family]]) -> None:
        """SQL columns for these (source, family) pairs, where there are none yet."""
        new = [place for place in dict.fromkeys(wanted) if place not in table.columns]
        if not new:
            return
        count = len(table.columns)
        names = {place: f"c{count + i + 1}" for i, place in enumerate(new)}
        with self._database.transaction(DATA) as connection:
            for (_, family), name in names.items():
                connection.execute(f"ALTER TABLE {table.path} ADD COLUMN {name} {FAMILIES[family].sql}")
            rows = [(table.name, source, family, name) for (source, family), name in names.items()]
            _insert(connection, "columns", ("table", "source", "family", "name"), rows)
        table.columns = {**table.columns, **names}

    def declare(self, stream: Stream, families: Mapping[str, Family]) -> None:
        """Which family of types is right for sources that are new to the stream."""
        rows = [(stream.number, source, family) for source, family in families.items()]
        with self._database.transaction(DATA) as connection:
            _insert(connection, "declared", ("stream", "source", "family"), rows)
        stream.declared = {**stream.declared, **families}
        stream.info = replace(stream.info, columns=dict(stream.declared))

    def describe(self, stream: Stream, records: Records) -> None:
        """Remember what the sender said of the model, if that is something new."""
        said = {name: getattr(records, name) for name in _DESCRIBED if getattr(records, name)}
        info = replace(stream.info, **said)
        if info == stream.info:
            return
        text = json.dumps({name: getattr(info, name) for name in _DESCRIBED})
        with self._database.transaction(DATA) as connection:
            connection.execute("DELETE FROM data.main.described WHERE stream = ?", [stream.number])
            connection.execute("INSERT INTO data.main.described VALUES (?, ?)", [stream.number, text])
        stream.info = info

    def _make_table(self, connection: Connection, kind: str, model: str) -> Table:
        name = TRUTH_TABLE if kind == "ground_truth" else f"{kind[0]}{len(self.tables)}"
        columns = ", ".join(f'"{c.name}" {c.sql}' for c in FIXED[kind])
        connection.execute(f"CREATE TABLE data.main.{name} ({columns})")
        connection.execute("INSERT INTO data.main.tables VALUES (?, ?, ?)", [name, kind, model])
        return Table(name, kind, model)


_DESCRIBED = ("task", "classes", "positive_class", "sensitive", "framework")


def _read(text: str) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()}


def _insert(connection: Connection, table: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Many small rows at once: one statement for 5,000 columns instead of 5,000."""
    columns = zip(*rows, strict=True)
    batch = pa.table({name: list(values) for name, values in zip(names, columns, strict=True)})
    connection.register("registered", batch)
    try:
        connection.execute(f"INSERT INTO data.main.{table} SELECT * FROM registered")
    finally:
        connection.unregister("registered")
