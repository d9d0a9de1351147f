"""The JSON API under ``/api/v1``, as docs/api.md says it: what is known, and three ways to add to it."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from miops import semconv
from miops_collector.accepting import read_accepted
from miops_collector.alerts import blamed
from miops_collector.compared_with import serving_reference
from miops_collector.errors import InputError, did_you_mean
from miops_collector.report import Alert, AlertState, ModelKey, Observation, Report
from miops_collector.schema import Records
from miops_collector.stores._store import ObservationQuery
from miops_collector.web.acceptance import acceptance_json, read_form
from miops_collector.web.alarm_plan import plan_of
from miops_collector.web.answer import json_answer
from miops_collector.web.backend import Backend, Submit
from miops_collector.web.body import Bodies, Format, UnsupportedFormatError, format_of, read_arrow
from miops_collector.web.comparison import comparison_json
from miops_collector.web.contributions import contributions
from miops_collector.web.counters import counters_json
from miops_collector.web.detections import detections_json
from miops_collector.web.encode import alarm_json, model_json, observation_json
from miops_collector.web.errors import errors_json
from miops_collector.web.ground_truth import ground_truth_records
from miops_collector.web.query import observation_query, only
from miops_collector.web.reference import form_from_json, form_from_parameters, reference_records
from miops_collector.web.segment_table import blamed_segments
from miops_collector.web.settings import without_secrets
from miops_collector.web.status import status_of
from miops_collector.web.windows import windows_json

__all__ = ["api_routes"]


def api_routes(backend: Backend) -> list[Route]:
    """Routes of the API; those without a body are plain functions, which run in a thread each."""
    api = _Api(backend)
    return [
        Route("/api/v1/models", api.models),
        Route("/api/v1/observations", api.observations),
        Route("/api/v1/windows", api.windows),
        Route("/api/v1/alarms", api.alarms),
        Route("/api/v1/detections", api.detections),
        Route("/api/v1/comparison", api.comparison),
        Route("/api/v1/errors", api.errors),
        Route("/api/v1/predictions/{prediction_id:path}", api.prediction),
        Route("/api/v1/collector", api.collector),
        Route("/api/v1/ground-truth", api.ground_truth, methods=["POST"]),
        Route("/api/v1/reference", api.reference, methods=["POST"]),
        Route("/api/v1/reference/accept", api.accept, methods=["POST"]),
        Route("/api/v1/reference/accepted", api.accepted),
    ]


class _Api:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._bodies = Bodies(backend.max_body_bytes)

    def models(self, request: Request) -> Response:
        only(request.query_params, ())
        report, store = self._backend.report(), self._backend.store
        return json_answer(
            {
                "models": [
                    model_json(m, serving_reference(store, m.key), status_of(report, m.key), plan_of(report, m.key))
                    for m in store.models()
                ]
            }
        )

    def observations(self, request: Request) -> Response:
        observations, following = self._read(observation_query(_single(request)))
        return json_answer({"observations": [observation_json(o) for o in observations], "next": following or None})

    def windows(self, request: Request) -> Response:
        query = observation_query(_single(request))
        observations, following = self._read(_with_metric(query, semconv.METRIC_WINDOW_ROWS))
        shares, _ = self._read(_with_metric(query, semconv.METRIC_WINDOW_LABELLED_SHARE))
        return json_answer({"windows": windows_json(observations, shares), "next": following or None})

    def alarms(self, request: Request) -> Response:
        parameters = _single(request)
        only(parameters, ("state",))
        state = parameters.get("state", "")
        if state and state not in get_args(AlertState):
            msg = f"state: {state!r} is none{did_you_mean(state, get_args(AlertState))}"
            raise InputError(msg)
        report = self._backend.report()
        return json_answer({"alarms": [_alarm(a, report) for a in report.alerts if state in {"", a.state}]})

    def detections(self, request: Request) -> Response:
        return json_answer(detections_json(self._backend.store, _single(request)))

    def comparison(self, request: Request) -> Response:
        return json_answer(comparison_json(self._backend.store, _single(request)))

    def errors(self, request: Request) -> Response:
        return json_answer(errors_json(self._backend.store, _single(request)))

    def prediction(self, request: Request) -> Response:
        prediction_id = request.path_params["prediction_id"]
        found = self._backend.store.prediction(prediction_id)
        if found is None:
            return json_answer({"error": {"message": f"no prediction has the id {prediction_id!r}"}}, status=404)
        return json_answer(found)

    def collector(self, request: Request) -> Response:
        only(request.query_params, ())
        return json_answer({**without_secrets(self._backend.info), **counters_json(self._backend.telemetry())})

    async def ground_truth(self, request: Request) -> Response:
        only(request.query_params, ())
        form = format_of(request)
        make = partial(ground_truth_records, form=form, now=self._backend.now())
        records = await self._bodies.read(request, form, make)
        return await _submitted(self._backend.submit_ground_truth, records)

    async def reference(self, request: Request) -> Response:
        form = format_of(request)
        records = await self._bodies.read(request, form, partial(self._reference_records, request, form))
        return await _submitted(self._backend.submit_reference, records)

    async def accept(self, request: Request) -> Response:
        only(request.query_params, ())
        if format_of(request) != "json":
            msg = "content-type: write application/json"
            raise UnsupportedFormatError(msg)
        form = await self._bodies.read(request, "json", read_form)
        taken = await self._backend.accept(ModelKey(form.model, form.version), form.bounds, form.by)
        return json_answer(acceptance_json(taken))

    def accepted(self, request: Request) -> Response:
        only(request.query_params, ())
        return json_answer({"accepted": [acceptance_json(a) for a in read_accepted(self._backend.store)]})

    def _reference_records(self, request: Request, form: Format, body: bytes) -> Records:
        if form == "json":
            only(request.query_params, ())
            given, table = form_from_json(body)
        else:
            given, table = form_from_parameters(request.query_params.multi_items()), read_arrow(body)
        return reference_records(given, table, body, now=self._backend.now())

    def _read(self, query: ObservationQuery) -> tuple[list[Observation], str]:
        return self._backend.store.observations(query)


async def _submitted(submit: Submit, records: Records) -> Response:
    """Answer once the rows are committed."""
    if records.table.num_rows:
        if inspect.iscoroutinefunction(submit):
            await submit(records)
        else:
            await run_in_threadpool(submit, records)
    return json_answer({"accepted": records.table.num_rows})


def _single(request: Request) -> dict[str, str]:
    """Query parameters, each given once."""
    pairs = request.query_params.multi_items()
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        msg = f"query parameter {next(n for n in names if names.count(n) > 1)!r} is there more than once"
        raise InputError(msg)
    return found


def _alarm(alert: Alert, report: Report) -> dict[str, Any]:
    columns, segments = blamed(alert, report.alerts), blamed_segments(alert, report.observations)
    return alarm_json(alert, columns, segments, contributions(alert, columns, segments, report))


def _with_metric(query: ObservationQuery, metric: str) -> ObservationQuery:
    if query.metric or query.column or query.segment:
        msg = "windows have no metric, column or segment; ask /api/v1/observations"
        raise InputError(msg)
    return ObservationQuery(
        model=query.model, version=query.version, metric=metric, window=query.window,
        start=query.start, end=query.end, limit=query.limit, cursor=query.cursor,
    )  # fmt: skip
