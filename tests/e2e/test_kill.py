"""The collector is killed in mid-load: what it acknowledged is there once, and its statistics are as if nothing was."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from miops_collector.report import ModelKey
from miops_collector.stores.duckdb import DuckDBStore
from tests.e2e import recording_program
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.credit import FEATURES, MODEL, VERSION, applications, give_reference
from tests.e2e.instrumented import environment
from tests.e2e.same import assert_same_observations
from tests.e2e.senders import Endless, SpanSender, TruthSender, grpc_exporter, http_exporter
from tests.e2e.waiting import wait_until

KILLS = 3
"""Enough to see that it works; set to 30 to look for what happens once in a hundred kills."""
BASE_ROWS, HOURS = 1500, 2.5
ROWS_AT_ONCE_AGAIN = 2000
RECORDER_PAUSE = 0.004
REPEATS = "miops.quality.duplicate_share"
"""Counts what came again: a client that had no answer, because the collector was killed, sends again."""
DRIFT, VERDICT = "miops.drift.", "miops.verdict."


def endless(prefix: str) -> Endless:
    return Endless(applications(BASE_ROWS, seed=len(prefix), hours=HOURS), prefix)


@contextmanager
def recorder(collector: CollectorProcess, rows: Endless, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that records with miops itself, in a process of its own."""
    table = rows.made.rows[[*FEATURES, "score", "prediction"]].assign(time=rows.made.times)
    table.to_parquet(folder / "rows.parquet")
    command = [sys.executable, recording_program.__file__, str(folder / "rows.parquet"), rows.prefix]
    told = environment(collector.grpc, MIOPS_FLUSH_INTERVAL="0.1")
    with (folder / "recorder.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(RECORDER_PAUSE)], env=told, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def assert_nothing_unaccounted(collector: CollectorProcess) -> None:
    """The counters are read between two commits sooner or later; then every row that came has become something."""

    def conserved() -> bool:
        rows = collector.rows()
        return rows["received"] == rows["stored"] + rows["refused"] + rows["deduplicated"]

    assert wait_until(conserved, 10, every=0), collector.rows()
    assert collector.rows()["refused"] == 0


def stored_ids(collector: CollectorProcess) -> Counter[str]:
    """Every id in the files of a collector that has stopped, and how often."""
    store = DuckDBStore(collector.data_dir)
    try:
        tables = store.rows(ModelKey(MODEL, VERSION), after=0, upto=store.newest())
        return Counter(i for table in tables for i in table["id_text"].to_pylist())
    finally:
        store.close()


def ids(rows: Endless, count: int) -> list[str]:
    return [rows.id(i) for i in range(count)]


def kill_in_mid_load(collector: CollectorProcess, senders: Sequence[SpanSender], chance: random.Random) -> None:
    """Wait until everybody has been served, and a little longer; then kill it, and start it again."""
    before = [sender.acknowledged for sender in senders]
    assert wait_until(lambda: all(s.acknowledged > b for s, b in zip(senders, before, strict=True)), 60)
    time.sleep(chance.uniform(0.0, 1.5))
    assert_nothing_unaccounted(collector)
    time.sleep(chance.uniform(0.0, 0.1))
    collector.kill()
    time.sleep(chance.uniform(0.0, 0.5))
    collector.start()


def test_every_acknowledged_row_is_there_once_after_kills(tmp_path: Path) -> None:
    chance = random.Random(23)
    by_hand = endless("recorder")
    with ExitStack() as stack:
        collector = stack.enter_context(running_collector(tmp_path / "killed", tick_seconds=0.5))
        give_reference(collector)
        over_grpc = SpanSender(grpc_exporter(collector), endless("grpc"))
        over_http = SpanSender(http_exporter(collector), endless("http"))
        truth = TruthSender(collector, over_http)
        recording = stack.enter_context(recorder(collector, by_hand, tmp_path))
        for thread in (over_grpc, over_http, truth):
            thread.start()
        for _ in range(KILLS):
            kill_in_mid_load(collector, (over_grpc, over_http), chance)
        for sender in (over_grpc, over_http):
            sender.stop()
        truth.stop()
        recorded = int(recording.communicate(timeout=90)[0])

        sent = ids(over_grpc.rows, over_grpc.acknowledged) + ids(over_http.rows, over_http.acknowledged)
        sent += ids(by_hand, recorded)
        collector.settle()
        assert_nothing_unaccounted(collector)
        assert collector.model(MODEL)["rows"] == len(sent)
        assert collector.model(MODEL)["labelled"] == over_http.acknowledged
        for name in chance.sample(sent, 200):
            assert collector.get(f"/api/v1/predictions/{name}")["prediction_id"] == name
        observed = collector.observations()
        assert collector.stop() == 0
        assert stored_ids(collector) == Counter(sent)
        assert over_grpc.failures + over_http.failures > 0

        fresh = stack.enter_context(running_collector(tmp_path / "fresh", tick_seconds=0.5))
        give_reference(fresh)
        feed_once(fresh, (over_grpc.rows, over_grpc.acknowledged), (over_http.rows, over_http.acknowledged),
                  (by_hand, recorded))  # fmt: skip
        again = TruthSender(fresh, over_http)
        again.start()
        again.stop()
        fresh.settle()
        assert_same_observations(whatever_the_order(fresh.observations()), whatever_the_order(observed))


def feed_once(collector: CollectorProcess, *sent: tuple[Endless, int]) -> None:
    for rows, count in sent:
        sender = SpanSender(grpc_exporter(collector), rows)
        while sender.acknowledged < count:
            assert sender.send(min(ROWS_AT_ONCE_AGAIN, count - sender.acknowledged))
        sender.exporter.shutdown()


def whatever_the_order(observations: list[dict[str, object]]) -> list[dict[str, object]]:
    """Without repeats, and without the status of drift and what follows from it.

    The alarms give it, once, when a window becomes complete; which rows were there then is a matter of order.
    """
    judged = {DRIFT: {"status": None}, VERDICT: {"status": None, "value": None, "reason": None}}
    kept = [o for o in observations if o["metric"] != REPEATS]
    return [{**o, **_given(judged, str(o["metric"]))} for o in kept]


def _given(judged: dict[str, dict[str, object]], metric: str) -> dict[str, object]:
    return next((without for prefix, without in judged.items() if metric.startswith(prefix)), {})


def test_sigterm_in_mid_load_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    with running_collector(tmp_path, tick_seconds=0.5) as collector:
        senders = [
            SpanSender(make(collector), endless(name), pause_seconds=0.0)
            for name, make in {"grpc": grpc_exporter, "http": http_exporter}.items()
        ]
        for sender in senders:
            sender.start()
        assert wait_until(lambda: all(sender.acknowledged > 200 for sender in senders), 60)

        code = collector.stop()

        for sender in senders:
            sender.stop(at_once=True)
        assert code == 0, collector.log
        assert "Traceback" not in collector.log
        found = stored_ids(collector)
        acknowledged = [name for sender in senders for name in ids(sender.rows, sender.acknowledged)]
        assert set(acknowledged) <= set(found)
        assert set(found.values()) == {1}
        collector.start()
        assert collector.model(MODEL)["rows"] == len(found)
        collector.settle()
        rows = collector.observations("metric=miops.window.rows&window=1h")
        assert sum(o["value"] for o in rows) == len(found)
