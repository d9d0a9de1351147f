"""References that are complete but not yet adopted; remembered across restarts."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict

from miops_collector.adoption import Said
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores._store import Store

__all__ = ["DueReferences"]

STATE = "references due"


class DueReferences:
    """Their rows are committed, and their senders will not send them again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._due: dict[ModelKey, tuple[int, Said]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._due)

    def load(self) -> None:
        """Remember what was due before a restart."""
        saved = json.loads(self._store.state(STATE) or "[]")
        for name, version, said in saved:
            self._due.setdefault(ModelKey(name, version), (self._number(), Said.from_json(said)))

    def note(self, sent: Records) -> None:
        """The last rows of a reference were committed."""
        with self._lock:
            self._keep({**self._due, ModelKey(sent.model, sent.version): (self._number(), Said.by(sent))})

    def items(self) -> list[tuple[ModelKey, int, Said]]:
        """Whose reference, its number, and what was said with it."""
        with self._lock:
            return [(key, number, said) for key, (number, said) in self._due.items()]

    def done(self, number: int) -> None:
        """It was adopted, or refused for good; one of the same model that was given meanwhile stays due."""
        with self._lock:
            self._keep({key: due for key, due in self._due.items() if due[0] != number})

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _keep(self, due: dict[ModelKey, tuple[int, Said]]) -> None:
        self._due = due
        said = [[key.name, key.version, asdict(said)] for key, (_, said) in due.items()]
        self._store.put_state(STATE, json.dumps(said))
