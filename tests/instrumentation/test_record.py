"""The recorder: bounded, loss-free while it can be, counted where it cannot; fork, exit and dead collectors."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pytest

import miops
from miops import runtime
from miops.config import Config
from miops.testing import Harness
from miops.transport import Outcome

from .sinks import grpc_sink


def run(program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ledger() -> Any:
    assert runtime.recorder is not None
    return runtime.recorder.ledger


class Hanging:
    """A transport whose attempts take until it is closed."""

    def __init__(self) -> None:
        self.closed, self.entered = threading.Event(), threading.Event()

    def send(self, body: bytes, timeout_seconds: float) -> Outcome:
        self.entered.set()
        self.closed.wait(30)
        return Outcome(error="cancelled", retryable=True)

    def close(self) -> None:
        self.closed.set()


def test_memory_is_bounded_and_every_drop_counted_while_the_collector_hangs() -> None:
    transport = Hanging()
    runtime.stop()
    runtime.start(Config(buffer_rows=500, exit_timeout=0.2), transport=lambda: transport)
    recorder = runtime.recorder
    assert recorder is not None
    try:
        for i in range(2000):
            miops.record_prediction("m", value=1.0, features={"a": float(i)})
        assert transport.entered.wait(5)
        assert recorder.queued == 500
        assert recorder.ledger.dropped == {"buffer_full": 1500}
    finally:
        began = time.monotonic()
        runtime.stop()

    assert time.monotonic() - began < 2
    assert recorder.ledger.dropped == {"buffer_full": 1500, "shutdown": 500}
    assert recorder.queued == 0


def test_the_cap_in_bytes_holds_too() -> None:
    with miops.testing.record(Config(buffer_bytes=10_000, flush_interval=60)) as harness:
        for _ in range(100):
            miops.record_prediction("m", value=1.0, features={"text": "x" * 10})
        held = ledger().bytes

        assert held <= 10_000
        assert len(harness.rows()) + harness.dropped["buffer_full"] == 100
        assert ledger().bytes == 0


def test_nothing_is_lost_between_threads_and_flushes(harness: Harness) -> None:
    def work() -> None:
        for _ in range(1000):
            miops.record_prediction("m", value=1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert miops.flush()
    for thread in threads:
        thread.join()

    ids = [row["prediction_id"] for row in harness.rows()]
    assert len(ids) == len(set(ids)) == 4000
    assert (ledger().exported, ledger().rows, ledger().bytes) == (4000, 0, 0)


def test_rows_go_out_by_themselves_after_the_interval() -> None:
    with miops.testing.record(Config(flush_interval=0.05)) as harness:
        miops.record_prediction("m", value=1.0)
        deadline = time.monotonic() + 5
        while not harness._bodies and time.monotonic() < deadline:
            time.sleep(0.01)

        assert len(harness._bodies) == 1


def test_flush_says_when_it_was_not_done_in_time() -> None:
    transport = Hanging()
    runtime.stop()
    runtime.start(Config(exit_timeout=0.1), transport=lambda: transport)
    try:
        miops.record_prediction("m", value=1.0)
        assert miops.flush(0.1) is False
    finally:
        runtime.stop()


@pytest.mark.parametrize(
    ("outcome", "exported", "dropped"),
    [
        (Outcome(), 3, {}),
        (Outcome(rejected=1), 0, {"rejected": 3}),
        (Outcome(rejected=2, message="no"), 0, {"rejected": 3}),
        (Outcome(rejected=1, message="1 rows refused: no time"), 2, {"rejected": 1}),
        (Outcome(rejected=1, message="1 rows refused: no time; 1 rows refused: no id"), 1, {"rejected": 2}),
        (Outcome(message="just a warning"), 3, {}),
        (Outcome(error="invalid_argument"), 0, {"invalid_argument": 3}),
    ],
)
def test_what_the_receiver_answers_is_counted_in_rows(
    harness: Harness, outcome: Outcome, exported: int, dropped: dict[str, int]
) -> None:
    harness.outcome = outcome
    miops.record_prediction("m", value=[1.0, 2.0, 3.0])
    miops.flush()

    assert ledger().exported == exported
    assert harness.dropped == dropped


def test_no_endpoint_is_counted_as_such() -> None:
    runtime.stop()
    runtime.start(Config(endpoint=None))
    try:
        miops.record_prediction("m", value=1.0)
        assert miops.flush()
        assert ledger().dropped == {"no_endpoint": 1}
    finally:
        runtime.stop()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forked_children_send_their_own_rows_and_no_others() -> None:
    with grpc_sink() as sink:
        program = """
            import os, miops
            miops.record_prediction("m", value=0.0)
            assert miops.flush()
            for i in range(20):
                miops.record_prediction("m", value=1.0)
            for child in range(2):
                if os.fork() == 0:
                    for i in range(10):
                        miops.record_prediction("m", value=2.0 + child)
                    assert miops.flush(), "child"
                    os._exit(0)
            for child in range(2):
                assert os.wait()[1] == 0
        """
        done = run(program, MIOPS_ENDPOINT=sink.endpoint)
        values = [row["value"] for row in sink.rows]
        ids = {row["prediction_id"] for row in sink.rows}

    assert (done.returncode, done.stderr) == (0, "")
    assert {value: values.count(value) for value in set(values)} == {0.0: 1, 1.0: 20, 2.0: 10, 3.0: 10}
    assert len(ids) == 41


def test_a_held_call_of_the_parent_is_not_sent_by_the_child() -> None:
    with grpc_sink() as sink:
        program = """
            import os, numpy as np, miops
            miops.instrument()
            from sklearn.linear_model import LogisticRegression
            X = np.array([[0.0], [1.0]])
            model = LogisticRegression().fit(X, [0, 1])
            model.predict(X)
            if os.fork() == 0:
                model.predict(X[:1])
                assert miops.flush()
                os._exit(0)
            assert os.wait()[1] == 0
        """
        done = run(program, MIOPS_ENDPOINT=sink.endpoint)

        assert (done.returncode, done.stderr) == (0, "")
        assert len(sink.rows) == 3
        assert len({row["prediction_id"] for row in sink.rows}) == 3


_EXIT = """
    import atexit, time, miops
    from miops import runtime
    for i in range(300):
        miops.record_prediction("m", value=1.0, features={"a": 1.0})
    recorder, began = runtime.recorder, time.monotonic()
    def report():
        ledger = recorder.ledger
        print(ledger.exported, dict(ledger.dropped), ledger.rows, time.monotonic() - began < 2.0, sep="|")
    import miops.record as record
    atexit.unregister(record._at_exit)
    atexit.register(report)
    atexit.register(record._at_exit)
    began = time.monotonic()
