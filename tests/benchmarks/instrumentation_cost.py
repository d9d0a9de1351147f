"""What recording adds to a call of the model, on the caller's thread.

``python -m tests.benchmarks.instrumentation_cost`` prints a table. Short blocks take turns in one process: instrumented
calls, and calls of the same model with every patch taken off again. Only blocks of one turn are compared, because the
machine's speed changes between turns; the figure is the median over turns. Encoding goes on beside the instrumented
blocks, sending does not. Wall-clock figures need an idle machine; the processor time of the calling thread (``cpu``)
hardly does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_BLOCK, _BLOCK_SECONDS = 100, 0.02
_FLUSH_SECONDS = 0.02
"""Longer than any flush here takes."""
_MODES = ("no provider", "unsampled parent", "unsampled root", "sampled root")
_INPUTS = ("numpy", "numeric frame", "mixed frame", "10k batch, forest")


def _provider(mode: str) -> Any:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased

    class Discard(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            return

    if mode == "no provider":
        return None
    provider = TracerProvider(sampler=ParentBased(ALWAYS_ON if mode == "sampled root" else ALWAYS_OFF))
    provider.add_span_processor(BatchSpanProcessor(Discard()))
    return provider


def _parent(mode: str) -> AbstractContextManager[Any]:
    from opentelemetry import trace
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

    if mode != "unsampled parent":
        return nullcontext()
    return trace.use_span(
        NonRecordingSpan(SpanContext(2**100 + 1, 2**60 + 1, is_remote=True, trace_flags=TraceFlags(0)))
    )


def _case(name: str) -> tuple[Any, Any]:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 20))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    if name.startswith("10k"):
        return RandomForestClassifier(100, n_jobs=1, random_state=0).fit(X, y), rng.normal(size=(10_000, 20))
    if name == "numpy":
        return LogisticRegression().fit(X, y), X[:1].copy()
    import pandas as pd

    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(20)])
    if name == "mixed frame":
        for i in range(10, 20):
            text = np.where(X[:, i] > 0, "high", "low")
            frame[f"f{i}"] = pd.Categorical(text) if i < 15 else text
        encoder = make_column_transformer((OneHotEncoder(), [f"f{i}" for i in range(10, 20)]), remainder="passthrough")
        return make_pipeline(encoder, LogisticRegression()).fit(frame, y), frame.iloc[:1].copy()
    return LogisticRegression().fit(frame, y), frame.iloc[:1].copy()


class Arm(NamedTuple):
    """One way to call the model."""

    recorded: bool
    run: Callable[[], Any]


def _measure(
    arms: Mapping[str, Arm], switch: Callable[[bool], None], calls: int, pace: float, least: int
) -> dict[str, float]:
    """Microseconds that each arm adds to the bare call: of so many calls, in blocks of at least so many.

    What is recorded is encoded beside the calls that are recorded and no others: nothing but their number or size sets
    off a flush, and the next block waits until it is over.
    """
    took: dict[str, list[NDArray[np.float64]]] = {arm: [] for arm in arms}
    cpu: dict[str, list[float]] = {arm: [] for arm in arms}
    block = _block(arms["without"].run, calls, pace, least)
    for turn in range(max(calls // block, 1)):
        for name in list(arms) if turn % 2 else reversed(arms):
            switch(arms[name].recorded)
            for _ in range(max(block // 4, 1)):  # the interpreter learns anew what a patch has changed
                arms[name].run()
            wall, own = _timed(arms[name].run, block, pace)
            took[name].append(wall)
            cpu[name].append(own)
    bare = took["without"]
    figures = {"base_p50": float(np.median(bare)), "base_cpu": float(np.median(cpu["without"]))}
    for name, prefix in (("with", ""), ("span", "span_")):
        if name in arms:
            medians = [np.median(own) - np.median(other) for own, other in zip(took[name], bare, strict=True)]
            figures[f"{prefix}p50"] = float(np.median(medians))
            figures[f"{prefix}p99"] = float(np.percentile(took[name], 99) - np.percentile(bare, 99))
            figures[f"{prefix}cpu"] = float(np.median(np.subtract(cpu[name], cpu["without"])))
    return figures


def _timed(run: Callable[[], Any], calls: int, pace: float) -> tuple[NDArray[np.float64], float]:
    """How long each call took by the clock, and how long they kept the thread's processor on average: microseconds."""
    took = np.zeros(calls)
    before = time.thread_time_ns()
    for i in range(calls):
        if pace:
            time.sleep(pace)
        began = time.perf_counter_ns()
        run()
        took[i] = time.perf_counter_ns() - began
    return took / 1e3, (time.thread_time_ns() - before) / calls / 1e3


