"""What other senders cost: TLS, gzip, several models and clients at once, long texts, wide rows, everything twice.

The collector may take 2 GiB, as for plain spans.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import Any

from tests.benchmarks.harness.ingesting import ROOMY, Target, collector_target, saturate
from tests.benchmarks.harness.payloads import Shape, spans_template
from tests.benchmarks.harness.result import Result, Run, result
from tests.e2e.collector_process import running_collector

__all__ = ["measure"]

SIZE, IN_FLIGHT = 512, 96


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    about: str
    shapes: Sequence[Shape]
    rows: int = 200_000
    more: Mapping[str, Any] = field(default_factory=dict)


KINDS = (
    _Kind("uuid_ids", "ids written as UUIDs with dashes instead of 32 digits", (Shape(dashes=True),)),
    _Kind("gzip", "requests compressed by the sender", (Shape(),), more={"compressed": True}),
    _Kind(
        "ten_models", "ten models, their requests mixed, from 16 connections",
        tuple(Shape(model=f"model-{i}") for i in range(10)), more={"connections": 16},
    ),
    _Kind("long_texts", "ten texts of 200 characters a row", (Shape(text=200, model="texts"),), rows=100_000),
    _Kind("wide", "200 features a row", (Shape(numbers=150, texts=50, model="wide"),), rows=40_000),
    _Kind("resent", "every request sent twice: half of the rows are repeats", (Shape(),), more={"copies": 2}),
)  # fmt: skip


def measure(run: Run) -> Iterator[Result]:
    yield _over_tls(run)
    with running_collector(run.folder / "collector", **ROOMY) as collector:
        target = collector_target(collector)
        for kind in KINDS:
            yield _measured(run, target, kind)


def _measured(run: Run, target: Target, kind: _Kind) -> Result:
    paths = [
        spans_template(SIZE, shape, seed=i).save(run.folder / f"{kind.name}-{i}.npz")
        for i, shape in enumerate(kind.shapes)
    ]
    rows = run.rows(kind.rows)
    saturate(target, paths, rows // 3, IN_FLIGHT, **kind.more)
    sent = [saturate(target, paths, rows, IN_FLIGHT, **kind.more) for _ in range(run.rounds)]
    return result(
        f"ingest_kinds.rows_per_cpu_second.{kind.name}", [s.rows_per_cpu_second for s in sent], "{row}/s",
        f"{kind.about}; rows for each second of the collector's CPU time",
    )  # fmt: skip


def _over_tls(run: Run) -> Result:
    """To a collector of its own, with a certificate made for the occasion."""
    kind = _Kind("tls", "over TLS, everything else as usual", (Shape(),))
    if shutil.which("openssl") is None:
        return Result(
            f"ingest_kinds.rows_per_cpu_second.{kind.name}", nan, "{row}/s", kind.about, note="no openssl here"
        )
    certificate, key = run.folder / "server.pem", run.folder / "server.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    otlp = {"tls": {"cert_file": str(certificate), "key_file": str(key)}}
    with running_collector(run.folder / "collector-tls", otlp=otlp, **ROOMY) as collector:
        secure = replace(kind, more={"authority": str(certificate)})
        return _measured(run, collector_target(collector), secure)
