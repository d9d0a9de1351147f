"""What recording adds to a call of the model, on the caller's thread.

``python -m tests.benchmarks.instrumentation_cost`` prints a table. Blocks of instrumented and of original calls
alternate in one process, so that both see the same machine; encoding goes on beside them, sending does not.
Wall-clock figures need an idle machine; the processor time of the calling thread (``cpu``) hardly does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

_BLOCK, _BLOCK_SECONDS = 100, 0.02
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


def _measure(arms: Mapping[str, Callable[[], Any]], calls: int, pace: float) -> dict[str, float]:
    took: dict[str, list[int]] = {arm: [] for arm in arms}
    cpu: dict[str, list[float]] = {arm: [] for arm in arms}
    block = _block(arms["without"], calls, pace)
    for _ in range(max(calls // block, 1)):
        for arm, run in arms.items():
            before = time.thread_time_ns()
            for _ in range(block):
                if pace:
                    time.sleep(pace)
                began = time.perf_counter_ns()
                run()
                took[arm].append(time.perf_counter_ns() - began)
            cpu[arm].append((time.thread_time_ns() - before) / block)
    micros = {arm: np.array(times) / 1e3 for arm, times in took.items()}
    bare = micros["without"]
    added = {
        f"{prefix}{name}": float(figure)
        for arm, prefix in (("with", ""), ("span", "span_"))
        if arm in arms
        for name, figure in (
            ("p50", np.median(micros[arm]) - np.median(bare)),
            ("p99", np.percentile(micros[arm], 99) - np.percentile(bare, 99)),
            ("cpu", (np.median(cpu[arm]) - np.median(cpu["without"])) / 1e3),
        )
    }
    return {"base_p50": float(np.median(bare)), **added}


def _block(call: Callable[[], Any], calls: int, pace: float) -> int:
    """As many calls as take a few hundredths of a second: the machine's speed changes from one to the next."""
    began = time.perf_counter()
    call()
    return int(np.clip(_BLOCK_SECONDS / (time.perf_counter() - began + pace), 1, min(_BLOCK, calls)))


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
    runtime.start(Config(), tracer_provider=provider, transport=Discard)
    SklearnInstrumentor().instrument(skip_dep_check=True)
    model, X = _case(case)
    big = case.startswith("10k")

    def base() -> None:
        runtime.local.depth += 1
        model.predict_proba(X)
        runtime.local.depth -= 1

    arms: dict[str, Callable[[], Any]] = {"with": lambda: model.predict_proba(X), "without": base}
    if mode.startswith("sampled"):
        arms["span"] = _by_hand(provider, base)
    with _parent(mode):
        for _ in range(3 if big else 300):
            for call in arms.values():
                call()
        hot = _measure(arms, 30 if big else 5000, 0.0)
        paced = _measure(arms, 10 if big else 1000, 0.001)
    assert runtime.recorder is not None
    runtime.recorder.flush(30)
    counts = {"dropped": dict(runtime.recorder.ledger.dropped), "faults": dict(runtime.faults.counts)}
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
