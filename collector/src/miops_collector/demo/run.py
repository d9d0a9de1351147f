"""The demo from start to end: collector, model, reference, model server, replay, table."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sklearn.pipeline import Pipeline

from miops_collector.client import Client
from miops_collector.config import AlarmConfig, Config, ModelConfig, OtlpConfig
from miops_collector.demo import replay as sending
from miops_collector.demo.accounting import accounted
from miops_collector.demo.outcome import Outcome, show
from miops_collector.demo.plan import FAULT, Plan, make_plan
from miops_collector.demo.process import free_port, model_server
from miops_collector.demo.settling import settled
from miops_collector.demo.survey import FEATURES, MODEL, SENSITIVE, TRUTH, VERSION, Split, load
from miops_collector.demo.training import train
from miops_collector.errors import ConfigError
from miops_collector.files import send_reference
from miops_collector.server import Collector, in_background, is_free
from miops_collector.window import NANOS, parse_length

__all__ = ["DemoOptions", "demo_config", "run_demo"]

SEED = 2015
WIDTH = 120
PORTS = {"otlp.grpc": 4317, "otlp.http": 4318, "web": 4320}


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line was told."""

    leave: bool = False
    report: Path | None = None
    speed: float = 0.0
    truth_delay: str = "30d"
    share: float = 1.0
    data_dir: Path | None = None


def demo_config(data_dir: Path, ports: dict[str, int]) -> Config:
    """Weekly and monthly windows, because the survey has some 190 rows a day; one false alarm a year.

    A population changes a little every year, and with this many rows every bit of it shows: shifts under a tenth of a
    standard deviation are ignored. Its people were asked one by one: rows are independent.
    """
    return Config(
        data_dir=data_dir,
        otlp=OtlpConfig(grpc=f"localhost:{ports['otlp.grpc']}", http=f"localhost:{ports['otlp.http']}"),
        web=f"localhost:{ports['web']}",
        windows=("7d", "30d"),
        lateness="12h",
        ageing={},
        tick_seconds=1.0,
        models={MODEL: ModelConfig(positive_class="1", sensitive=SENSITIVE)},
        alarms=AlarmConfig(budget_per_month=1 / 12, ignore_shifts_below=0.1, dependence="none"),
    )


def run_demo(options: DemoOptions, console: Console | None = None) -> Outcome:
    """Run it; returns after the final table with ``leave``, else on Ctrl-C."""
    console = console or _console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the model server must not outlive the demo
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="miops-demo-")))
        data_dir = options.data_dir or folder / "data"
        collector = _start(stack, console, data_dir)
        _announce(console, collector)
        split = load(seed=SEED, share=options.share)
        model = _prepare(console, collector, split, folder)
        plan = make_plan(split.served, truth_delay=parse_length(options.truth_delay), seed=SEED)
        server = stack.enter_context(model_server(model, collector=collector.addresses.grpc, log=folder / "server.log"))
        console.print(f"Model server: http://{server} (FastAPI under opentelemetry-instrument, no MIOps import)")
        console.print(f"[yellow]Injected fault:[/] {FAULT}: {plan.spoilt} rows")
        sent, seconds, final = _replay(console, plan, server, collector, options)
        outcome = Outcome.of(collector, sent, seconds=seconds, elapsed=time.monotonic() - started, settled=final)
        show(console, outcome, collector)
        if options.report:
            options.report.write_text(json.dumps(outcome.to_json(), indent=1))
            console.print(f"Every observation: {options.report}")
        if not options.leave:
            _serve_on(console)
    return outcome


def _console() -> Console:
    """As wide as the terminal, or wide enough for the tables where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def _start(stack: ExitStack, console: Console, data_dir: Path) -> Collector:
    """Another program may take a port between our look at it and our listening; then any will do."""
    try:
        return stack.enter_context(in_background(demo_config(data_dir, _ports(console))))
    except ConfigError as error:
        console.print(f"[yellow]{error}; using free ports[/]")
        return stack.enter_context(in_background(demo_config(data_dir, dict.fromkeys(PORTS, 0))))


def _ports(console: Console) -> dict[str, int]:
    """The normal ports, or free ones where they are taken."""
    ports = {}
    for name, normal in PORTS.items():
        ports[name] = normal if is_free("localhost", normal) else free_port()
        if ports[name] != normal:
            console.print(f"[yellow]Port {normal} ({name}) is taken, using {ports[name]}[/]")
    return ports


def _announce(console: Console, collector: Collector) -> None:
    at = collector.addresses
    console.print(f"Collector: OTLP/gRPC {at.grpc}, OTLP/HTTP {at.http}, console [bold]http://{at.web}/[/]")


def _prepare(console: Console, collector: Collector, split: Split, folder: Path) -> Path:
    """Train on half of 2015 and register the other half as reference."""
    file = folder / "model.joblib"
    model = train(split.training, file)
    reference = _scored(model, split.reference)
    path = folder / "reference.parquet"
    pa.parquet.write_table(pa.Table.from_pandas(reference, preserve_index=False), path)
    form = {
        "model": MODEL, "version": VERSION, "truth": TRUTH, "prediction": "prediction", "score": "score",
        "sensitive": list(SENSITIVE), "positive_class": "1",
    }  # fmt: skip
    rows = send_reference(path, collector.addresses.web, form)
    console.print(
        f"Model {MODEL} {VERSION}: trained on {len(split.training)} rows of 2015, reference is the other {rows}"
    )
    return file


def _scored(model: Pipeline, rows: pd.DataFrame) -> pd.DataFrame:
    score = model.predict_proba(rows[list(FEATURES)])[:, 1]
    return rows[[*FEATURES, TRUTH]].assign(score=score, prediction=(score > 0.5).astype(int))


def _replay(
    console: Console, plan: Plan, server: str, collector: Collector, options: DemoOptions
) -> tuple[sending.Progress, float, bool]:
    """Send everything, and wait until it is stored and evaluated; how long that took, and whether it is."""
    started = time.monotonic()
    client = Client(collector.addresses.web)
    with _bar(console, len(plan.rows)) as tell:
        sent = sending.replay(plan, server=Client(server), collector=client, days_per_second=options.speed, tell=tell)
    final = settled(
        sent.rows, lambda: _arrived(client), collector.settle, lambda what: console.print(f"[yellow]{what}[/]")
    )
    return sent, time.monotonic() - started, final


@contextmanager
def _bar(console: Console, total: int) -> Iterator[sending.Tell]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("replaying", total=total)

        def tell(done: sending.Progress) -> None:
            day = datetime.fromtimestamp(done.time / NANOS, UTC).date()
            progress.update(task, completed=done.rows, description=f"{day} · {done.truths} truths")

        yield tell


def _arrived(client: Client) -> int:
    rows = accounted(client)
    return rows["stored"] + rows["refused"]


def _serve_on(console: Console) -> None:
    console.print("Serving on. Ctrl-C stops.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("Stopped.")
