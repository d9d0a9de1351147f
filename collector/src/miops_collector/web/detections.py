"""``GET /api/v1/detections``: where a classic detector sees a change in what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite, nan
from typing import Any, Final

from miops_collector.errors import InputError, did_you_mean
from miops_collector.report import ModelKey
from miops_collector.statistics.sequential.betting import mean_interval
from miops_collector.statistics.sequential.detectors import DETECTORS
from miops_collector.stores._store import ModelInfo, Store
from miops_collector.summary import FloatArray
from miops_collector.web.encode import iso
from miops_collector.web.query import nanos, only
from miops_collector.web.streamed import ERRORS, streamed

__all__ = ["LAST", "PARAMETERS", "detections_json", "model_asked"]

USUAL: Final[Mapping[str, tuple[str, ...]]] = {"cusum": ("mean", "std"), "betting": ("mean",)}
"""What a detector must be told."""
ALSO: Final[Mapping[str, tuple[str, ...]]] = {"betting": ("most",)}
"""What it may be told."""
SETTINGS: Final = ("mean", "std", "most")
PARAMETERS: Final = ("model", "version", "column", "detector", "from", "to", *SETTINGS)
MOST_TOLD: Final = 10_000
LAST: Final = 2**62


def detections_json(store: Store, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Changes that a detector finds in a column, or in the errors, of one model version.

    It is read and run anew for every request; nothing is kept, and no alarm follows from it.

    Raises
    ------
    InputError
        For an unknown parameter, model, detector or column, or too many rows.
    """
    only(parameters, PARAMETERS)
    info, name = model_asked(store, parameters), parameters.get("detector", "adwin")
    settings = _settings(name, parameters)
    column = parameters.get("column", ERRORS)
    start, end = (nanos(parameters[n], n) if parameters.get(n) else other for n, other in (("from", 0), ("to", LAST)))
    stream = streamed(store, info, column, start=start, end=end)
    _in_range(name, stream.values, settings)
    found = DETECTORS[name](stream.values, **settings)
    return {
        "model": info.key.name,
        "version": info.key.version,
        "column": column,
        "detector": name,
        "rows": len(stream.times),
        "first": iso(int(stream.times[0])) if len(stream.times) else None,
        "last": iso(int(stream.times[-1])) if len(stream.times) else None,
        "changes": [
            {"row": i, "time": iso(time)}
            for i, time in zip(found.changes[:MOST_TOLD].tolist(), stream.times[found.changes].tolist(), strict=False)
        ],
        "changes_in_all": len(found.changes),
        "warnings_in_all": len(found.warnings),
        **(_interval(stream.values, settings) if name == "betting" else {}),
    }


def _interval(values: FloatArray, settings: Mapping[str, float]) -> dict[str, Any]:
    """The confidence sequence of the mean after the last row; without a bound there is no upper end."""
    found = mean_interval(values, most=settings.get("most", inf))
    return {"interval": {name: value if isfinite(value) else None for name, value in found._asdict().items()}}


def model_asked(store: Store, parameters: Mapping[str, str]) -> ModelInfo:
    """The model version that is meant; the only one of a model need not be named.

    Raises
    ------
    InputError
        If there is none.
    """
    key = ModelKey(parameters.get("model", ""), parameters.get("version", ""))
    known = {info.key: info for info in store.models()}
    versions = [info for info in known.values() if info.key.name == key.name]
    if "version" not in parameters and len(versions) == 1:
        return versions[0]
    if key not in known:
        names = sorted({k.name for k in known})
        of = f"version {key.version!r} of {key.name!r}" if versions else f"{key.name!r}"
        msg = f"model: no rows are stored of {of}{'' if versions else did_you_mean(key.name, names)}"
        raise InputError(msg)
    return known[key]


def _settings(name: str, parameters: Mapping[str, str]) -> dict[str, float]:
    if name not in DETECTORS:
        msg = f"detector: {name!r} is none{did_you_mean(name, list(DETECTORS))}"
        raise InputError(msg)
    given = {n: parameters[n] for n in SETTINGS if n in parameters}
    needed, possible = USUAL.get(name, ()), (*USUAL.get(name, ()), *ALSO.get(name, ()))
    if not set(needed) <= given.keys() <= set(possible):
        msg = (
            f"{name} {_takes(needed, possible)}; cusum must be told what is usual, with mean and std, betting with "
            "mean and, if there is a largest value, most; the other detectors find it out"
        )
        raise InputError(msg)
    settings = {n: _number(n, text) for n, text in given.items()}
    if settings.get("std", 1.0) <= 0:
        msg = f"std: {given['std']!r} is not above 0"
        raise InputError(msg)
    if name == "betting" and not 0.0 < settings["mean"] < settings.get("most", inf):
        msg = f"mean: {given['mean']!r} is not above 0 and below most"
        raise InputError(msg)
    return settings


def _takes(needed: Sequence[str], possible: Sequence[str]) -> str:
    return f"takes {', '.join(possible)} and needs {', '.join(needed)}" if possible else "takes none of these"


def _in_range(name: str, values: FloatArray, settings: Mapping[str, float]) -> None:
    """Bets are on numbers from 0 to the most there can be."""
    most = settings.get("most", inf)
    if name == "betting" and values.size and not (values.min() >= 0.0 and values.max() <= most):
        msg = f"betting is for numbers from 0 to most ({most:g}), not from {values.min():g} to {values.max():g}"
        raise InputError(msg)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        msg = f"{name}: {text!r} is no number"
        raise InputError(msg)
    return value
