"""One run: clients send, the collector is killed at random moments and started again, and all rows are counted."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from miops_collector.report import ModelKey
from miops_collector.stores.duckdb import DuckDBStore
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.waiting import wait_until
from tests.torture.clients import Client, javascript_clients, python_clients, unserved

__all__ = ["Result", "torture"]

SERVED_SECONDS = 180.0
"""On a machine with other work a start takes half a minute, and exporters then wait ever longer to connect again."""
CHANCE_OF_SIGTERM, CHANCE_OF_KILL_AT_START = 0.2, 0.15


@dataclass
class Result:
    """What became of it.

    Attributes
    ----------
    lost, doubled, unasked
        Acknowledged rows that are not there, that are there more than once, and rows nobody got acknowledged.
    unbalanced
        Ends of a process at which ``received = stored + refused + deduplicated`` did not hold just before.
    bad_exits
        Processes that were asked to stop and ended with another code than 0.
    """

    seed: int
    kills: int = 0
    kills_at_start: int = 0
    terminations: int = 0
    acknowledged: dict[str, int] = field(default_factory=dict)
    failed_attempts: dict[str, int] = field(default_factory=dict)
    stored: int = 0
    deduplicated: int = 0
    models: int = 0
    columns: int = 0
    lost: int = 0
    doubled: int = 0
    unasked: int = 0
    unbalanced: int = 0
    bad_exits: int = 0
    tracebacks: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether every acknowledged row is there once, nothing else is, and every count adds up."""
        return not (
            self.lost or self.doubled or self.unasked or self.unbalanced or self.bad_exits or self.tracebacks
        )  # fmt: skip

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"clean": self.clean}


def torture(
    folder: Path,
    *,
    ends: int,
    seed: int,
    seconds: float = float("inf"),
    javascript: bool = True,
    say: Callable[[str], None] = print,
) -> Result:
    """Kill or stop a collector ``ends`` times under load, or until so many seconds have passed, and count."""
    chance, result, started = random.Random(seed), Result(seed), time.monotonic()
    with running_collector(folder, tick_seconds=0.5) as collector:
        clients = python_clients(collector) + (javascript_clients(collector) if javascript else [])
        for client in clients:
            client.start()
        for number in range(ends):
            if time.monotonic() - started > seconds:
                break
            _end(collector, clients, chance, result)
            total = sum(client.acknowledged for client in clients)
            say(f"{number + 1} of {ends}: {total} rows acknowledged, {time.monotonic() - started:.0f} s")
        for client in clients:
            client.finish()
        _balance(collector, result)
        result.bad_exits += collector.stop() != 0
        result.tracebacks = collector.log.count("Traceback")
        _count(collector, clients, result)
    result.seconds = round(time.monotonic() - started, 1)
    return result


def _end(collector: CollectorProcess, clients: list[Client], chance: random.Random, result: Result) -> None:
    """Let everybody be served once, and a little longer; then end it somehow, and start it again."""
    starved = unserved(clients, [c.acknowledged for c in clients], SERVED_SECONDS)
    assert not starved, f"{starved} had nothing acknowledged for {SERVED_SECONDS:.0f} s: {collector.log[-5000:]}"
    time.sleep(chance.uniform(0.0, 1.5))
    _balance(collector, result)
    time.sleep(chance.uniform(0.0, 0.1))
    if chance.random() < CHANCE_OF_SIGTERM:
        result.terminations += 1
        result.bad_exits += collector.stop() != 0
    else:
        result.kills += 1
        collector.kill()
    time.sleep(chance.uniform(0.0, 0.5))
    if chance.random() < CHANCE_OF_KILL_AT_START:
        result.kills_at_start += 1
        collector.launch()
        time.sleep(chance.uniform(0.0, 4.0))
        collector.kill()
    collector.start()


def _balance(collector: CollectorProcess, result: Result) -> None:
    """The counters are read between two commits sooner or later; then every row that came has become something."""
    rows: dict[str, int] = {}

    def conserved() -> bool:
        rows.update(collector.rows())
        return rows["received"] == rows["stored"] + rows["refused"] + rows["deduplicated"] and not rows["refused"]

    result.unbalanced += not wait_until(conserved, 20, every=0.001)
    result.deduplicated += rows["deduplicated"]


def _count(collector: CollectorProcess, clients: list[Client], result: Result) -> None:
    wanted = Counter(f"{c.name}-{i}" for c in clients for i in range(c.acknowledged))
    store = DuckDBStore(collector.data_dir)
    try:
        found: Counter[str] = Counter()
        for info in store.models():
            found.update(_ids(store, info.key))
            result.columns += len(info.columns)
        result.models = len(store.models())
    finally:
        store.close()
    result.stored = sum(found.values())
    result.lost = len(wanted.keys() - found.keys())
    result.unasked = len(found.keys() - wanted.keys())
    result.doubled = sum(count > 1 for count in found.values())
    result.acknowledged = {c.name: c.acknowledged for c in clients}
    result.failed_attempts = {c.name: c.failures for c in clients}


def _ids(store: DuckDBStore, key: ModelKey) -> list[str]:
    tables = store.rows(key, after=0, upto=store.newest())
    return [name for table in tables for name in table["id_text"].to_pylist()]
