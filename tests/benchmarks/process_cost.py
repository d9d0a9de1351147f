"""What the instrumentation takes of a whole model server: CPU, memory, time to import, space on disk.

``python -m tests.benchmarks.process_cost ARM ENDPOINT CALLS`` is one model server: it makes so many predictions of one
row, sends everything to the endpoint, and prints the CPU seconds of the process for each.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.harness.process import memory_watched
from tests.benchmarks.harness.result import Result, Run, result

__all__ = ["measure"]

CALLS, AT_ONCE = 10_000, 1000
ARMS = {"unsampled": "no span sampled", "tenth": "a tenth of the spans sampled", "sampled": "all spans sampled"}
BY_HAND = "25 attributes on a span of each, stock exporter"


def measure(run: Run) -> Iterator[Result]:
    yield from _cpu(run)
    yield from _memory(run)
    yield from _imported(run)


def _cpu(run: Run) -> Iterator[Result]:
    from tests.instrumentation.sinks import grpc_sink

    calls = run.rows(CALLS)
    arms = ("bare", "by hand", *ARMS)
    seconds: dict[str, list[float]] = {arm: [] for arm in arms}
    with grpc_sink() as sink:
        for turn in range(run.rounds):
            for arm in arms if turn % 2 else reversed(arms):
                seconds[arm].append(_server(arm, sink.endpoint, calls)["cpu_seconds"])
                sink.requests.clear()
    # Only processes of one turn are compared: the machine's speed changes between turns.
    added = {arm: np.subtract(seconds[arm], seconds["bare"]) for arm in ("by hand", *ARMS)}
    by_hand = added["by hand"].tolist()
    for arm, about in ARMS.items():
        told = "CPU of the whole process for each prediction, export included"
        yield result(
            f"process_cost.cpu_seconds.{arm}", added[arm].tolist(), "s", f"{told}, added; {about}",
            peers={BY_HAND: by_hand},
        )  # fmt: skip
        share = (added[arm] / added["by hand"]).tolist()
        yield result(f"process_cost.cpu_share.{arm}", share, "1", f"the same as a share of {BY_HAND}")


def _memory(run: Run) -> Iterator[Result]:
    """A collector that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = _server("dead", f"http://127.0.0.1:{silent.getsockname()[1]}", run.rows(2000))
    yield result(
        "process_cost.bytes.dead_collector", found["grown_bytes"], "By",
        "grown at its peak while a collector never answers and far more is recorded than is held (64 MiB)",
        note=f"{found['held']:,} rows held, {found['dropped']:,} dropped and counted",
    )  # fmt: skip


def _imported(run: Run) -> Iterator[Result]:
    program = "import time; b = time.perf_counter(); import {0}; print(time.perf_counter() - b)"
    forbidden = "; import sys; assert not {'pandas', 'pyarrow', 'sklearn', 'grpc'} & set(sys.modules)"
    needed = "numpy, wrapt, opentelemetry.sdk.resources, opentelemetry.instrumentation.instrumentor"
    seconds, others = (
        [float(_python(program.format(name) + more)) for _ in range(run.rounds)]
        for name, more in (("miops", forbidden), (needed, ""))
    )
    yield result(
        "process_cost.import_seconds", seconds, "s", "import miops: no pandas, no pyarrow, no framework, no gRPC",
        peers={"what it builds on alone: NumPy, wrapt, OpenTelemetry": others},
    )  # fmt: skip
    import miops

    files = Path(miops.__file__).parent.rglob("*.py")
    yield result("process_cost.installed_bytes", sum(f.stat().st_size for f in files), "By", "the package itself")


def _python(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def _server(arm: str, endpoint: str, calls: int) -> dict[str, Any]:
    command = [sys.executable, "-m", __name__, arm, endpoint, str(calls)]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, env=environ)
    return dict(json.loads(done.stdout.splitlines()[-1]))


# --- the model server -----------------------------------------------------------------------------------------------


def _provider(endpoint: str, ratio: float) -> Any:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(ratio)))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=True)))
    return provider


def _spanned(provider: Any, predict: Callable[[Any], Any]) -> Callable[[Any], Any]:
    tracer = provider.get_tracer("by-hand")
    names = [f"miops.feature.x{i}" for i in range(20)]

    def spanned(x: Any) -> None:
        with tracer.start_as_current_span("predict") as span:
            scores = predict(x)
            told = {"miops.model.name": "m", "miops.model.version": "1", "miops.batch.size": 1}
            outcome = {"miops.prediction.value": int(scores.argmax()), "miops.prediction.score": float(scores[0, 1])}
            span.set_attributes({**told, **outcome, **dict(zip(names, x[0].tolist(), strict=True))})

    return spanned


def _serve(arm: str, endpoint: str, calls: int) -> dict[str, float]:
    from sklearn.linear_model import LogisticRegression

    from miops import runtime
    from miops.config import read_config
    from miops.instrumentors.sklearn import SklearnInstrumentor

    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(calls, 1, 20))
    model = LogisticRegression().fit(rng.normal(size=(200, 20)), rng.integers(0, 2, 200))
    provider = _provider(endpoint, {"by hand": 1.0, "sampled": 1.0, "tenth": 0.1}.get(arm, 0.0))
    predict: Callable[[Any], Any] = model.predict_proba
    if arm == "by hand":
        predict = _spanned(provider, predict)
    elif arm != "bare":
        runtime.start(read_config({"MIOPS_ENDPOINT": endpoint}), tracer_provider=provider)
        SklearnInstrumentor().instrument(skip_dep_check=True)
        predict = model.predict_proba
    for x in inputs[:200]:
        predict(x)
    began = time.process_time()
    for number, x in enumerate(inputs):
        predict(x)
        if number % AT_ONCE == AT_ONCE - 1:  # no queue may overflow: what is dropped is cheap
            provider.force_flush()
            if runtime.recorder is not None:
                runtime.recorder.flush(30)
    taken = time.process_time() - began
    assert runtime.recorder is None or not runtime.recorder.ledger.dropped
    return {"cpu_seconds": taken / calls}


def _unanswered(endpoint: str, calls: int) -> dict[str, float]:
    import miops
    from miops import runtime
    from miops.config import read_config

    runtime.start(read_config({"MIOPS_ENDPOINT": endpoint, "MIOPS_EXIT_TIMEOUT": "0.2"}))
    rows = np.random.default_rng(0).normal(size=(1000, 20))
    miops.record_prediction("m", features=rows, value=rows[:, 0])
    # Not ru_maxrss: a new process inherits its parent's.
    with memory_watched(os.getpid(), every=0.02) as memory:
        for _ in range(calls):
            miops.record_prediction("m", features=rows, value=rows[:, 0])
            miops.record_prediction("m", features=rows[:1], value=1.0)
    grown = memory.peak - memory.samples[0][1]
    assert runtime.recorder is not None
    ledger = runtime.recorder.ledger
    return {"grown_bytes": grown, "held": ledger.rows, "dropped": sum(ledger.dropped.values())}


if __name__ == "__main__":
    name, to, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print(json.dumps(_unanswered(to, count) if name == "dead" else _serve(name, to, count)))
