"""Taking what a model does now as what it should do: rows of a window become its reference, and who said so is kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.alerts import DRIFT
from miops_collector.errors import InputError
from miops_collector.report import Alert, ModelKey
from miops_collector.schema import Records
from miops_collector.stores._store import Store
from miops_collector.summarise import answered
from miops_collector.window import Window

__all__ = [
    "ACCEPTED",
    "FEWEST",
    "SMALL",
    "Acceptance",
    "accepted",
    "drifted_window",
    "last_accepted",
    "read_accepted",
    "remember",
]

ACCEPTED: Final = "accepted"
"""Origin of such a reference, and how its id begins."""
STATE: Final = "accepted references"
FEWEST, SMALL, MOST = 50, 5000, 200_000
"""Rows of a reference: fewer are refused; with fewer small drift is not seen; of more only some are taken."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who took which rows of a model version as its reference, when. Times are nanoseconds since 1970."""

    model: str
    version: str
    start: int
    end: int
    by: str
    at: int
    rows: int = 0
    columns: tuple[str, ...] = ()
    """Columns with an open alarm, which it closed."""

    @property
    def key(self) -> ModelKey:
        return ModelKey(self.model, self.version)


def drifted_window(alerts: Iterable[Alert], key: ModelKey) -> tuple[Window, tuple[str, ...]]:
    """From the first window of the open drift alarms to the newest one, and the columns they are about.

    Raises
    ------
    InputError
        If no drift alarm of this model version is open.
    """
    open_ = [a for a in alerts if a.model == key and a.rule == DRIFT and a.state == "firing"]
    if not open_:
        msg = f"no drift alarm of model {key.name!r} version {key.version!r} is open: say start and end of the rows"
        raise InputError(msg)
    window = Window(min(a.since for a in open_), max((a.latest or a).window.end for a in open_))
    return window, tuple(sorted(a.column for a in open_))


def accepted(store: Store, key: ModelKey, window: Window) -> Records:
    """The rows of this event time with what is known of their truth, as a reference of their own version.

    Raises
    ------
    InputError
        If there is no such model version, or too few rows.
    """
    info = next((m for m in store.models() if m.key == key), None)
    if info is None:
        msg = f"there is no model {key.name!r} with a version {key.version!r}"
        raise InputError(msg)
    upto = store.newest()
    labelled = [_within(t, window) for t in store.truth_changes(key, after=0, upto=upto)]
    labelled = [t.filter(pc.greater(t["sign"], 0.0)).drop_columns(["sign"]) for t in labelled]
    keys = pa.chunked_array([c for t in labelled for c in t["key"].chunks] or [pa.array([], pa.binary(16))])
    others = [_without(_within(answered(t), window), keys) for t in store.rows(key, after=0, upto=upto)]
    pieces = [t for t in (*labelled, *others) if t.num_rows]
    rows = sum(t.num_rows for t in pieces)
    if rows < FEWEST:
        msg = f"{rows} rows between start and end are too few for a reference: at least {FEWEST}, better {SMALL}"
        raise InputError(msg)
    table = pa.concat_tables(pieces, promote_options="permissive")
    step = -(-rows // MOST)
    table = table.take(pa.array(range(0, rows, step))) if step > 1 else table
    return Records(
        "reference", key.name, table, version=key.version, task=info.task, classes=info.classes,
        positive_class=info.positive_class, sensitive=info.sensitive, framework=info.framework,
        reference_id=f"{ACCEPTED}:{uuid.uuid4().hex}", reference_last=True,
    )  # fmt: skip


def remember(store: Store, acceptance: Acceptance) -> None:
    """Keep the record, for good."""
    kept = [*json.loads(store.state(STATE) or "[]"), asdict(acceptance)]
    store.put_state(STATE, json.dumps(kept))


def read_accepted(store: Store) -> tuple[Acceptance, ...]:
    """All records, oldest first."""
    kept = json.loads(store.state(STATE) or "[]")
    return tuple(Acceptance(**{**a, "columns": tuple(a["columns"])}) for a in kept)


def last_accepted(store: Store, key: ModelKey) -> Acceptance | None:
    """The newest record about a model version."""
    return next((a for a in reversed(read_accepted(store)) if a.key == key), None)


def _within(table: pa.Table, window: Window) -> pa.Table:
    time = table["time"]
    return table.filter(pc.and_(pc.greater_equal(time, window.start), pc.less(time, window.end)))


def _without(table: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table["key"], value_set=keys)))
