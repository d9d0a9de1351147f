"""The drop-downs of the dashboard, each narrowed by those before it."""

from __future__ import annotations

from dashboards.builder import query_variable, text_variable
from dashboards.names import LABELS, metric, own, selector, statistic
from miops import semconv

__all__ = ["VARIABLES"]

_RECEIVED, _ROWS, _PSI = own("rows.received"), metric(semconv.METRIC_WINDOW_ROWS), statistic("drift", "psi")


def _values(of: str, label: str) -> str:
    return f"label_values({of}, {label})"


VARIABLES = (
    query_variable("job", "Job", _values(_RECEIVED, "job"), all_value=".+"),
    query_variable("instance", "Instance", _values(f'{_RECEIVED}{{job=~"$job"}}', "instance"), all_value=".+"),
    query_variable("model", "Model", _values(_ROWS + selector(), LABELS["model"])),
    query_variable("version", "Version", _values(_ROWS + selector("model"), LABELS["version"])),
    query_variable("window", "Window", _values(_ROWS + selector("model", "version"), LABELS["window"])),
    query_variable("column", "Column", _values(_PSI + selector("model", "version"), LABELS["column"])),
    text_variable("console", "Console", "http://localhost:4320"),
)
