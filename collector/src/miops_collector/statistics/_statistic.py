"""What a statistic says about itself, and how the statistics of a family are found."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_type_hints

from miops import semconv
from miops_collector._discovery import component, modules, subpackages
from miops_collector.summary import FloatArray

__all__ = ["About", "Direction", "RestsOn", "Statistic", "families", "statistic", "statistics_of"]

Direction: TypeAlias = Literal["worse", "better", "neither"]
RestsOn: TypeAlias = Literal["rows", "values", "labelled"]
_F = TypeVar("_F", bound=Callable[..., float | FloatArray])
_PACKAGE = "miops_collector.statistics"


@dataclass(frozen=True, slots=True)
class About:
    """What is true of a statistic whatever the data.

    Attributes
    ----------
    bounds
        Closed range of its values.
    higher
        What a higher value means.
    undefined
        When it is ``nan``, as the end of the sentence "undefined: …".
    rests_on
        What ``n`` counts: all rows, rows that have a value in the column, or labelled rows.
    unit
        UCUM unit; empty for scores. ``{row}`` makes it a count, which no number of rows is too small for.
    scale_free
        Whether it stays the same when every row is counted the same number of times more.
    """

    bounds: tuple[float, float]
    higher: Direction
    undefined: str
    rests_on: RestsOn
    unit: str = ""
    scale_free: bool = True

    @property
    def is_count(self) -> bool:
        return self.unit == "{row}"


@dataclass(frozen=True, slots=True)
class Statistic:
    """One discovered statistic.

    Attributes
    ----------
    function
        ``(current)`` or, if it ``compares``, ``(reference, current)``, and the keyword-only ``options``.
    takes
        Kinds of summary it can be computed from, preferred first.
    per_group
        Whether it returns one number per group instead of one number.
    p_value, standard_error, interval
        Companions in the same file, with the same arguments, if there are any. An interval is its two ends.
    counts, support
        Companions of a number per group that is a share: its numerators and denominators; of another, how many rows
        it rests on.
    estimate
        Companion that says value, standard error and more in one, where they come from one computation.
    """

    family: str
    name: str
    about: About
    function: Callable[..., Any]
    takes: tuple[type, ...]
    compares: bool
    per_group: bool
    options: tuple[str, ...]
    p_value: Callable[..., Any] | None
    standard_error: Callable[..., Any] | None
    interval: Callable[..., Any] | None = None
    counts: Callable[..., Any] | None = None
    support: Callable[..., Any] | None = None
    estimate: Callable[..., Any] | None = None

    @property
    def metric(self) -> str:
        """Full name on the wire."""
        return f"{semconv.METRIC_PREFIX}{self.family}.{self.name}"


def statistic(
    *,
    bounds: tuple[float, float],
    higher: Direction,
    undefined: str,
    rests_on: RestsOn,
    unit: str = "",
    scale_free: bool = True,
) -> Callable[[_F], _F]:
    """Mark a function as the statistic of its module; the arguments are those of :class:`About`."""
    about = About(bounds, higher, undefined, rests_on, unit, scale_free)

    def mark(function: _F) -> _F:
        vars(function)["about"] = about
        return function

    return mark


@cache
def families() -> tuple[str, ...]:
    """Names of the packages that hold statistics, sorted."""
    return tuple(f for f in subpackages(_PACKAGE) if any(_marked(m) for m in modules(f"{_PACKAGE}.{f}").values()))


@cache
def statistics_of(family: str) -> tuple[Statistic, ...]:
    """Every statistic of a family, by name.

    Examples
    --------
    >>> [s.metric for s in statistics_of("calibration")]
    ['miops.calibration.expected_calibration_error']

    A family may complete what its files say: its package then has a function ``complete``.
    """
    found = tuple(_read(family, module) for module in modules(f"{_PACKAGE}.{family}").values())
    complete = getattr(import_module(f"{_PACKAGE}.{family}"), "complete", None)
    return found if complete is None else tuple(complete(found))


def _marked(module: ModuleType) -> bool:
    return hasattr(getattr(module, module.__name__.rpartition(".")[2], None), "about")


def _read(family: str, module: ModuleType) -> Statistic:
    function: Any = component(module)
    if not hasattr(function, "about"):
        msg = f"{module.__name__}: decorate {function.__name__!r} with @statistic(...)"
        raise LookupError(msg)
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    summaries = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    wanted = hints[summaries[-1]]
    return Statistic(
        family=family,
        name=function.__name__,
        about=function.about,
        function=function,
        takes=get_args(wanted) or (wanted,),
        compares=len(summaries) == 2,
        per_group=hints["return"] is not float,
        options=tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty),
        p_value=getattr(module, "p_value", None),
        standard_error=getattr(module, "standard_error", None),
        interval=getattr(module, "interval", None),
        counts=getattr(module, "counts", None),
        support=getattr(module, "support", None),
        estimate=getattr(module, "estimate", None),
    )
