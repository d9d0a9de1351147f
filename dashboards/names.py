"""Names in PromQL, made from names on the wire; one the registry does not know is an error here, not an empty panel."""

from __future__ import annotations

from miops import semconv
from miops_collector.exporters.descriptions import descriptions
from miops_collector.exporters.prometheus import label_name, metric_name

__all__ = [
    "LABELS",
    "buckets",
    "by",
    "columns",
    "ends_of",
    "legend",
    "metric",
    "own",
    "reference_of",
    "selector",
    "statistic",
]

LABELS = {
    "model": label_name(semconv.MODEL_NAME),
    "version": label_name(semconv.MODEL_VERSION),
    "column": label_name(semconv.COLUMN),
    "feature": label_name(semconv.SENSITIVE_FEATURE),
    "group": label_name(semconv.GROUP),
    "segment": label_name(semconv.SEGMENT),
    "window": label_name(semconv.WINDOW),
    "rule": label_name(semconv.RULE),
    "severity": label_name(semconv.ALERT_SEVERITY),
    "test": label_name(semconv.TEST),
    "reason": label_name(semconv.REASON),
    "kind": label_name(semconv.TELEMETRY_KIND),
    "outcome": label_name(semconv.REQUEST_OUTCOME),
    "quantile": label_name(semconv.QUANTILE),
}
"""Short names of labels, as panels and variables use them."""


def metric(name: str) -> str:
    """In PromQL.

    Raises
    ------
    KeyError
        If the registry has no such metric.
    """
    known = descriptions()[name]
    return metric_name(name, unit=known.unit, instrument=known.instrument)


def statistic(family: str, name: str) -> str:
    """Metric of a statistic, in PromQL."""
    return metric(f"{semconv.METRIC_PREFIX}{family}.{name}")


def reference_of(name: str) -> str:
    """The same statistic of performance on the reference, in PromQL."""
    return metric(f"{semconv.METRIC_REFERENCE_PREFIX}performance.{name}")


def ends_of(family: str, name: str) -> tuple[str, str]:
    """Where the interval of a statistic begins and ends, in PromQL."""
    low, high = semconv.METRIC_INTERVAL_LOW_PREFIX, semconv.METRIC_INTERVAL_HIGH_PREFIX
    return metric(f"{low}{family}.{name}"), metric(f"{high}{family}.{name}")


def own(name: str) -> str:
    """Metric of the collector about itself, in PromQL."""
    return metric(semconv.COLLECTOR_PREFIX + name)


def buckets(name: str) -> str:
    """Buckets of a histogram of the collector about itself, in PromQL."""
    return f"{own(name)}_bucket"


def columns(*labels: str, value: str) -> dict[str, str]:
    """Columns of a table by the names of their fields: these labels by their short names, and the value."""
    return {**{LABELS[label]: label for label in labels}, "Value": value}


def by(*labels: str) -> str:
    """Labels of a grouping, by their short names."""
    return ", ".join(LABELS[label] for label in labels)


def selector(*labels: str, **equal: str) -> str:
    """Matchers in braces: these labels as their dashboard variable says, others by a fixed expression."""
    matchers = ['job=~"$job"', 'instance=~"$instance"']
    matchers += [f'{LABELS[label]}=~"${label}"' for label in labels]
    matchers += [f'{LABELS[label]}=~"{value}"' for label, value in equal.items()]
    return f"{{{', '.join(matchers)}}}"


def legend(*labels: str) -> str:
    """Values of these labels, as a panel names a series.

    Examples
    --------
    >>> legend("model", "column")
    '{{miops_model_name}} {{miops_column}}'
    """
    return " ".join(f"{{{{{LABELS[label]}}}}}" for label in labels)
