"""The client of every ingest benchmark, in a process of its own so that only the collector's time is counted.

Give it a :class:`Load` as JSON; it prints a :class:`Sent` as JSON. It is started by :func:`send`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from tests.benchmarks.harness.process import cpu_seconds
from tests.benchmarks.harness.template import Stamp, Template
from tests.benchmarks.harness.wire import Send, grpc_sender, http_sender

__all__ = ["Load", "Sent", "send"]

WAIT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Load:
    """What to send where.

    Attributes
    ----------
    templates
        Files of templates; requests take turns.
    rows
        How many rows, at least.
    in_flight
        Requests that may wait for their answer at once, all connections together.
    rate
        Rows a second of an open loop, whose requests go out when they are due whatever became of those before;
        0 is a closed loop: as fast as answers come.
    watch
        Process whose CPU time is counted from the first request to the last answer.
    step_nanos
        Event time from row to row; the last row is now.
    copies
        How often every request is sent, one copy after the other.
    seconds
        A closed loop stops after so long, whatever is left.
    authority
        File of the certificate that the receiver's is checked by; empty without TLS.
    """

    target: str
    templates: Sequence[str]
    rows: int
    watch: int
    transport: str = "grpc"
    connections: int = 4
    in_flight: int = 96
    rate: float = 0.0
    step_nanos: int = 100_000
    compressed: bool = False
    copies: int = 1
    seconds: float = math.inf
    authority: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it; seconds are wall time, ``cpu`` the watched process's, ``own_cpu`` the client's."""

    rows: int
    refused: int
    seconds: float
    cpu: float
    own_cpu: float
    p50: float
    p99: float
    longest: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    @property
    def rows_per_cpu_second(self) -> float:
        return self.rows / self.cpu


def send(load: Load) -> Sent:
    """Run the client and wait for it."""
    command = [sys.executable, "-m", "tests.benchmarks.harness.load", json.dumps(asdict(load))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_SECONDS)
    if done.returncode:
        msg = f"the client failed: {done.stderr[-2000:]}"
        raise RuntimeError(msg)
    return Sent(**json.loads(done.stdout.splitlines()[-1]))


@dataclass(eq=False)
class _Client:
    """Counts what comes back."""

    senders: Sequence[Send]
    stamps: Sequence[Stamp]
    copies: int
    acknowledged: int = 0
    refused: int = 0
    latencies: list[float] = field(default_factory=list)

    async def request(self, i: int, due: float | None = None) -> None:
        stamp = self.stamps[i % len(self.stamps)]
        payload = stamp()
        for _ in range(self.copies):
            started = due or time.perf_counter()
            if await self.senders[i % len(self.senders)](payload):
                self.acknowledged += stamp.template.rows
                self.latencies.append(time.perf_counter() - started)
            else:
                self.refused += stamp.template.rows

    async def closed(self, requests: int, in_flight: int, seconds: float) -> None:
        numbers, until = itertools.count(), time.perf_counter() + seconds

        async def work() -> None:
            while (i := next(numbers)) < requests and time.perf_counter() < until:
                await self.request(i)

        await asyncio.gather(*(work() for _ in range(min(in_flight, requests))))

    async def open(self, requests: int, interval: float) -> None:
        started, under_way = time.perf_counter(), set()
        for i in range(requests):
            due = started + i * interval
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            task = asyncio.create_task(self.request(i, due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)


async def _run(load: Load) -> Sent:
    templates = [Template.load(Path(path)) for path in load.templates]
    start = time.time_ns() - load.rows * load.step_nanos
    stamps = [
        Stamp(t, start=start, step=load.step_nanos, seed=load.seed or time.time_ns() + i)
        for i, t in enumerate(templates)
    ]
    connections = [_connected(load, templates[0]) for _ in range(load.connections)]
    client = _Client([send for send, _ in connections], stamps, load.copies)
    size = templates[0].rows
    requests = -(-load.rows // (size * load.copies))
    cpu, own, began = cpu_seconds(load.watch), time.process_time(), time.perf_counter()
    if load.rate:
        await client.open(requests, size / load.rate)
    else:
        await client.closed(requests, load.in_flight, load.seconds)
    seconds, cpu, own = time.perf_counter() - began, cpu_seconds(load.watch) - cpu, time.process_time() - own
    await _close([close for _, close in connections])
    took = np.array(client.latencies)
    p50, p99 = np.quantile(took, (0.5, 0.99)).tolist()
    return Sent(client.acknowledged, client.refused, seconds, cpu, own, p50, p99, float(took.max()))


def _connected(load: Load, template: Template) -> tuple[Send, Callable[[], Awaitable[None]]]:
    if load.transport == "grpc":
        return grpc_sender(load.target, template, compressed=load.compressed, authority=load.authority)
    return http_sender(load.target, template, compressed=load.compressed)


async def _close(closing: Sequence[Callable[[], Awaitable[None]]]) -> None:
    for close in closing:
        await close()


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_run(Load(**json.loads(sys.argv[1])))))))
