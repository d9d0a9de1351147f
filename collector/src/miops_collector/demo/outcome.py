"""What the demo ends with: rows accounted for, statistics by year, alarms with the column to blame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from miops_collector.alerts import blamed
from miops_collector.client import Client
from miops_collector.demo.accounting import accounted
from miops_collector.demo.replay import Progress
from miops_collector.demo.survey import MODEL, VERSION
from miops_collector.report import Alert, ModelKey, Observation
from miops_collector.server import Collector
from miops_collector.window import NANOS, Window

__all__ = ["Outcome", "show"]

YEARS = (2016, 2017, 2018)
MODEL_STATISTICS = (
    "miops.performance.accuracy", "miops.performance.roc_auc", "miops.performance.f1", "miops.performance.log_loss",
    "miops.calibration.expected_calibration_error", "miops.confidence.mean", "miops.latency.p95",
)  # fmt: skip
COLUMN_STATISTICS = (
    ("miops.drift.psi", "AGEP"), ("miops.drift.psi", "score"), ("miops.drift.jensen_shannon", "AGEP"),
    ("miops.drift.kolmogorov_smirnov", "score"), ("miops.quality.out_of_range_share", "AGEP"),
)  # fmt: skip
FAIRNESS = ("miops.fairness.demographic_parity_difference", "miops.fairness.equal_opportunity_difference")
STATUS_STYLE = {"ok": "green", "warning": "yellow", "alert": "bold red", "insufficient_data": "dim"}
PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """Numbers of one run. ``rows`` has sent, stored, refused, deduplicated and dropped.

    ``settled`` says whether all of them had arrived and every window was evaluated.
    """

    rows: dict[str, int]
    truths: int
    replay_seconds: float
    elapsed_seconds: float
    years: dict[int, tuple[Observation, ...]]
    observations: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    alerts: tuple[Alert, ...]
    settled: bool

    @classmethod
    def of(cls, collector: Collector, sent: Progress, *, seconds: float, elapsed: float, settled: bool) -> Outcome:
        client = Client(collector.addresses.web)
        rows = {"sent": sent.rows, **accounted(client)}
        rows["dropped"] = sent.rows - rows["stored"] - rows["refused"]
        return cls(
            rows=rows,
            truths=sent.truths,
            replay_seconds=seconds,
            elapsed_seconds=elapsed,
            years={year: collector.observe(ModelKey(MODEL, VERSION), _year(year)) for year in YEARS},
            observations=list(_all_observations(client)),
            alarms=client.get("/api/v1/alarms")["alarms"],
            alerts=collector.engine.report.alerts,
            settled=settled,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "elapsed_seconds": round(self.elapsed_seconds, 2),
            "settled": self.settled,
            "observations": self.observations,
            "alarms": self.alarms,
        }


def show(console: Console, outcome: Outcome, collector: Collector) -> None:
    """Print it all."""
    console.print(_statistics(outcome))
    for line in _alarms(outcome):
        console.print(line)
    console.print(_rows(outcome))
    at = collector.addresses.web
    console.print(f"Console [bold]http://{at}/[/] · metrics http://{at}/metrics · API http://{at}/api/v1/observations")
    console.print("Grafana dashboard: dashboards/miops.json")


def _statistics(outcome: Outcome) -> Table:
    table = Table(title="Statistics by year (2015 is the reference)")
    table.add_column("statistic")
    table.add_column("reference", justify="right")
    for year in YEARS:
        table.add_column(str(year), justify="right")
    table.add_row("rows", "", *(f"{_rows_of(outcome.years[y]):,.0f}" for y in YEARS))
    for metric, column, sensitive in _wanted():
        found = [_find(outcome.years[y], metric, column, sensitive) for y in YEARS]
        if any(found):
            first = next(o for o in found if o)
            name = " ".join(filter(None, (metric.removeprefix("miops."), column, sensitive)))
            table.add_row(name, _number(first.reference), *(_cell(o, outcome) for o in found))
    return table


def _wanted() -> Iterator[tuple[str, str, str]]:
    yield from ((metric, "", "") for metric in MODEL_STATISTICS)
    yield from ((metric, column, "") for metric, column in COLUMN_STATISTICS)
    yield from ((metric, "", "SEX") for metric in FAIRNESS)


def _find(observations: tuple[Observation, ...], metric: str, column: str, sensitive: str) -> Observation | None:
    wanted = (metric, column, sensitive, "")
    return next((o for o in observations if (o.metric, o.column, o.sensitive_feature, o.group) == wanted), None)


def _rows_of(observations: tuple[Observation, ...]) -> float:
    return max((o.value for o in observations if o.metric == "miops.window.rows"), default=0.0)


def _cell(observation: Observation | None, outcome: Outcome) -> str:
    if observation is None:
        return "–"
    status = _status(observation, outcome)
    return f"{_number(observation.value)} [{STATUS_STYLE[status]}]{status}[/]"


def _status(observation: Observation, outcome: Outcome) -> str:
    """A year is as bad as the worst alarm about the same series that was open in it."""
    if observation.status == "insufficient_data":
        return observation.status
    about = [a for a in outcome.alerts if _is_about(a, observation) and _overlaps(a, observation.window)]
    if any(a.severity == "critical" for a in about):
        return "alert"
    return "warning" if about else "ok"


def _is_about(alert: Alert, o: Observation) -> bool:
    family = o.metric.rpartition(".")[0]
    same = alert.metric == o.metric or (alert.rule == "drift" and alert.metric.rpartition(".")[0] == family)
    return same and (alert.column, alert.sensitive_feature) == (o.column, o.sensitive_feature)


def _overlaps(alert: Alert, window: Window) -> bool:
    return alert.since < window.end and (alert.until or 2**62) > window.start


def _alarms(outcome: Outcome) -> Iterator[str]:
    """One line each, the one to look at first on top."""
    yield f"\n[bold]Alarms[/] ({sum(a.state == 'firing' for a in outcome.alerts)} firing)"
    for alert in outcome.alerts:
        since = datetime.fromtimestamp(alert.since / NANOS, UTC).date().isoformat()
        about = alert.column or alert.sensitive_feature or alert.metric.removeprefix("miops.")
        style = "dim" if alert.state != "firing" else "yellow" if alert.severity == "warning" else "bold red"
        blame = ", ".join(blamed(alert, outcome.alerts))
        traced = f" [dim]→ look at[/] {escape(blame)}" if blame and blame != alert.column else ""
        shown = f" [dim]e.g. {escape(' '.join(alert.examples[:2]))}[/]" if alert.examples else ""
        head = f"  [{style}]{alert.state:8}[/] {since} {alert.rule} [bold]{escape(about)}[/]"
        yield f"{head}: {escape(alert.what)}{traced}{shown}"
    yield ""


def _rows(outcome: Outcome) -> Table:
    table = Table(title="Rows")
    for name in (*outcome.rows, "truths", "rows/s", "seconds in all"):
        table.add_column(name, justify="right")
    pace = outcome.rows["sent"] / max(outcome.replay_seconds, 1e-9)
    counts = [f"{n:,}" for n in (*outcome.rows.values(), outcome.truths)]
    table.add_row(*counts, f"{pace:,.0f}", f"{outcome.elapsed_seconds:.0f}")
    return table


def _number(value: float) -> str:
    return "–" if isnan(value) else f"{value:.4f}"


def _year(year: int) -> Window:
    start, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) * NANOS for y in (year, year + 1))
    return Window(start, end)


def _all_observations(client: Client) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = client.get(f"/api/v1/observations?limit={PAGE}" + (f"&cursor={cursor}" if cursor else ""))
        yield from page["observations"]
        cursor = page["next"] or ""
        if not cursor:
            return
