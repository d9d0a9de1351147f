"""The one process-wide state of the instrumentation, so that patched functions need no closure over it.

Wrappers of classes that are pickled by value carry their globals along; a module is pickled by its name, while
a lock, a thread-local or a recorder could not be pickled at all. Nothing else in the package is global.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.trace import ProxyTracerProvider, Tracer, TracerProvider

from miops import semconv
from miops.config import Config, read_config
from miops.faults import Faults
from miops.models import Model
from miops.pending import Slot
from miops.record import Recorder
from miops.sources import Sources
from miops.version import __version__

__all__ = ["active", "config", "ensure", "faults", "local", "recorder", "sources", "start", "stop", "tracer"]


class _Local(threading.local):
    """Per thread: how deep in instrumented calls it is, and the slot of its last call."""

    depth: int = 0
    slot: Slot | None = None


local = _Local()
active: frozenset[str] = frozenset()
"""Frameworks whose wrappers record; all others are inert."""
describers: dict[str, Callable[[Any], Model]] = {}
"""By framework: what it tells about a model object."""
config: Config = Config(disabled=True)
faults = Faults()
recorder: Recorder | None = None
sources = Sources(config, faults)
tracer: Tracer | None = None
"""``None`` while nobody has set a tracer provider: then no span is made at all."""
spans_always = False
_tracer_provider: TracerProvider | None = None
_known_disabled = False
_lock = threading.Lock()


def ensure() -> Recorder | None:
    """The recorder, started from the environment if need be; ``None`` if the instrumentation is disabled."""
    if recorder is None and not _known_disabled:
        start()
    return recorder


def start(
    settings: Config | None = None,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
    transport: Callable[[], Any] | None = None,
    resource: Any = None,
) -> None:
    """Read the configuration and start recording, unless that has been done."""
    global config, recorder, sources, _tracer_provider, _known_disabled
    with _lock:
        if recorder is not None:
            return
        config = settings if settings is not None else read_config(os.environ)
        _known_disabled = config.disabled
        if config.disabled:
            return
        _tracer_provider = tracer_provider
        faults.private = config.private
        sources = Sources(config, faults)
        recorder = Recorder(
            config,
            faults,
            meter_provider=meter_provider,
            transport=transport,
            resource=resource or getattr(tracer_provider, "resource", None),
            refresh=refresh,
        )
        refresh()


def refresh() -> None:
    """Notice a tracer provider that was set after us."""
    global tracer, spans_always
    spans_always = config.spans == "always"
    provider = _tracer_provider or trace.get_tracer_provider()
    if isinstance(provider, ProxyTracerProvider) or config.spans == "never":
        tracer = None
    elif tracer is None:
        tracer = provider.get_tracer(semconv.SCOPE_NAME, __version__, schema_url=semconv.SCHEMA_URL)


def stop() -> None:
    """Send what is left and forget everything; recording can start anew."""
    global recorder, sources, tracer, faults, _tracer_provider, _known_disabled
    with _lock:
        stopped, recorder, tracer, _tracer_provider = recorder, None, None, None
        _known_disabled = False
        if stopped is not None:
            stopped.shutdown()
        faults = Faults()
        sources = Sources(config, faults)


def new_slot(recorder: Recorder) -> Slot:
    """A slot for the current thread, and a recorder that will come for what is in it."""
    own = local.slot = recorder.slots.new()
    recorder.start()
    return own


def activate(framework: str, describe: Callable[[Any], Model] | None = None) -> None:
    global active
    if describe is not None:
        describers[framework] = describe
    active = active | {framework}


def deactivate(framework: str) -> None:
    global active
    active = active - {framework}
