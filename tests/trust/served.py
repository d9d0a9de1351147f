"""A collector's engine that is served a stream, a day of hours at a time, and what its alarms said of every hour.

It is the engine that a user runs, with its store, panes, book of alarms and all; only its clock is ours. Statistics
that open no alarm here, and saving, are left out where thousands of windows are to be seen (:func:`lean`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from miops_collector import labelled, scanning, watched
from miops_collector.config import AlarmConfig, Config
from miops_collector.config.multivariate import MultivariateConfig
from miops_collector.engine import Engine
from miops_collector.monitored import Monitored
from miops_collector.report import Alert
from miops_collector.schema import Records
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import NANOS, Window

__all__ = ["HOUR", "START", "Served", "lean"]

HOUR = 3600 * NANOS
START = 20_000 * 24 * HOUR
A_WHILE = 2 * NANOS
"""After the end of a window until the clock is read: it is complete then."""
MODEL, VERSION = "trust", "1"
NEVER = 1e12
TICKS = 10_000

Columns = Mapping[str, np.ndarray]


def lean() -> None:
    """In this process alarms on drift and on losses are computed and nothing else, and nothing is saved."""
    watched.evaluate_all = lambda *_: ()
    watched.SAVE_SECONDS = NEVER


class Served:
    """One model version. ``said`` and ``losses`` are filled by :meth:`serve`, by the start of the window.

    Attributes
    ----------
    said
        Evidence about every column, from the drift scan.
    losses
        Whether the alarm on truth found enough, and the logarithm of its evidence.
    raised
        Rule, metric, column and beginning of every alarm that has fired; one that opens again within a day is the same.
    """

    def __init__(self, reference: Columns, *, windows: tuple[str, ...] = ("1h",), late: bool = False, **alarms: Any):
        """``late``: truth comes with the next rows. Of ``windows`` alarms on drift look at the smallest."""
        self._now = START
        self._late, self._waiting = late, pa.table({})
        self._keys = 0
        self._store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
        config = Config(
            reference="explicit", windows=windows, pane="1h", lateness="1s", alarms=AlarmConfig(**alarms),
            multivariate=MultivariateConfig(rows=0),
        )  # fmt: skip
        self._engine = Engine(self._store, config, clock=lambda: self._now)
        self.said: dict[int, Sequence[Any]] = {}
        self.losses: dict[int, tuple[bool, float]] = {}
        self.raised: set[tuple[str, str, str, int]] = set()
        table = self._table(reference, START - 60 * 24 * HOUR, HOUR)
        given: Any = {"reference_id": "r", "reference_last": True, **_described(reference)}
        self._engine.append([Records("reference", MODEL, table, version=VERSION, **given)])

    def close(self) -> None:
        self._store.close()

    @property
    def model(self) -> Monitored:
        (found,) = self._engine._watched.values()
        return found.model

    def serve(self, first: int, hours: Sequence[Columns]) -> None:
        """Rows of hours one after the other, ``first`` the number of the first, and the truth of those that have it."""
        tables = [self._table(columns, START + (first + i) * HOUR, HOUR) for i, columns in enumerate(hours)]
        rows = pa.concat_tables(tables)
        truth = (
            rows.select(["key", "truth_number", "time"]) if "truth_number" in rows.column_names else rows.slice(0, 0)
        )
        served = rows.select([name for name in rows.column_names if name != "truth_number"])
        said: Any = _described(hours[0])
        self._engine.append([Records("predictions", MODEL, served, version=VERSION, **said)])
        told, self._waiting = (self._waiting, truth) if self._late else (truth, self._waiting)
        if len(told):
            self._engine.append([Records("ground_truth", "", told)])
        self._now = START + (first + len(hours)) * HOUR + A_WHILE
        with _overheard(self.said, self.losses):
            self._settle()

    def _settle(self) -> None:
        for _ in range(TICKS):
            report = self._engine.tick()
            self.raised |= {_named(a) for a in report.alerts if a.state in ("firing", "resolved")}
            if self._engine.idle():
                return
        msg = "the engine never comes to rest"
        raise RuntimeError(msg)

    def _table(self, columns: Columns, start: int, length: int) -> pa.Table:
        n = len(next(iter(columns.values())))
        keys = np.zeros((n, 2), ">u8")
        keys[:, 1] = np.arange(self._keys, self._keys + n)
        self._keys += n
        key = pa.Array.from_buffers(pa.binary(16), n, [None, pa.py_buffer(keys.tobytes())])
        times = start + np.arange(n, dtype=np.int64) * (length // n)
        return pa.table({"key": key, "time": times, **{name: _array(values) for name, values in columns.items()}})


def _array(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True) if values.dtype.kind == "f" else pa.array(values)


def _described(columns: Columns) -> dict[str, Any]:
    """A classifier if there are decisions; else nobody says what the model is. The group is sensitive."""
    if "value_number" not in columns:
        return {}
    sensitive = ("group",) if "context.group" in columns else ()
    return {"task": "binary_classification", "classes": ("0", "1"), "positive_class": "1", "sensitive": sensitive}


def _named(alert: Alert) -> tuple[str, str, str, int]:
    return alert.rule, alert.metric, alert.column or alert.group, alert.since


class _overheard:
    """Listens to what the alarms are made from, and changes nothing."""

    def __init__(self, said: dict[int, Sequence[Any]], losses: dict[int, tuple[bool, float]]) -> None:
        self._said, self._losses = said, losses
        self._real: tuple[Callable[..., Any], Callable[..., Any]] = (scanning.drift_findings, labelled.loss_finding)

    def __enter__(self) -> None:
        drift, loss = self._real

        def drift_findings(evidence: Sequence[Any], *, model: Any, window: Window) -> Any:
            self._said[window.start] = evidence
            return drift(evidence, model=model, window=window)

        def loss_finding(model: Any, window: Window, **given: Any) -> Any:
            self._losses[window.start] = given["alarmed"], given["log_value"]
            return loss(model, window, **given)

        scanning.drift_findings, labelled.loss_finding = drift_findings, loss_finding

    def __exit__(self, *_: object) -> None:
        scanning.drift_findings, labelled.loss_finding = self._real
