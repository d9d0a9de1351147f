"""Which rows are old enough to be deleted, and when: a little in every tick, so that no commit waits for long.

A row that is sent again is recognised by the row that is stored. So a row stays as long as repeats of it are recognised
(``deduplicate_for``), counted from its arrival, however old its event time was then; a ledger in the store says which
commit was the newest at which time.
"""

from __future__ import annotations

import json
from bisect import bisect_right

from miops_collector.stores._store import Store
from miops_collector.window import NANOS

__all__ = ["Retention"]

STATE = "retention"
ENTRIES = 200
"""The ledger has about so many for the time that repeats are recognised."""
AT_ONCE = 50_000
"""Rows deleted in one transaction, one of each model version and tick."""
TRUTH_EVERY = 3600 * NANOS
"""Truth that predictions which are gone have left behind is looked for so often."""


class Retention:
    """Used by the ticking thread alone.

    Parameters
    ----------
    keep
        Nanoseconds of event time before now that rows are kept.
    recognise
        Nanoseconds after its arrival that a repeat of a row is recognised.
    """

    def __init__(self, store: Store, *, keep: int, recognise: int) -> None:
        self._store = store
        self._keep, self._recognise = keep, recognise
        self._truth_again = 0
        self._ledger: list[tuple[int, int]] = [(int(t), int(s)) for t, s in json.loads(store.state(STATE) or "[]")]

    def step(self, now: int) -> int:
        """Delete some of what is old; how many predictions, or rows of truth, it were."""
        upto = self._settled(now)
        if not upto:
            return 0
        before = now - self._keep
        rows = sum(
            self._store.forget(info.key, before=before, upto=upto, at_most=AT_ONCE)
            for info in self._store.models()
            if info.rows and info.first_seen < before
        )
        return rows + self._forget_truth(now, before, upto)

    def _forget_truth(self, now: int, before: int, upto: int) -> int:
        """After the predictions, and seldom: all that are stored are asked whether they hold it."""
        if now < self._truth_again:
            return 0
        truth = self._store.forget_truth(before=before, upto=upto, at_most=AT_ONCE)
        if truth < AT_ONCE:
            self._truth_again = now + TRUTH_EVERY
        return truth

    def _settled(self, now: int) -> int:
        """The newest commit whose rows need not be recognised any more; 0 if there is none."""
        if not self._ledger or now - self._ledger[-1][0] >= self._recognise // ENTRIES:
            self._ledger.append((now, self._store.newest()))
            done = bisect_right(self._ledger, now - self._recognise, key=lambda entry: entry[0])
            self._ledger = self._ledger[max(done - 1, 0) :]
            self._store.put_state(STATE, json.dumps(self._ledger))
        time, seq = self._ledger[0]
        return seq if time <= now - self._recognise else 0
