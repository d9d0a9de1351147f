"""Everything after the store: rows into panes as they commit, and the tick that turns panes into a report."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from miops_collector.adoption import Said, automatic_reference, given_reference, plain_layout
from miops_collector.alarming import Alarming
from miops_collector.config import Config
from miops_collector.errors import InputError
from miops_collector.monitored import Monitored, Reference, Settings, read_reference, store_reference
from miops_collector.report import ModelKey, Observation, Report
from miops_collector.schema import Records
from miops_collector.signals import Context, evaluate_all
from miops_collector.statistics.scan import LOOK_BACKS
from miops_collector.stores._store import Appended, ModelInfo, Store, Stored
from miops_collector.window import NANOS, Window, parse_length

__all__ = ["Engine"]

log = logging.getLogger(__name__)

ANY_VERSION = ""
"""A reference of this version serves every version of its model that has none of its own."""
DUE = "references due"
"""State under which references that are complete but not yet adopted are remembered."""
SAVE_SECONDS = 15.0
"""Panes changed since are written at least this often; after a crash the rows since are read again from the store."""
TICK_BUDGET_SECONDS = 2.0
"""A tick stops evaluating older windows after this long and goes on with them in the next."""


@dataclass(frozen=True, slots=True)
class _Clock:
    wall: Callable[[], int] = time.time_ns
    monotonic: Callable[[], float] = time.monotonic


class Engine:
    """One writer thread calls :meth:`append`, one ticking thread :meth:`tick`; they meet in the panes."""

    def __init__(self, store: Store, config: Config, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._store = store
        self._config = config
        self._clock = _Clock(wall=clock)
        self._settings = settings_of(config)
        self._models: dict[ModelKey, Monitored] = {}
        self._alarming: dict[ModelKey, Alarming] = {}
        self._pending: dict[ModelKey, set[Window]] = defaultdict(set)
        self._trailing: dict[ModelKey, tuple[Observation, ...]] = {}
        self._trailing_windows: dict[ModelKey, list[Window]] = {}
        self._due: dict[ModelKey, Said] = {}
        self._models_lock = threading.RLock()
        self._tick_lock = threading.Lock()
        self._report = Report(computed_at=clock())

    @property
    def report(self) -> Report:
        """The newest report."""
        return self._report

    # --- ingest: commit, then panes --------------------------------------------------------------------------------

    def append(self, records: Sequence[Records]) -> Appended:
        """Commit the records, then add what was new to the panes of its models."""
        appended = self._store.append(records)
        now = self._clock.wall()
        by_model: dict[ModelKey, list[Stored]] = defaultdict(list)
        for stored in appended.stored:
            sent = stored.records
            key = ModelKey(sent.model, sent.version)
            if sent.kind == "predictions":
                by_model[key].append(stored)
            elif sent.kind == "reference" and sent.reference_last:
                self._note_due({**self._due, key: Said.by(sent)})
        for key, group in by_model.items():
            self._add(key, appended.seq, group, now)
        return appended

    def _add(self, key: ModelKey, seq: int, group: list[Stored], now: int) -> None:
        """The rows are committed: whatever goes wrong here may not turn that into a failed request."""
        try:
            info = self._info(key)
            model = self._monitored(key, info)
            model.add(seq, [(stored.table, info) for stored in group], repeated_times(group), now)
        except Exception:
            log.exception("rows of %s could not be put into panes; its panes are made again from the store", key)
            with self._models_lock:
                self._models.pop(key, None)

    def _info(self, key: ModelKey) -> ModelInfo:
        return next((m for m in self._store.models() if m.key == key), ModelInfo(key))

    def _monitored(self, key: ModelKey, info: ModelInfo) -> Monitored:
        with self._models_lock:
            model = self._models.get(key)
            if model is None:
                stored = self._store.reference(key) or self._store.reference(ModelKey(key.name, ANY_VERSION))
                reference = read_reference(stored) if stored else None
                layout = reference.layout if reference else plain_layout(info, self._config)
                model = Monitored(key, self._settings, layout, reference)
                model.restore(self._store, info, self._clock.wall())
                self._models[key] = model
            return model

    def restore(self) -> None:
        """Load every known model's panes, and add what was committed after they were saved."""
        for info in self._store.models():
            self._monitored(info.key, info)
        due = json.loads(self._store.state(DUE) or "[]")
        self._due = {ModelKey(name, version): Said(**said) for name, version, said in due}

    # --- references ------------------------------------------------------------------------------------------------

    def _adopt_due(self, now: int) -> None:
        """Compare models with references that are complete now; their stored rows are binned anew."""
        for key, said in list(self._due.items()):
            infos = [m for m in self._store.models() if m.key.name == key.name and key.version in (m.key.version, "")]
            known = said.or_else(Said.of(infos[0])) if infos else said
            table = pa.concat_tables(list(self._store.reference_rows(key)), promote_options="permissive")
            try:
                reference = given_reference(table, key, known, self._config, origin="given", created_at=now)
            except InputError as error:
                log.warning("%s", error)
            else:
                self._store.put_reference(key, store_reference(reference), None)
                for info in infos:
                    self._adopt_if_better(key, info, reference, now)
            self._note_due({k: v for k, v in self._due.items() if (k, v) != (key, said)})

    def _note_due(self, due: dict[ModelKey, Said]) -> None:
        """Remember it across a restart: the reference's rows are committed, and its sender will not send them again."""
        with self._models_lock:
            self._due = due
            self._store.put_state(DUE, json.dumps([[k.name, k.version, asdict(said)] for k, said in due.items()]))

    def _adopt_if_better(self, key: ModelKey, info: ModelInfo, reference: Reference, now: int) -> None:
        """A reference of every version does not replace one of the version's own, unless nobody gave that."""
        own = self._store.reference(info.key)
        if key.version == info.key.version or own is None or own.origin == "auto":
            self._adopt(info, reference, now)

    # --- tick: what changed, into a report ----------------------------------------------------------------------------

    def tick(self) -> Report:
        """Bring every model up to date and make a new report. Only what changed is computed.

        Raises
        ------
        ExceptionGroup
            With one error per model that could not be brought up to date; the report has all others.
        """
        with self._tick_lock:
            now = self._clock.wall()
            self._adopt_due(now)
            upto = self._store.newest()
            errors = [e for info in self._store.models() if (e := self._try_model(info, upto, now))]
            alerts = tuple(a for alarming in self._alarming.values() for a in alarming.alerts())
            observations = tuple(o for each in self._trailing.values() for o in each)
            self._report = Report(now, observations, alerts)
            if errors:
                msg = f"{len(errors)} models could not be brought up to date"
                raise ExceptionGroup(msg, errors)
            return self._report

    def _try_model(self, info: ModelInfo, upto: int, now: int) -> Exception | None:
        """One model's error must not keep the others from their statistics."""
        try:
            self._tick_model(self._monitored(info.key, info), info, upto, now)
        except Exception as error:  # noqa: BLE001  raised by tick, with those of the other models
            error.add_note(f"while evaluating {info.key}")
            return error
        return None

    def _tick_model(self, model: Monitored, info: ModelInfo, upto: int, now: int) -> None:
        self._refresh_layout(model, info, now)
        model.absorb_truth(self._store, info, upto)
        alarming = self._alarms_of(model)
        done, computed = self._evaluate_changed(model, now)
        alarming.advance(model, computed, self._store, now)
        if computed:
            self._store.put_observations([alarming.judged(o) for o in computed])
        self._pending[model.key] -= done
        self._evaluate_trailing(model, now, changed=bool(computed))
        self._save(model, now)

    def _refresh_layout(self, model: Monitored, info: ModelInfo, now: int) -> None:
        """Give a model without a reference its first rows as one, or at least the columns that have appeared."""
        if model.reference is not None:
            return
        reference = automatic_reference(self._store, info, self._config, now)
        if reference is not None:
            self._store.put_reference(info.key, store_reference(reference), None)
            self._adopt(info, reference, now)
            return
        layout = plain_layout(info, self._config)
        if layout.id != model.layout.id:
            model.relayout(layout, self._store, info, now)

    def _adopt(self, info: ModelInfo, reference: Reference, now: int) -> None:
        self._monitored(info.key, info).adopt(reference, self._store, info, now)
        self._alarming.pop(info.key, None)

    def _alarms_of(self, model: Monitored) -> Alarming:
        alarming = self._alarming.get(model.key)
        if alarming is None:
            alarming = Alarming.of(model, self._config, self._store)
            self._alarming[model.key] = alarming
        return alarming

    def _evaluate_changed(self, model: Monitored, now: int) -> tuple[set[Window], list[Observation]]:
        """Newest windows first; what does not fit into the tick's budget stays for the next."""
        pending = self._pending[model.key]
        pending |= model.changed_windows(now)
        deadline = self._clock.monotonic() + TICK_BUDGET_SECONDS
        done: set[Window] = set()
        observations: list[Observation] = []
        for window in sorted(pending, reverse=True):
            observations += self._evaluate(model, window, now)
            done.add(window)
            if self._clock.monotonic() > deadline:
                break
        return done, observations

    def _evaluate_trailing(self, model: Monitored, now: int, *, changed: bool) -> None:
        windows = model.trailing_windows(now)
        if changed or windows != self._trailing_windows.get(model.key):
            self._trailing_windows[model.key] = windows
            alarming = self._alarming[model.key]
            computed = [o for w in windows for o in self._evaluate(model, w, now)]
            self._trailing[model.key] = tuple(alarming.judged(o) for o in computed)

    def _evaluate(self, model: Monitored, window: Window, now: int) -> tuple[Observation, ...]:
        current = model.window(window)
        if current.volume.rows <= 0:
            return ()
        reference = model.reference
        context = Context(
            model=model.key,
            window=window,
            computed_at=now,
            complete=window.end <= model.complete_before(now),
            minimum_rows=self._config.minimum_rows,
            minimum_group_rows=self._config.minimum_group_rows,
            reference_time=model.reference_time,
        )
        return evaluate_all(context, reference.summaries if reference else None, current)

    def observe(self, key: ModelKey, window: Window) -> tuple[Observation, ...]:
        """Evaluate any window of a model now, from its panes; nothing is stored."""
        return self._evaluate(self._monitored(key, self._info(key)), window, self._clock.wall())

    def idle(self) -> bool:
        """Whether everything committed is in the newest report."""
        with self._tick_lock:
            newest = self._store.newest()
            behind = any(m.marks.truth < newest for m in self._models.values())
            return not (behind or self._due or any(self._pending.values()))

    # --- saving ------------------------------------------------------------------------------------------------------

    def _save(self, model: Monitored, now: int, *, force: bool = False) -> None:
        if force or now - model.saved_at >= SAVE_SECONDS * NANOS:
            model.saved_at = now
            model.save(self._store, now)
            alarming = self._alarming.get(model.key)
            if alarming is not None:
                alarming.save(self._store)

    def close(self) -> None:
        """Save what every model's panes hold."""
        with self._tick_lock:
            for model in self._models.values():
                self._save(model, self._clock.wall(), force=True)


