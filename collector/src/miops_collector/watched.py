"""One model version from tick to tick: how it is laid out, what is due of it, its alarms, and what a gauge shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from miops_collector.accepting import ACCEPTED, last_accepted
from miops_collector.adoption import automatic_reference, plain_layout
from miops_collector.alarming import Alarming
from miops_collector.compared_with import Reference, store_reference
from miops_collector.config import Config
from miops_collector.monitored import Monitored, Unsaved
from miops_collector.report import AlarmPlan, Alert, Observation
from miops_collector.sampling import Sampling
from miops_collector.signals import Context, evaluate_all
from miops_collector.stores._store import ModelInfo, Store
from miops_collector.window import NANOS, Window, parse_length

__all__ = ["Watched", "versions_in_use"]

SAVE_SECONDS = 15.0
"""Panes changed since are written at least this often; after a crash the rows since are read again from the store."""
PACK_SECONDS, OVERDUE_SECONDS = 0.5, 60.0
"""What a tick may spend on making panes ready to be saved, and how long a save may be put off by that."""
REBUILD_SHARE = 0.1
"""Part of the time that may go into binning all rows anew because new columns keep appearing."""
LOOK_AGAIN = 8
"""A model that failed on many rows may have enough others for a reference after an eighth more of all rows."""

IN_USE = parse_length("30d")
"""A version that was silent for so long, while another was not, is retired."""


def versions_in_use(models: Iterable[ModelInfo]) -> dict[str, int]:
    """How many versions each model has that had rows within a month of its newest; at least 1."""
    last: dict[str, list[int]] = {}
    for info in models:
        last.setdefault(info.key.name, []).append(info.last_seen)
    return {name: max(sum(max(seen) - t <= IN_USE for t in seen if t), 1) for name, seen in last.items()}


class Watched:
    """Only the ticking thread uses it; its ``model`` is shared with the writer.

    Attributes
    ----------
    trailing
        Observations of the windows that end now.
    """

    def __init__(self, model: Monitored, config: Config, store: Store, monotonic: Callable[[], float]) -> None:
        self.model = model
        self.trailing: tuple[Observation, ...] = ()
        self._config = config
        self._store = store
        self._monotonic = monotonic
        self._alarming: Alarming | None = None
        self._sampling = Sampling(model.key, config, store)
        self._windows: list[Window] = []
        self._described: tuple[object, ...] = ()
        self._rest_until = 0.0
        self._look_at = 0
        self._due_since = 0.0

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return self._alarming.alerts() if self._alarming else ()

    @property
    def plan(self) -> AlarmPlan | None:
        return self._alarming.plan if self._alarming else None

    def adopt(self, reference: Reference, info: ModelInfo, now: int) -> None:
        """Compare it with this from now on; its stored rows are binned anew, and its alarms start anew.

        If its own rows were accepted as the reference, only rows from then on are judged by it.
        """
        taken = last_accepted(self._store, info.key) if reference.layout.origin == ACCEPTED else None
        before = None if taken is None else self._alarming or Alarming.of(self.model, self._config, self._store)
        self.model.rebuild(reference.layout, reference, self._store, info, now)
        self._alarming = None
        if before is not None and taken is not None:
            self._alarming = Alarming.of(self.model, self._config, self._store)
            self._alarming.go_on_from(before, taken.start, min(taken.end, self.model.complete_before(now)))
            self._alarming.save(self._store)

    def _refresh_layout(self, info: ModelInfo, now: int) -> None:
        """Give a model without a reference its first rows as one, or at least the columns that have appeared."""
        if self.model.reference is not None:
            return
        reference = None
        if info.rows >= self._look_at:
            reference = automatic_reference(self._store, info, self._config, now)
            self._look_at = info.rows + info.rows // LOOK_AGAIN if info.rows >= self._config.reference_rows else 0
        if reference is None:
            self._lay_out(info, now)
        else:
            self._store.put_reference(info.key, store_reference(reference), None)
            self.adopt(reference, info, now)

    def _lay_out(self, info: ModelInfo, now: int) -> None:
        described = (info.columns, info.task, info.classes, info.positive_class)
        started = self._monotonic()
        if described == self._described or started < self._rest_until:
            return
        layout = plain_layout(info, self._config)
        if layout.id != self.model.layout.id:
            self.model.rebuild(layout, None, self._store, info, now)
            self._rest_until = self._monotonic() + (self._monotonic() - started) / REBUILD_SHARE
        self._described = described

    def prepare(self, info: ModelInfo, upto: int, now: int, *, versions: int = 1, is_latest: bool = True) -> None:
        """Find out what is due: a layout for what is known now, truth up to this commit, changed windows.

        ``versions`` of the model are in use and share its budget of false alarms; the latest has its newest rows.
        """
        self._refresh_layout(info, now)
        self.model.absorb_truth(self._store, info, upto)
        self.model.update_agenda(now)
        self._alarming = self._alarming or Alarming.of(self.model, self._config, self._store)
        self._alarming.share_with(versions, is_latest=is_latest)

    def is_behind(self, now: int) -> bool:
        """Whether anything waits to be scanned or evaluated."""
        if self._alarming is None or self.model.broken or self.model.has_due:
            return True
        return self._alarming.scanning.is_behind(self.model, self.model.complete_before(now))

    def work(self, seconds: float, now: int) -> None:
        """Scan and evaluate what is due, after :meth:`prepare`, for so long; what then is left comes next time."""
        model, alarming = self.model, self._alarming
        assert alarming is not None
        started, complete = self._monotonic(), self.model.complete_before(now)
        alarming.advance_scan(model, complete, lambda: self._monotonic() - started > seconds / 2)
        model.update_agenda(now)
        done, computed = self._evaluate_due(started + seconds, now)
        alarming.advance(model, computed, self._store, complete)
        judged = alarming.judged(computed)
        self._sampling.keep(judged)
        self._show(alarming, done, now)
        if computed:
            self._store.put_observations(judged)
        model.agenda.done(done)

    def _evaluate_due(self, deadline: float, now: int) -> tuple[list[Window], list[Observation]]:
        """The first window of every queue in any case, so that none of them stands still."""
        done: list[Window] = []
        observations: list[Observation] = []
        for queue in self.model.agenda.queues():
            for i, window in enumerate(queue):
                if i and self._monotonic() > deadline:
                    break
                if self.model.resolves(window):
                    observations += self.evaluate(window, now, sampling=self._sampling)
                done.append(window)
        return done, observations

    def evaluate(self, window: Window, now: int, *, sampling: Sampling | None = None) -> tuple[Observation, ...]:
        """Every observation about a window, those of sampled rows only with ``sampling``; none if it has no rows."""
        reference, current = self.model.compared(window)
        rows = current.volume.rows
        if current.attempts.rows <= 0:
            return ()
        complete = window.end <= self.model.complete_before(now)
        context = Context(
            model=self.model.key,
            window=window,
            computed_at=now,
            complete=complete,
            minimum_rows=self._config.minimum_rows,
            minimum_group_rows=self._config.minimum_group_rows,
            reference_time=self.model.first_seen,
            definition=self._config.definitions_of(self.model.key.name),
            sampled=sampling.of(window, reference, rows, complete=complete) if sampling else None,
        )
        return evaluate_all(context, reference.summaries if reference else None, current)

    def _show(self, alarming: Alarming, done: list[Window], now: int) -> None:
        """Evaluate the trailing windows again, if they have moved or what lies in them has changed."""
        windows = self.model.trailing_windows(now)
        if windows != self._windows or any(d.end > w.start for w in windows for d in done):
            computed = [o for w in windows for o in self.evaluate(w, now)]
            sampled = self._sampling.shown([w for w in windows if any(o.window == w for o in computed)])
            self.trailing, self._windows = (*alarming.judged(computed), *sampled), windows

    def let_go(self, now: int) -> None:
        """It could not be evaluated: show what is known as long as its windows have not passed, then nothing."""
        if self.model.trailing_windows(now) != self._windows:
            self.trailing, self._windows = (), []

    def unsaved_in_time(self, now: int) -> Unsaved | None:
        """What is to be written now, if its time has come.

        The rows of years may have come together: then their panes are made ready over several ticks.
        """
        if now - self.model.saved_at < SAVE_SECONDS * NANOS:
            return None
        started = self._monotonic()
        self._due_since = self._due_since or started
        overdue = started - self._due_since > OVERDUE_SECONDS
        if not (self.model.pack(lambda: self._monotonic() - started > PACK_SECONDS) or overdue):
            return None
        self._due_since = 0.0
        return self.unsaved(now)

    def unsaved(self, now: int, *, closing: bool = False) -> Unsaved | None:
        """What is to be written of its panes.

        Its alarms are written first: after a crash in between, the same windows tell them the same once more.
        """
        self.model.saved_at = now
        needed_from = now
        if self._alarming is not None:
            self._alarming.labelled.look_at(self.model.take_truth_at())
            self._alarming.save(self._store)
            needed_from = self._alarming.scanning.needed_from
        return self.model.unsaved(now, needed_from=needed_from, closing=closing)
