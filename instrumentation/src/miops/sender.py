"""The far side of the recorder: what was taken from the buffers is encoded, delivered and accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from opentelemetry import _logs, trace

from miops import semconv
from miops.blocks import BlockPool
from miops.call import Call
from miops.config import Config
from miops.event import Request, event_requests
from miops.export import Exporter
from miops.faults import Faults
from miops.ids import IdSpace
from miops.instruments import Instruments
from miops.lanes import Packed, by_lane
from miops.ledger import Ledger
from miops.rows import Rows, rows_of, rows_of_lane
from miops.sampling import Sampling
from miops.transport import Transport, open_transport
from miops.truths import Truth, truth_columns
from miops.version import __version__

__all__ = ["Sender"]


class Sender:
    """Encodes and delivers on the background thread; settles every row with the ledger."""

    def __init__(
        self,
        config: Config,
        faults: Faults,
        ledger: Ledger,
        ids: IdSpace,
        pool: BlockPool,
        transport: Callable[[], Transport] | None,
        resource: Any,
    ) -> None:
        self._config, self._faults, self._ledger, self._ids, self._pool = config, faults, ledger, ids, pool
        self._resource = resource
        self._sampling = Sampling(config.sample_ratio, config.keep_below)
        self.exporter = _exporter(config, transport)

    def send_calls(self, calls: list[Call], instruments: Instruments) -> None:
        """One event per model and schema."""
        batches = rows_of(calls, self._ids, values=self._config.capture_features == "all")
        self._send(batches, sum(call.rows for call in calls), sum(call.size for call in calls), instruments)
        for call in calls:
            self.give_back(call)

    def send_packed(self, packed: list[Packed], instruments: Instruments) -> None:
        """One event per lane."""
        for lane, records, features in by_lane(packed):
            batches = rows_of_lane(lane, records, features, self._ids, values=self._config.capture_features == "all")
            self._send(batches, len(records), len(records) * lane.size, instruments)

    def _send(self, batches: Iterable[Rows], left: int, size: int, instruments: Instruments) -> None:
        try:
            for rows in batches:
                self._measure(rows, instruments)
                left -= self._leave_out(rows, sampled := self._sampling.sample(rows))
                for request in self._encoded(sampled) if sampled.rows else ():
                    left -= request.rows
                    self._deliver(request)
        except Exception as error:  # noqa: BLE001
            self._faults.add("rows_not_encoded", error)
            self._ledger.settle(dropped=left, reason="not_encoded")
        finally:
            self._ledger.freed(size)

    def _leave_out(self, rows: Rows, sampled: Rows) -> int:
        left_out = rows.rows - sampled.rows
        if left_out:
            self._ledger.settle(left_out=left_out)
        return left_out

    def _measure(self, rows: Rows, instruments: Instruments) -> None:
        try:
            if not rows.failed:  # these were counted as they failed
                instruments.count(rows)
        except Exception as error:  # noqa: BLE001  # the user's metrics pipeline; the rows matter more
            self._faults.add("metrics_not_recorded", error)

    def send_truths(self, truths: list[Truth]) -> None:
        """One event for all truth of one shape."""
        left = sum(truth.rows for truth in truths)
        try:
            for attributes, columns, rows in truth_columns(truths):
                for request in self.requests(semconv.EVENT_GROUND_TRUTH_BATCH, attributes, columns, rows):
                    left -= request.rows
                    self._deliver(request)
        except Exception as error:  # noqa: BLE001
            self._faults.add("ground_truth_not_encoded", error)
            self._ledger.settle(dropped=left, reason="not_encoded")
        finally:
            self._ledger.freed(sum(truth.size for truth in truths))

    def send_events(self, events: list[Request]) -> None:
        """Events that were encoded by the caller."""
        for request in events:
            self._deliver(request)
            self._ledger.freed(len(request.body))

    def give_back(self, call: Call) -> None:
        """Return pooled memory of a call that nobody needs any more."""
        if type(call.features) is memoryview:
            self._pool.give(call.features)

    def _encoded(self, rows: Rows) -> Iterable[Request]:
        attributes = rows.model.attributes()
        if self._config.capture_features == "schema" and rows.features and not rows.failed:
            attributes[semconv.MODEL_FEATURES] = list(rows.features)
        return self.requests(semconv.EVENT_PREDICTION_BATCH, attributes, rows.columns, rows.rows)

    def _deliver(self, request: Request) -> None:
        if self.exporter is None:
            self._ledger.settle(dropped=request.rows, reason="no_endpoint")
            return
        delivery = self.exporter.deliver(request)
        self._ledger.settle(exported=delivery.exported, dropped=delivery.dropped, reason=delivery.reason)

    def requests(
        self,
        name: str,
        attributes: Mapping[str, Any],
        columns: Any,
        rows: int,
        *,
        final: Mapping[str, Any] = MappingProxyType({}),
    ) -> Iterable[Request]:
        """Columns as export requests of this process."""
        return event_requests(
            name,
            attributes,
            columns,
            rows,
            resource=self.resource,
            version=__version__,
            request_bytes=self._config.request_bytes,
            final=final,
        )

    @property
    def resource(self) -> Mapping[str, Any]:
        """Attributes of this process, as its own provider or the environment has them."""
        if self._resource is None:
            providers = (trace.get_tracer_provider(), _logs.get_logger_provider())
            found = (getattr(provider, "resource", None) for provider in providers)
            self._resource = next(filter(None, found), None) or _own_resource()
        attributes: Mapping[str, Any] = self._resource.attributes
        return attributes


def _exporter(config: Config, transport: Callable[[], Transport] | None) -> Exporter | None:
    endpoint = config.endpoint
    if transport is not None:
        return Exporter(transport, timeout_seconds=10.0, retry_timeout=config.retry_timeout)
    if endpoint is None:
        return None
    return Exporter(
        lambda: open_transport(endpoint),
        timeout_seconds=endpoint.timeout_seconds,
        retry_timeout=config.retry_timeout,
    )


def _own_resource() -> Any:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    try:
        return Resource.create()
    except RuntimeError:  # it uses threads, which an exiting interpreter no longer gives
        return OTELResourceDetector().detect()