def settings_of(config: Config) -> Settings:
    """Lengths of panes and windows, and how panes merge as they age: never while the alarms still look back at them."""
    pane, smallest = config.pane_nanos, config.window_nanos[0]
    kept = LOOK_BACKS[-1] * 2 * smallest
    lengths: list[int] = [pane]
    ages: list[int] = []
    for length, age in sorted((parse_length(k), parse_length(v)) for k, v in config.ageing.items()):
        if length > lengths[-1] and length % lengths[-1] == 0 and age > (ages[-1] if ages else 0):
            lengths.append(length)
            ages.append(max(age, kept))
    return Settings(
        pane, config.window_nanos, parse_length(config.lateness), tuple(zip(lengths, [*ages, 0], strict=True))
    )


def repeated_times(group: Sequence[Stored]) -> NDArray[np.int64]:
    """Event times of rows that were left out as repeats, ``(r,)``: each counts in the window of its own time."""
    times = [np.empty(0, dtype=np.int64)]
    for stored in group:
        if stored.duplicates:
            given, kept = stored.records.table, stored.table
            fresh = pc.is_in(given["key"], value_set=kept["key"].combine_chunks()) if kept.num_rows else None
            old = given if fresh is None else given.filter(pc.invert(fresh))
            times.append(old["time"].to_numpy())
            again = stored.duplicates - old.num_rows  # the same id twice in one request
            times.append(np.repeat(given["time"][0].as_py(), max(again, 0)))
    return np.concatenate(times).astype(np.int64)
