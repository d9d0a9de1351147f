"""Grafana's dashboard model, as much of it as is used: panels, rows, variables and where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["DATASOURCE", "Panel", "Query", "Row", "dashboard", "link", "query_variable", "text_variable"]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
LETTERS = "ABCDEFGH"
"""Of the queries of a panel, as Grafana names them."""


@dataclass(frozen=True, slots=True)
class Query:
    """One expression; ``instant`` asks for now only, ``buckets`` are a histogram's, an ``end`` is an interval's."""

    expression: str
    legend: str = "__auto"
    instant: bool = False
    buckets: bool = False
    end: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. ``unit`` is one of Grafana's; ``defaults`` and ``options`` are added to what its kind has.

    ``columns`` are those that a table shows, by the names of their fields, with the names it heads them with.
    """

    title: str
    description: str
    kind: Literal["timeseries", "stat", "table", "bargauge", "heatmap"]
    queries: tuple[Query, ...]
    unit: str = "short"
    width: int = 8
    height: int = 8
    defaults: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and the panels below it, laid from left to right."""

    title: str
    panels: tuple[Panel, ...]


_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "timeseries": {"custom": {"lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "spanNulls": False}},
    "stat": {"color": {"mode": "thresholds"}},
    "table": {"custom": {"filterable": True}},
    "bargauge": {"color": {"mode": "continuous-BlPu"}, "min": 0},
    "heatmap": {},
}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none"},
    "table": {"showHeader": True},
    "bargauge": {"displayMode": "basic", "orientation": "horizontal", "reduceOptions": {"calcs": ["lastNotNull"]}},
    "heatmap": {"calculate": False, "color": {"mode": "scheme", "scheme": "Blues"}, "tooltip": {"mode": "single"}},
}


def dashboard(rows: Sequence[Row], variables: Sequence[Mapping[str, Any]], **properties: Any) -> dict[str, Any]:
    """The whole model; panels get ids and places in the order given."""
    return {
        "id": None,
        **properties,
        "schemaVersion": 39,
        "annotations": {"list": []},
        "templating": {"list": [_datasource_variable(), *variables]},
        "panels": _laid_out(rows),
    }


def link(title: str, url: str) -> dict[str, Any]:
    """To another page, which opens beside the dashboard."""
    return {
        "type": "link", "title": title, "tooltip": title, "url": url, "icon": "external link", "tags": [],
        "targetBlank": True, "asDropdown": False, "includeVars": False, "keepTime": False,
    }  # fmt: skip


def query_variable(name: str, label: str, query: str, *, all_value: str = ".*", multi: bool = True) -> dict[str, Any]:
    """A drop-down of the values of a label."""
    return {
        "type": "query", "name": name, "label": label, "datasource": DATASOURCE, "multi": multi, "includeAll": True,
        "allValue": all_value, "refresh": 2, "sort": 1, "query": query,
        "current": {"selected": True, "text": "All", "value": "$__all"},
    }  # fmt: skip


def text_variable(name: str, label: str, value: str) -> dict[str, Any]:
    """A field to write into."""
    chosen = {"selected": True, "text": value, "value": value}
    return {"type": "textbox", "name": name, "label": label, "query": value, "current": chosen, "options": [chosen]}


def _datasource_variable() -> dict[str, Any]:
    return {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"}


def _laid_out(rows: Sequence[Row]) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        panels.append(_row(row.title, len(panels) + 1, y))
        x, y, height = 0, y + 1, 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            panels.append(_panel(panel, len(panels) + 1, x, y))
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return panels


def _row(title: str, number: int, y: int) -> dict[str, Any]:
    place = {"h": 1, "w": WIDTH, "x": 0, "y": y}
    return {"type": "row", "id": number, "title": title, "collapsed": False, "panels": [], "gridPos": place}


def _panel(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": panel.kind,
        "id": number,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": {"h": panel.height, "w": panel.width, "x": x, "y": y},
        "targets": [_target(query, i) for i, query in enumerate(panel.queries)],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, **_DEFAULTS[panel.kind], **panel.defaults},
            "overrides": [_as_end(i) for i, query in enumerate(panel.queries) if query.end],
        },
        "options": {**_OPTIONS[panel.kind], **panel.options},
    }
    if panel.columns:
        made["transformations"] = list(_only(panel.columns))
    return made


def _target(query: Query, index: int) -> dict[str, Any]:
    form = "heatmap" if query.buckets else "table" if query.instant else "time_series"
    return {
        "refId": LETTERS[index], "datasource": DATASOURCE, "expr": query.expression, "legendFormat": query.legend,
        "instant": query.instant, "range": not query.instant, "format": form,
    }  # fmt: skip


def _as_end(index: int) -> dict[str, Any]:
    """Thin, grey and dashed, without a place in the legend: the value between two of them is what is read."""
    style = {
        "color": {"mode": "fixed", "fixedColor": "gray"},
        "custom.showPoints": "never",
        "custom.lineStyle": {"fill": "dash", "dash": [4, 4]},
        "custom.hideFrom": {"legend": True, "tooltip": False, "viz": False},
    }
    properties = [{"id": name, "value": value} for name, value in style.items()]
    return {"matcher": {"id": "byFrameRefID", "options": LETTERS[index]}, "properties": properties}


def _only(columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Keep these fields of a table, in this order and under these names."""
    yield {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}}
    order = {name: place for place, name in enumerate(columns)}
    yield {"id": "organize", "options": {"indexByName": order, "renameByName": dict(columns), "excludeByName": {}}}
