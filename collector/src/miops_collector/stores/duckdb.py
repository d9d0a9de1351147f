"""The store of one process: two DuckDB files in a directory, or none."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from miops_collector.errors import InputError, StoreError
from miops_collector.report import ModelKey, Observation
from miops_collector.schema import Records
from miops_collector.stores._changes import changes
from miops_collector.stores._commit import Writer
from miops_collector.stores._database import DATA, Database
from miops_collector.stores._errors import failures
from miops_collector.stores._examples import examples
from miops_collector.stores._fingerprints import warm
from miops_collector.stores._forgetting import forget
from miops_collector.stores._format import open_files
from miops_collector.stores._joins import Span
from miops_collector.stores._lookup import Lookup
from miops_collector.stores._observations import Observations
from miops_collector.stores._outlived import forget_truth
from miops_collector.stores._pairs import pairs
from miops_collector.stores._panes import Panes
from miops_collector.stores._references import References
from miops_collector.stores._registry import Registry, note_labelled
from miops_collector.stores._repeats import Repeats
from miops_collector.stores._sample import sample
from miops_collector.stores._selection import read
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._state import State
from miops_collector.stores._store import (
    Appended,
    Failures,
    Marks,
    ModelInfo,
    ObservationQuery,
    Pairs,
    PaneChanges,
    StoredReference,
)
from miops_collector.stores._truth import TruthLog
from miops_collector.stores._worst import WORST, worst

__all__ = ["DuckDBStore", "duckdb"]

log = logging.getLogger(__name__)


class DuckDBStore:
    """Implements :class:`~miops_collector.stores._store.Store`.

    Parameters
    ----------
    folder
        Where the files are, made if it is not there, for this user only; ``None`` keeps everything in memory.

    Raises
    ------
    StoreError
        If the files are in use, damaged, or not the collector's.
    """

    def __init__(self, folder: Path | None, settings: StoreSettings = StoreSettings()) -> None:  # noqa: B008
        self._settings = settings
        self._database = Database(folder, settings)
        try:
            self._open()
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> None:
        database, settings = self._database, self._settings
        self._registry = Registry(database)
        newest = open_files(database, self._registry)
        self._panes, self._observations, self._state = Panes(database), Observations(database), State(database)
        self._references = References(database, self._registry)
        self._panes.discard_newer(newest)
        self._observations.open()
        self._references.open()
        warm()
        repeats = Repeats(settings.fingerprints, settings.deduplicate_for)
        self._truth = truth = TruthLog(self._registry, settings.fingerprints)
        self._writer = Writer(database, self._registry, repeats, truth, newest)
        self._writer.settle()
        self._registry.count(self._panes.labelled())
        truth.open(database, newest)
        with database.writing(DATA) as connection:
            for table in sorted(self._registry.rows_tables, key=lambda t: t.rows):
                repeats.open(connection, table)

    def append(self, records: Sequence[Records]) -> Appended:
        return self._writer.append(records)

    def tidy(self) -> None:
        """Fold the log into the file if the next commits would have to; for the writer, when nobody waits for it."""
        self._writer.tidy()

    def newest(self) -> int:
        return self._writer.newest

    def rows(self, model: ModelKey, *, after: int, upto: int) -> Iterator[pa.Table]:
        stream = self._registry.stream(model)
        if stream is not None and after < upto:
            self._writer.settle()
            yield from read(self._database, stream, after, upto)

    def truth_changes(
        self, model: ModelKey, *, after: int, upto: int, columns: Collection[str] | None = None
    ) -> Iterator[pa.Table]:
        stream = self._registry.stream(model)
        if stream is None or after >= upto:
            return
        touched = self._truth.touched(stream.number, after, upto)
        total = 0.0
        if touched:
            self._writer.settle()
            span = Span(stream, self._registry.truth.path, after, upto, self._settings.entity_horizon, touched)
            for table in changes(self._database, span, columns, by_key_only=self._truth.by_key_only):
                total += table.column("sign").to_numpy().sum()
                yield table
        note_labelled(stream, after, upto, int(total))

    def models(self) -> tuple[ModelInfo, ...]:
        return tuple(s.info for s in self._registry.of_kind("predictions"))

    def prediction(self, prediction_id: str) -> dict[str, Any] | None:
        newest = self.newest()
        self._writer.settle()
        lookup = Lookup(self._database, self._registry, newest, self._settings.entity_horizon)
        return lookup.prediction(prediction_id)

    def examples(self, model: ModelKey, *, start: int, end: int, where: Mapping[str, Any], limit: int) -> list[str]:
        stream = self._registry.stream(model)
        if stream is None:
            return []
        self._writer.settle()
        if not WORST.keys().isdisjoint(where):
            truth = self._registry.truth.path
            return worst(self._database, stream, truth, start=start, end=end, where=where, limit=limit)
        return examples(self._database, stream, start=start, end=end, where=where, limit=limit)

    def sample(self, model: ModelKey, *, start: int, end: int, columns: Collection[str], rows: int) -> pa.Table | None:
        stream = self._registry.stream(model)
        if stream is None or rows <= 0:
            return None
        self._writer.settle()
        return sample(self._database, stream, start=start, end=end, columns=columns, rows=rows)

    def failures(self, model: ModelKey, *, start: int, end: int, examples: int) -> list[Failures]:
        stream = self._registry.stream(model)
        if stream is None:
            return []
        self._writer.settle()
        return failures(self._database, stream, start=start, end=end, examples=examples)

    def pairs(self, one: ModelKey, other: ModelKey, *, start: int, end: int, within: int, rows: int) -> Pairs:
        found = [self._registry.stream(key) for key in (one, other)]
        if found[0] is None or found[1] is None:
            msg = f"no rows are stored of {one if found[0] is None else other}"
            raise InputError(msg)
        self._writer.settle()
        return pairs(
            self._database, found[0], found[1], self._registry.truth.path,
            start=start, end=end, within=within, horizon=self._settings.entity_horizon, limit=rows,
        )  # fmt: skip

    def put_reference(self, model: ModelKey, reference: StoredReference, table: pa.Table | None) -> None:
        if table is not None:
            name = f"{reference.origin} {reference.created_at}"
            self.append([Records("reference", model.name, table, version=model.version, reference_id=name)])
        self._references.put(model, reference)

    def reference(self, model: ModelKey) -> StoredReference | None:
        return self._references.get(model)

    def reference_rows(self, model: ModelKey) -> Iterator[pa.Table]:
        """Rows of the newest reference of a model version, with their truth, as appended."""
        newest = self.newest()
        self._writer.settle()
        return self._references.rows(model, newest)

    def put_panes(
        self, model: ModelKey, layout_id: str, marks: Marks, panes: Mapping[tuple[int, int], bytes],
        removed: Sequence[tuple[int, int]],
    ) -> None:  # fmt: skip
        self._put_panes([PaneChanges(model, layout_id, marks, panes, removed)], {})

    def put_many_panes(self, changes: Sequence[PaneChanges], state: Mapping[str, str]) -> None:
        self._put_panes(changes, state)

    def _put_panes(self, changes: Sequence[PaneChanges], state: Mapping[str, str]) -> None:
        streams = [self._registry.stream(c.model) for c in changes]
        self._panes.put(changes, [s.info.labelled if s else 0 for s in streams], state)

    def panes(self, model: ModelKey, layout_id: str) -> tuple[Marks, dict[tuple[int, int], bytes]]:
        return self._panes.get(model, layout_id)

    def put_observations(self, observations: Sequence[Observation]) -> None:
        self._observations.put(observations)

    def observations(self, query: ObservationQuery) -> tuple[list[Observation], str]:
        return self._observations.query(query)

    def put_state(self, key: str, value: str) -> None:
        self._state.put(key, value)

    def state(self, key: str) -> str:
        return self._state.get(key)

    def forget(self, model: ModelKey, *, before: int, upto: int, at_most: int) -> int:
        stream = self._registry.stream(model)
        if stream is None:
            return 0
        self._writer.settle()
        saved = self._panes.marks(model)
        upto = min(upto, saved.rows, saved.truth)
        return forget(self._database, self._registry, stream, self.newest(), before=before, upto=upto, at_most=at_most)

    def forget_truth(self, *, before: int, upto: int, at_most: int) -> int:
        saved = [self._panes.marks(info.key).truth for info in self.models()]
        upto = min([upto, *saved])
        self._writer.settle()
        horizon = self._settings.entity_horizon
        return forget_truth(
            self._database, self._registry, self._truth, self.newest(),
            before=before, upto=upto, horizon=horizon, at_most=at_most,
        )  # fmt: skip

    def ready(self) -> str:
        return self._database.ready()

    def close(self) -> None:
        try:
            self._writer.settle()
        except StoreError as error:  # what is in the journal stays there, and is settled at the next start
            log.warning("store: closed with rows in the journal: %s", error)
        finally:
            self._database.close()


def duckdb(folder: Path, settings: StoreSettings = StoreSettings()) -> DuckDBStore:  # noqa: B008
    """A store in two files of a directory."""
    return DuckDBStore(folder, settings)
