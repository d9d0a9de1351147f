"""Writing the panes of many models in few commits: one for each would take a thousand models longer than a tick."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

from miops_collector.monitored import Monitored, Unsaved
from miops_collector.report import ModelKey
from miops_collector.stores._store import Store

__all__ = ["Saving"]

log = logging.getLogger(__name__)

MOST_BYTES, MOST_MODELS = 32 << 20, 512
"""Written in one commit."""


class Saving:
    """Collects what models want written. A model that fails keeps no other from it.

    Parameters
    ----------
    guarded
        Makes a context in which the error of one model is noted.
    """

    def __init__(self, store: Store, guarded: Callable[[ModelKey], AbstractContextManager[None]]) -> None:
        self._store = store
        self._guarded = guarded
        self._waiting: list[tuple[Monitored, Unsaved]] = []
        self._bytes = 0

    def add(self, model: Monitored, unsaved: Unsaved | None) -> None:
        if unsaved is None:
            return
        self._waiting.append((model, unsaved))
        self._bytes += unsaved.nbytes
        if self._bytes > MOST_BYTES or len(self._waiting) >= MOST_MODELS:
            self.write()

    def write(self) -> None:
        """Write what has been collected: together, and if that fails, or is for one alone, one by one."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if len(waiting) > 1 and self._together([unsaved for _, unsaved in waiting]):
            for model, unsaved in waiting:
                model.is_saved(unsaved)
            return
        for model, unsaved in waiting:
            with self._guarded(model.key):
                model.save(self._store, unsaved)

    def _together(self, every: list[Unsaved]) -> bool:
        try:
            self._store.put_many_panes([u.changes for u in every if u.moved], {u.agenda_key: u.agenda for u in every})
        except Exception as error:  # noqa: BLE001  what fails again is told one by one
            log.info("panes of %d models could not be saved together, so each is saved alone: %s", len(every), error)
            return False
        return True
