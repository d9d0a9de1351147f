"""Everything after the store: rows into panes as they commit, and the tick that turns panes into a report."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from miops_collector.adoption import Said, given_reference, plain_layout, summarised_again
from miops_collector.compared_with import (
    ANY_VERSION,
    Reference,
    read_reference,
    serving_reference,
    store_reference,
)
from miops_collector.config import Config
from miops_collector.due import DueReferences
from miops_collector.errors import InputError, UnavailableError
from miops_collector.monitored import Monitored
from miops_collector.repeats import repeated_times
from miops_collector.report import ModelKey, Observation, Report
from miops_collector.saving import Saving
from miops_collector.schema import Records
from miops_collector.settings import settings_of
from miops_collector.stores._store import Appended, ModelInfo, Store, Stored, StoredReference
from miops_collector.watched import Watched, versions_in_use
from miops_collector.window import Window

__all__ = ["Engine"]

log = logging.getLogger(__name__)

TICK_BUDGET_SECONDS = 2.0
"""What a tick may spend on scans and windows, all models together; what is left over comes in the next."""

HELD_BYTES = 32 << 20
"""What rows that wait for being binned may take, all models together."""


class Engine:
    """One writer thread calls :meth:`append`, one ticking thread :meth:`tick`; they meet in the panes."""

    def __init__(
        self, store: Store, config: Config, *, clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store = store
        self._config = config
        self._clock = clock
        self._monotonic = monotonic
        self._settings = settings_of(config)
        self._watched: dict[ModelKey, Watched] = {}
        self._watched_lock = threading.RLock()
        self._due = DueReferences(store)
        self._tick_lock = threading.Lock()
        self._report = Report(computed_at=clock())

    @property
    def report(self) -> Report:
        """The newest report."""
        return self._report

    def append(self, records: Sequence[Records]) -> Appended:
        """Commit the records, then add what was new to the panes of its models."""
        appended = self._store.append(records)
        now = self._clock()
        by_model: dict[ModelKey, list[Stored]] = defaultdict(list)
        for stored in appended.stored:
            if stored.records.kind == "predictions":
                by_model[ModelKey(stored.records.model, stored.records.version)].append(stored)
        known = {m.key: m for m in self._store.models()} if by_model else {}
        for key, group in by_model.items():
            self._add(known.get(key, ModelInfo(key)), appended.seq, group, now)
        for stored in appended.stored:
            if stored.records.kind == "reference" and stored.records.reference_last:
                self._due.note(stored.records)
        return appended

    def _add(self, info: ModelInfo, seq: int, group: list[Stored], now: int) -> None:
        """The rows are committed: whatever goes wrong here may not turn that into a failed request."""
        try:
            model = self._watch(info).model
            room = HELD_BYTES // len(self._watched)
            model.add(seq, [(stored.table, info) for stored in group], repeated_times(group), now, room)
        except Exception:
            log.exception("rows of %s could not be put into panes; its panes are made again from the store", info.key)

    def _info(self, key: ModelKey) -> ModelInfo:
        return next((m for m in self._store.models() if m.key == key), ModelInfo(key))

    def _watch(self, info: ModelInfo) -> Watched:
        """The model version, loaded and caught up if it is not known yet or its panes could not be kept right."""
        with self._watched_lock:
            watched = self._watched.get(info.key)
            if watched is None:
                watched = Watched(self._loaded(info), self._config, self._store, self._monotonic)
                self._watched[info.key] = watched
            elif watched.model.broken:
                watched.model = self._loaded(info)
            return watched

    def _loaded(self, info: ModelInfo) -> Monitored:
        key = info.key
        reference = self._compared_with(key)
        layout = reference.layout if reference else plain_layout(info, self._config)
        model = Monitored(key, self._settings, layout, reference)
        model.restore(self._store, info, self._clock())
        return model

    def _compared_with(self, key: ModelKey) -> Reference | None:
        serving = serving_reference(self._store, key)
        if serving is None:
            return None
        owner, stored = serving
        return read_reference(stored) or self._summarised_again(owner, stored)

    def _summarised_again(self, key: ModelKey, stored: StoredReference) -> Reference | None:
        """A reference of a release that summarised other things."""
        again = summarised_again(stored, self._store.reference_rows(key))
        if again is None:
            log.warning("%s has a reference of another release, which summarised other things: add it again", key)
        else:
            self._store.put_reference(key, store_reference(again), None)
        return again

    def restore(self) -> None:
        """Load every known model's panes, and add what was committed after they were saved.

        A model that cannot be loaded keeps no other from it; the tick tries again and says why it cannot.
        """
        self._due.load()
        for info in self._store.models():
            try:
                self._watch(info)
            except Exception:
                log.exception("%s could not be loaded", info.key)

    def _adopt_due(self, now: int) -> Iterator[Exception]:
        """Compare models with references that are complete now; gives what went wrong.

        A reference that is refused, or makes no sense, is done with: it would be the same the next time.
        """
        for key, number, said in self._due.items():
            try:
                self._adopt(key, said, now)
            except UnavailableError as error:
                yield error
                continue
            except InputError as error:
                log.warning("%s", error)
            except Exception as error:  # noqa: BLE001  raised by tick
                error.add_note(f"while adopting the reference of {key}")
                yield error
            self._due.done(number)

    def _adopt(self, key: ModelKey, said: Said, now: int) -> None:
        """A reference of every version does not replace one of the version's own, unless nobody gave that."""
        infos = self._served_by(key)
        known = said.or_else(Said.of(infos[0])) if infos else said
        pieces = list(self._store.reference_rows(key))
        table = pa.concat_tables(pieces, promote_options="permissive") if pieces else pa.table({})
        reference = given_reference(table, key, known, self._config, origin=said.origin, created_at=now)
        self._store.put_reference(key, store_reference(reference), None)
        for info in self._served_by(key):  # asked again: a model that appeared meanwhile has found no reference
            own = self._store.reference(info.key)
            if key.version == info.key.version or own is None or own.origin == "auto":
                self._watch(info).adopt(reference, info, now)

    def _served_by(self, key: ModelKey) -> list[ModelInfo]:
        models = self._store.models()
        return [m for m in models if m.key.name == key.name and key.version in (m.key.version, ANY_VERSION)]

    def tick(self) -> Report:
        """Bring every model up to date and make a new report. Only what changed is computed.

        Raises
        ------
        ExceptionGroup
            With one error per model that could not be brought up to date; the report has all others.
        """
        with self._tick_lock:
            now = self._clock()
            errors = list(self._adopt_due(now))
            ready = list(self._prepared(now, errors))
            self._work(ready, now, errors)
            known = self._all()
            self._report = Report(
                now, tuple(o for w in known for o in w.trailing), tuple(a for w in known for a in w.alerts),
                tuple(plan for w in known if (plan := w.plan) is not None),
            )  # fmt: skip
            if errors:
                msg = f"{len(errors)} models could not be brought up to date"
                raise ExceptionGroup(msg, errors)
            return self._report

    def _prepared(self, now: int, errors: list[Exception]) -> Iterator[Watched]:
        """The models of which everything is known that the time of the tick is shared out by."""
        upto, models = self._store.newest(), self._store.models()
        in_use = versions_in_use(models)
        last: dict[str, int] = defaultdict(int)
        for info in models:
            last[info.key.name] = max(last[info.key.name], info.last_seen)
        for info in models:
            with self._guarded(info.key, now, errors):
                watched = self._watch(info)
                name = info.key.name
                watched.prepare(info, upto, now, versions=in_use[name], is_latest=info.last_seen >= last[name])
                yield watched

    def _work(self, ready: list[Watched], now: int, errors: list[Exception]) -> None:
        """Every model that is behind gets an equal share of the time that is left."""
        saving = Saving(self._store, lambda key: self._guarded(key, now, errors))
        left = TICK_BUDGET_SECONDS
        behind = [w.is_behind(now) for w in ready]
        for i, watched in enumerate(ready):
            started = self._monotonic()
            with self._guarded(watched.model.key, now, errors):
                watched.work(left / max(sum(behind[i:]), 1), now)
                saving.add(watched.model, watched.unsaved_in_time(now))
            left = max(left - (self._monotonic() - started), 0.0)
        saving.write()

    @contextmanager
    def _guarded(self, key: ModelKey, now: int, errors: list[Exception]) -> Iterator[None]:
        """One model's error must not keep the others from their statistics; nor may its last ones look alive."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  raised by tick, with those of the others
            error.add_note(f"while evaluating {key}")
            errors.append(error)
            if key in self._watched:
                self._watched[key].let_go(now)

    def _all(self) -> list[Watched]:
        with self._watched_lock:
            return list(self._watched.values())

    def observe(self, key: ModelKey, window: Window) -> tuple[Observation, ...]:
        """Evaluate any window of a model now, from its panes; nothing is stored."""
        return self._watch(self._info(key)).evaluate(window, self._clock())

    def idle(self) -> bool:
        """Whether everything committed is in the newest report."""
        with self._tick_lock:
            newest, now = self._store.newest(), self._clock()
            behind = any(w.model.marks.truth < newest or w.is_behind(now) for w in self._all())
            return not (behind or len(self._due))

    def close(self) -> None:
        """Save what every model's panes hold.

        Raises
        ------
        ExceptionGroup
            With one error per model that could not be saved; all others are.
        """
        with self._tick_lock:
            now = self._clock()
            errors: list[Exception] = []
            saving = Saving(self._store, lambda key: self._guarded(key, now, errors))
            for watched in self._all():
                with self._guarded(watched.model.key, now, errors):
                    saving.add(watched.model, watched.unsaved(now, closing=True))
            saving.write()
        if errors:
            msg = f"{len(errors)} models could not be saved; their rows since the last time are read again at the start"
            raise ExceptionGroup(msg, errors)