def _block(call: Callable[[], Any], calls: int, pace: float, least: int) -> int:
    """As many calls as take a few hundredths of a second: the machine's speed changes from one to the next."""
    began = time.perf_counter()
    call()
    return int(np.clip(_BLOCK_SECONDS / (time.perf_counter() - began + pace), least, min(_BLOCK, calls)))


def _by_hand(provider: Any, base: Callable[[], Any]) -> Callable[[], Any]:
    """The thin span that we make, made by hand and nothing else: what the SDK takes of it."""
    from opentelemetry.context import attach, detach, get_current
    from opentelemetry.trace import SpanKind, set_span_in_context

    tracer = provider.get_tracer("by-hand", "1")
    told = {f"miops.model.{name}": name for name in ("name", "version", "task", "framework")} | {"miops.recorded": True}
    outcome = {"miops.batch.size": 1, "miops.prediction.value": 1, "miops.prediction.score": 0.5}

    def spanned() -> None:
        context = get_current()
        span = tracer.start_span("predict model", context, SpanKind.INTERNAL, told)
        token = attach(set_span_in_context(span, context))
        base()
        span.set_attributes(outcome)
        detach(token)
        span.end()

    return spanned


def _run(mode: str, case: str) -> None:
    from miops import runtime
    from miops.config import Config
    from miops.instrumentors.sklearn import SklearnInstrumentor
    from miops.transport import Outcome

    class Discard:
        def send(self, body: bytes, timeout_seconds: float) -> Outcome:
            return Outcome()

        def close(self) -> None:
            return

    provider = _provider(mode)
    runtime.start(Config(flush_interval=3600.0), tracer_provider=provider, transport=Discard)
    recorder = runtime.recorder
    assert recorder is not None
    instrumentor = SklearnInstrumentor()
    model, X = _case(case)

    def switch(recorded: bool) -> None:
        if recorded is not instrumentor.is_instrumented_by_opentelemetry:
            (instrumentor.instrument if recorded else instrumentor.uninstrument)(skip_dep_check=True)
        time.sleep(_FLUSH_SECONDS)

    def run() -> None:
        model.predict_proba(X)

    arms = {"with": Arm(recorded=True, run=run), "without": Arm(recorded=False, run=run)}
    if mode.startswith("sampled"):
        arms["span"] = Arm(recorded=False, run=_by_hand(provider, run))
    with _parent(mode):
        calls, least = {"mixed frame": (2000, 2), "10k batch, forest": (100, 5)}.get(case, (6000, 1))
        hot = _measure(arms, switch, calls, 0.0, least)
        paced = _measure(arms, switch, calls // 5, 0.001, least)
    recorder.flush(30)
    counts = {"dropped": dict(recorder.ledger.dropped), "faults": dict(runtime.faults.counts)}
    print(json.dumps({"hot": hot, "paced": paced, **counts}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("MODE", "CASE"))
    chosen = parser.parse_args().one
    if chosen:
        _run(*chosen)
        return
    cases = [(mode, "numpy") for mode in _MODES] + [("unsampled parent", case) for case in _INPUTS[1:]]
    print(f"{'':36}{'model':>10}{'hot p50':>10}{'p99':>10}{'cpu':>10}{'1/ms p50':>10}{'cpu':>10}   added, µs")
    for mode, case in cases:
        command = [sys.executable, "-m", "tests.benchmarks.instrumentation_cost", "--one", mode, case]
        done = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        hot, paced = done["hot"], done["paced"]
        figures = (hot["base_p50"], hot["p50"], hot["p99"], hot["cpu"], paced["p50"], paced["cpu"])
        alone = f"   the span alone {hot['span_p50']:.1f}, {paced['span_p50']:.1f}" if "span_p50" in hot else ""
        trouble = " ".join(f"{k}={done[k]}" for k in ("dropped", "faults") if done[k])
        print(f"{mode + ', ' + case:36}" + "".join(f"{figure:10.1f}" for figure in figures) + f"{alone}   {trouble}")


if __name__ == "__main__":
    main()
