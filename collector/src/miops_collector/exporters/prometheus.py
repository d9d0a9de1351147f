"""Metrics as Prometheus scrapes them: OpenMetrics or text 0.0.4, as the scraper asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as PrometheusMetric
from prometheus_client.registry import Collector

from miops_collector.exporters.series import DEFAULT_BUDGET, metrics_of
from miops_collector.metric import Instrument, Metric, Point
from miops_collector.report import Report

__all__ = ["PrometheusExporter", "exposition", "label_name", "metric_name", "unit_word"]

_KINDS: Mapping[Instrument, type[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "updowncounter": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}
_UNIT_WORDS = {"s": "seconds", "ms": "milliseconds", "By": "bytes", "%": "percent"}


def metric_name(name: str, *, unit: str, instrument: str) -> str:
    """Name in PromQL, by the OpenTelemetry to Prometheus rules.

    Examples
    --------
    >>> metric_name("miops.drift.psi", unit="", instrument="gauge")
    'miops_drift_psi'
    >>> metric_name("miops.window.end", unit="s", instrument="gauge")
    'miops_window_end_seconds'
    >>> metric_name("miops.recorder.dropped", unit="{row}", instrument="counter")
    'miops_recorder_dropped_total'
    """
    word = unit_word(unit)
    words = [label_name(name)]
    words += [word] if word and not words[0].endswith(f"_{word}") else []
    words += ["total"] if instrument == "counter" else []
    return "_".join(words)


def unit_word(unit: str) -> str:
    """A unit as the end of a name; a remark in braces is none.

    Examples
    --------
    >>> [unit_word(u) for u in ("s", "By", "{row}", "", "s2")]
    ['seconds', 'bytes', '', '', 's2']
    """
    return "" if unit.startswith("{") else _UNIT_WORDS.get(unit, label_name(unit))


def label_name(name: str) -> str:
    """Attribute or metric name with every other character replaced.

    Examples
    --------
    >>> label_name("miops.model.name")
    'miops_model_name'
    """
    return re.sub(r"[^a-zA-Z0-9_]+", "_", name)


def exposition(metrics: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """The page and its content type; ``accept`` is the request's header."""
    encode, content_type = choose_encoder(accept)
    return encode(_Families(metrics)), content_type


class PrometheusExporter:
    """Keeps the newest report; a scrape reads it.

    Parameters
    ----------
    telemetry
        The collector's own metrics, asked at every scrape.
    budget
        Series per model version.
    """

    def __init__(self, *, telemetry: Callable[[], Sequence[Metric]] = tuple, budget: int = DEFAULT_BUDGET) -> None:
        self._telemetry = telemetry
        self._budget = budget
        self._metrics: tuple[Metric, ...] = ()
        self._closed = False

    def export(self, report: Report) -> None:
        if not self._closed:
            self._metrics = metrics_of(report, budget=self._budget)

    def scrape(self, accept: str = "") -> tuple[bytes, str]:
        """Body and content type of ``/metrics``."""
        return exposition((*self._metrics, *self._telemetry()), accept)

    def shutdown(self) -> None:
        """Show nothing any more: a value nobody renews must not look alive."""
        self._closed = True
        self._metrics = ()


class _Families(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[PrometheusMetric]:
        return (_family(metric) for metric in self._metrics)


def _family(metric: Metric) -> PrometheusMetric:
    sample = metric_name(metric.name, unit=metric.unit, instrument=metric.instrument)
    family = _KINDS[metric.instrument](sample.removesuffix("_total"), metric.description, unit=unit_word(metric.unit))
    for point in metric.points:
        labels = {label_name(k): v for k, v in point.attributes.items()}
        if metric.instrument == "histogram":
            _add_buckets(family, sample, labels, metric.bounds, point)
        else:
            family.add_sample(sample, labels, point.value)
    return family


def _add_buckets(
    family: PrometheusMetric, sample: str, labels: Mapping[str, str], bounds: Sequence[float], point: Point
) -> None:
    """Prometheus counts all that are at most a bound."""
    upto = list(accumulate(point.counts))
    for bound, count in zip((*map(str, bounds), "+Inf"), upto, strict=True):
        family.add_sample(f"{sample}_bucket", {**labels, "le": bound}, count)
    family.add_sample(f"{sample}_count", dict(labels), upto[-1])
    family.add_sample(f"{sample}_sum", dict(labels), point.value)
