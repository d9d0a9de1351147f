"""Which table and SQL column holds what: names from outside are only ever data, never SQL.

Rows of one model (all its versions) lie in a table, rows of its references in another. Each model version, and each
reference of it, is a *stream* with a number that its rows carry. A source column such as ``feature.age`` has one SQL
column per family of types it ever came with; each stream has declared, by the first value it saw, which family is the
right one. So a type change finds a place, and is known to be a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from miops.semconv import COLUMN_ERROR_TYPE
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores._columns import Family
from miops_collector.stores._database import DATA, Connection, Database
from miops_collector.stores._store import ModelInfo
from miops_collector.stores._tables import Place, Segment, Table, add_segment, alter

__all__ = ["JOURNAL", "JOURNAL_SCHEMA", "Registry", "Stream"]

JOURNAL = "data.main.journal"
"""Rows that are committed and in no table of their own yet."""
JOURNAL_SCHEMA = f"CREATE TABLE {JOURNAL} (seq BIGINT, path VARCHAR, body BLOB)"
_SCHEMA = """
CREATE TABLE data.main.tables (name VARCHAR, kind VARCHAR, model VARCHAR);
CREATE TABLE data.main.segments (name VARCHAR, "table" VARCHAR);
CREATE TABLE data.main.columns (segment VARCHAR, source VARCHAR, family VARCHAR, name VARCHAR);
CREATE TABLE data.main.streams (number INTEGER, "table" VARCHAR, model VARCHAR, version VARCHAR, reference VARCHAR);
CREATE TABLE data.main.declared (stream INTEGER, source VARCHAR, family VARCHAR);
CREATE TABLE data.main.described (stream INTEGER, description VARCHAR);
"""


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

    @property
    def columns(self) -> dict[str, Family]:
        """What senders call its columns; what a failed row failed by is none."""
        return {source: family for source, family in self.declared.items() if source != COLUMN_ERROR_TYPE}


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
    def truth(self) -> Segment:
        return self.tables["ground_truth", ""].last

    @property
    def rows_tables(self) -> tuple[Table, ...]:
        """Tables of predictions and references."""
        return tuple(t for t in tuple(self.tables.values()) if t.kind != "ground_truth")

    @property
    def paths(self) -> list[str]:
        """SQL tables whose rows carry the number of their commit."""
        return [JOURNAL, *(segment.path for table in tuple(self.tables.values()) for segment in table.segments)]

    def create(self, connection: Connection) -> None:
        """Make the registry's own tables in a new file."""
        connection.execute(_SCHEMA)
        connection.execute(JOURNAL_SCHEMA)
        self._make_table(connection, "ground_truth", "", [])

    def load(self) -> None:
        """Read everything that is registered."""
        fetch = self._database.fetch
        tables: dict[str, Table] = {}
        for name, kind, model in fetch("SELECT * FROM data.main.tables"):
            tables[name] = self.tables[kind, model] = Table(name, kind, model)
        segments: dict[str, Segment] = {}
        for name, table in fetch("SELECT * FROM data.main.segments"):
            segments[name] = Segment(name)
            tables[table].segments += (segments[name],)
        for name, source, family, column in fetch("SELECT * FROM data.main.columns"):
            segments[name].columns[source, family] = column
        self._load_streams(tables)

    def _load_streams(self, tables: Mapping[str, Table]) -> None:
        fetch = self._database.fetch
        streams: dict[int, Stream] = {}
        for number, name, model, version, reference in fetch("SELECT * FROM data.main.streams ORDER BY number"):
            stream = Stream(number, tables[name], ModelInfo(ModelKey(model, version)), reference)
            streams[number] = self._streams[stream.table.kind, stream.key, reference] = stream
        for number, source, family in fetch("SELECT * FROM data.main.declared"):
            streams[number].declared[source] = family
        for number, text in fetch("SELECT * FROM data.main.described"):
            streams[number].info = replace(streams[number].info, **_read(text))
        for stream in streams.values():
            stream.info = replace(stream.info, columns=stream.columns)

    def newest(self) -> int:
        """``seq`` of the newest commit that is in the file."""
        paths = ["data.main.store", *self.paths]
        return max(int(self._database.fetch(f"SELECT coalesce(max(seq), 0) FROM {path}")[0][0]) for path in paths)

    def count(self, labelled: Mapping[ModelKey, tuple[int, int]]) -> None:
        """Count the rows of every stream, and take over how many of them have truth."""
        streams = {s.number: s for s in self.streams}
        for segment in (s for t in self.rows_tables for s in t.segments):
            counted = f"SELECT stream, count(*), min(time), max(time) FROM {segment.path} GROUP BY stream"
            for number, rows, first, last in self._database.fetch(counted):
                note_rows(streams[number], segment, rows, (first, last))
        for key, (rows, upto) in labelled.items():
            found = self.stream(key)
            if found is not None:
                found.info, found.labelled_upto = replace(found.info, labelled=rows), upto

    def stream_for(self, records: Records, declared: Mapping[str, Family], places: Iterable[Place]) -> Stream:
        """The stream of these rows, made if it is new, with a type for each source and a column for each place."""
        key = ModelKey(records.model, records.version)
        stream = self._streams.get((records.kind, key, records.reference_id))
        if stream is None:
            stream = self._make_stream(records, key, list(places))
        new = {source: family for source, family in declared.items() if source not in stream.declared}
        if new:
            self._declare(stream, new)
        self.add_columns(stream.table, places)
        self._describe(stream, records)
        return stream

    def known(self, records: Records) -> Mapping[str, Family]:
        """Types of the sources this stream has had so far."""
        stream = self._streams.get((records.kind, ModelKey(records.model, records.version), records.reference_id))
        return stream.declared if stream else {}

    def places(self, records: Records) -> set[Place]:
        """Dynamic columns that the table of these rows has for any version."""
        table = self.tables.get((records.kind, records.model))
        return set(table.places) if table else set()

    def add_columns(self, table: Table, places: Iterable[Place]) -> None:
        """SQL columns for these places, where the newest segment has none yet."""
        new = [place for place in dict.fromkeys(places) if place not in table.last.columns]
        if not new:
            return
        with self._database.transaction(DATA) as connection:
            if table.alters(len(new)):
                segment, names = table.last, alter(connection, table.last, new)
                segments = table.segments
            else:
                segment = add_segment(connection, table, new)
                names, segments = segment.columns, (*table.segments, segment)
                connection.execute("INSERT INTO data.main.segments VALUES (?, ?)", [segment.name, table.name])
            _insert(connection, "columns", [(segment.name, s, family, name) for (s, family), name in names.items()])
        segment.columns = {**segment.columns, **names}
        table.segments = segments

    def _make_stream(self, records: Records, key: ModelKey, places: list[Place]) -> Stream:
        with self._database.transaction(DATA) as connection:
            table = self.tables.get((records.kind, records.model))
            table = table or self._make_table(connection, records.kind, records.model, places)
            number = 1 + max((s.number for s in self.streams), default=0)
            row = [number, table.name, records.model, records.version, records.reference_id]
            connection.execute("INSERT INTO data.main.streams VALUES (?, ?, ?, ?, ?)", row)
        self.tables[table.kind, table.model] = table
        stream = Stream(number, table, ModelInfo(key), records.reference_id)
        self._streams[records.kind, key, records.reference_id] = stream
        return stream

    def _make_table(self, connection: Connection, kind: str, model: str, places: list[Place]) -> Table:
        table = Table(f"{kind[0]}{len(self.tables)}", kind, model)
        segment = add_segment(connection, table, places)
        connection.execute("INSERT INTO data.main.tables VALUES (?, ?, ?)", [table.name, kind, model])
        connection.execute("INSERT INTO data.main.segments VALUES (?, ?)", [segment.name, table.name])
        _insert(
            connection, "columns", [(segment.name, s, family, name) for (s, family), name in segment.columns.items()]
        )
        table.segments = (segment,)
        return table

    def _declare(self, stream: Stream, families: Mapping[str, Family]) -> None:
        rows = [(stream.number, source, family) for source, family in families.items()]
        with self._database.transaction(DATA) as connection:
            _insert(connection, "declared", rows)
        stream.declared = {**stream.declared, **families}
        stream.info = replace(stream.info, columns=stream.columns)

    def _describe(self, stream: Stream, records: Records) -> None:
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


