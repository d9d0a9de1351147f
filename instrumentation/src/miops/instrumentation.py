"""Switching the instrumentation of all frameworks on and off by hand."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterator
from typing import Any, Final

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from miops import carriers, instrumentors, runtime
from miops._instrumentor import ModelInstrumentor, PatchingInstrumentor

__all__ = ["flush", "instrument", "uninstrument"]


_BASES: Final = (PatchingInstrumentor, ModelInstrumentor)


def found_instrumentors() -> Iterator[type[PatchingInstrumentor]]:
    """The instrumentor of every module under ``instrumentors`` and ``carriers``; no framework is imported by this."""
    for package in (instrumentors, carriers):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            try:
                module = importlib.import_module(found.name)
            except Exception as error:  # noqa: BLE001  # one that is broken is no reason to do without the others
                runtime.faults.add("instrumentor_not_imported", error)
                continue
            for item in vars(module).values():
                if isinstance(item, type) and issubclass(item, PatchingInstrumentor) and item not in _BASES:
                    yield item


class DeclaredInstrumentor(BaseInstrumentor):  # type: ignore[misc, unused-ignore]
    """The section ``miops`` of OpenTelemetry's configuration file, which must be an instrumentor's.

    It instruments nothing, as every framework has an instrumentor of its own; the settings that it holds are read
    by :func:`miops.config.read_config`.
    """

    def instrument(self, **_: Any) -> None:
        """Nothing to do, and no warning when the agent asks for it too."""

    def instrumentation_dependencies(self) -> Collection[str]:
        return ()

    def _instrument(self, **_: Any) -> None:
        """Nothing to do."""

    def _uninstrument(self, **_: Any) -> None:
        """Nothing to undo."""


def instrument(**kwargs: Any) -> None:
    """Record the predictions of every known framework, those imported later included.

    Does what ``opentelemetry-instrument`` does. Calling it again does nothing.

    Parameters
    ----------
    **kwargs
        ``tracer_provider`` and ``meter_provider``, where the global ones are not meant.
    """
    for instrumentor in found_instrumentors():
        one = instrumentor()
        if not one.is_instrumented_by_opentelemetry:
            one.instrument(**kwargs)


def uninstrument() -> None:
    """Put every patched function back, and send what has been recorded."""
    for instrumentor in found_instrumentors():
        one = instrumentor()
        if one.is_instrumented_by_opentelemetry:
            one.uninstrument()
    flush()


def flush(timeout_seconds: float = 10.0) -> bool:
    """Send everything recorded so far; whether that was done in time. Nothing to do counts as done."""
    return runtime.recorder is None or runtime.recorder.flush(timeout_seconds)
