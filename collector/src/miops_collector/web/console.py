"""Pages for people: the models, one model, one prediction, the collector. Whole without scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from miops_collector import __version__
from miops_collector.report import ModelKey
from miops_collector.stores._store import ModelInfo
from miops_collector.web import format as text
from miops_collector.web.backend import Backend
from miops_collector.web.counters import attributes_text, point_text, row_totals
from miops_collector.web.model_page import Shown, model_page
from miops_collector.web.pipelines import stages
from miops_collector.web.settings import flattened, without_secrets
from miops_collector.web.status import firing, status_of

__all__ = ["console_routes", "error_page", "wants_page"]

_HERE = Path(__file__).parent
_OUTCOMES = ("received", "stored", "deduplicated", "refused")


def console_routes(backend: Backend) -> list[BaseRoute]:
    """Routes of the pages and of their static files."""
    console = _Console(backend)
    return [
        Route("/", console.models),
        Route("/model", console.model, name="model"),
        Route("/prediction", console.prediction),
        Route("/collector", console.collector),
        Route("/debug/pipelines", console.pipelines),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]


class _Console:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def models(self, _: Request) -> Response:
        report = self._backend.report()
        rows = [(m, status_of(report, m.key), firing(report, m.key)) for m in self._backend.store.models()]
        return _page("models.html", report=report, models=rows, totals=self._totals())

    def model(self, request: Request) -> Response:
        query = request.query_params
        info = self._info(ModelKey(query.get("name", ""), query.get("version", "")))
        shown = Shown(query.get("window", ""), query.get("drift", ""), query.get("performance", ""))
        report = self._backend.report()
        page = model_page(self._backend.store, report, info, shown)
        others = [m.key for m in self._backend.store.models() if m.key.name == info.key.name and m.key != info.key]
        traces = self._backend.trace_url
        return _page("model.html", report=report, page=page, key=info.key, others=others, traces=traces)

    def prediction(self, request: Request) -> Response:
        prediction_id = request.query_params.get("id", "")
        found = self._backend.store.prediction(prediction_id) if prediction_id else None
        status = 404 if prediction_id and found is None else 200
        traces = self._backend.trace_url
        return _page("prediction.html", status, prediction_id=prediction_id, found=found, traces=traces)

    def collector(self, _: Request) -> Response:
        metrics = self._backend.telemetry()
        info = list(flattened(without_secrets(self._backend.info)))
        not_ready = self._backend.store.ready()
        return _page("collector.html", totals=self._totals(), metrics=metrics, info=info, not_ready=not_ready)

    def pipelines(self, _: Request) -> Response:
        not_ready = self._backend.store.ready()
        return _page("pipelines.html", stages=stages(self._backend.telemetry()), not_ready=not_ready)

    def _info(self, key: ModelKey) -> ModelInfo:
        found = next((m for m in self._backend.store.models() if m.key == key), None)
        if found is None:
            raise HTTPException(404, f"no model is called {key.name!r} with version {key.version!r}")
        return found

    def _totals(self) -> dict[str, float]:
        totals = row_totals(self._backend.telemetry())
        return {name: totals.get(name, 0.0) for name in _OUTCOMES}


def wants_page(request: Request) -> bool:
    """Whether a person with a browser is asking."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def error_page(message: str, status: int) -> Response:
    """An error as a page with a way back."""
    return _page("error.html", status, message=message)


def _page(template: str, status: int = 200, **values: Any) -> Response:
    html = _ENVIRONMENT.get_template(template).render(here=template.removesuffix(".html"), **values)
    return HTMLResponse(html, status_code=status)


def _model_url(key: ModelKey, **more: str) -> str:
    return f"/model?{urlencode({'name': key.name, 'version': key.version, **more}, errors='replace')}"


def _comparison_url(key: ModelKey, other: str) -> str:
    query = {"model": key.name, "version": key.version, "other": other}
    return f"/api/v1/comparison?{urlencode(query, errors='replace')}"


def _named_model_url(name: str, version: str) -> str:
    return _model_url(ModelKey(name, version))


def _prediction_url(prediction_id: str) -> str:
    return f"/prediction?{urlencode({'id': prediction_id}, errors='replace')}"


def _trace_url(trace_id: str, shown: str) -> str:
    """``shown`` is where traces are shown."""
    return shown.replace("{trace_id}", trace_id)


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "number": text.number_text, "count": text.count_text, "percent": text.percent_text, "named": text.name_text,
        "series": attributes_text,
        "moment": text.moment_text, "day": text.day_text, "flat": _flat, "model_url": _model_url,
        "prediction_url": _prediction_url, "trace_url": _trace_url, "comparison_url": _comparison_url,
    }  # fmt: skip
    environment.globals |= {"version": __version__, "point_text": point_text, "model_url": _named_model_url}
    return environment


_ENVIRONMENT = _environment()