_DESCRIBED = ("task", "classes", "positive_class", "sensitive", "framework", "role")


def note_rows(stream: Stream, segment: Segment, rows: int, times: tuple[int, int]) -> None:
    """Count rows of a stream that are in a segment."""
    info = stream.info
    first = min(times[0], info.first_seen) if info.rows else times[0]
    last = max(times[1], info.last_seen) if info.rows else times[1]
    stream.info = replace(info, rows=info.rows + rows, first_seen=first, last_seen=last)
    segment.rows += rows


def note_labelled(stream: Stream, after: int, upto: int, change: int) -> None:
    """Keep the number of rows with truth, from changes that continue it or count from the start."""
    if after == 0:
        stream.info, stream.labelled_upto = replace(stream.info, labelled=change), upto
    elif after == stream.labelled_upto:
        stream.info = replace(stream.info, labelled=stream.info.labelled + change)
        stream.labelled_upto = upto


def _read(text: str) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()}


def _insert(connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Many small rows at once: one statement for 5,000 columns instead of 5,000."""
    if not rows:
        return
    batch = pa.table([pa.array(list(c)) for c in zip(*rows, strict=True)], names=[f"f{i}" for i in range(len(rows[0]))])
    connection.register("registered", batch)
    try:
        connection.execute(f"INSERT INTO data.main.{table} SELECT * FROM registered")
    finally:
        connection.unregister("registered")