"""


def test_exit_sends_what_is_left() -> None:
    with grpc_sink() as sink:
        done = run(_EXIT, MIOPS_ENDPOINT=sink.endpoint)

        assert (done.returncode, done.stdout) == (0, "300|{}|0|True\n")
        assert len(sink.rows) == 300


def _in_time(**environment: str) -> subprocess.CompletedProcess[str]:
    """Of three exits the first that takes two seconds at most: on a busy machine one may wait for a core meanwhile."""
    tries = (run(_EXIT, **environment) for _ in range(3))
    return next((done for done in tries if done.stdout.endswith("True\n")), None) or run(_EXIT, **environment)


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_exit_with_a_collector_that_is_not_there_is_quick_and_counted(protocol: str) -> None:
    done = _in_time(MIOPS_ENDPOINT="http://127.0.0.1:9", MIOPS_PROTOCOL=protocol)

    assert (done.returncode, done.stdout) == (0, "0|{'unavailable': 300}|0|True\n")
    assert done.stderr.count("\n") <= 2


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_exit_with_a_collector_that_never_answers_takes_two_seconds_at_most(protocol: str) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = _in_time(MIOPS_ENDPOINT=address, MIOPS_PROTOCOL=protocol)

    assert (done.returncode, done.stdout) == (0, "0|{'shutdown': 300}|0|True\n")
