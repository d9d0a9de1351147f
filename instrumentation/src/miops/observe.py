"""A decorator for any function that predicts."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, ParamSpec, TypeAlias, TypeVar

from miops import runtime
from miops.prediction import Prediction

__all__ = ["Returns", "observe"]

P = ParamSpec("P")
R = TypeVar("R")
Returns: TypeAlias = Literal["value", "score", "scores"] | Callable[[Any], Mapping[str, Any]]
Meant: TypeAlias = tuple[object, str | None, str | None]
"""Model, version and role."""
_RETURNS: Final = ("value", "score", "scores")


def observe(
    model: object,
    *,
    version: str | None = None,
    role: str | None = None,
    features: Callable[..., Any] | None = None,
    returns: Returns = "value",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Record every call of a function, sync or async, as a prediction.

    Parameters
    ----------
    model, version, role
        As in :func:`miops.record_prediction`.
    features
        From the call's arguments to the features; by default the first argument (after ``self``).
    returns
        What the function returns: ``"value"`` (decisions), ``"score"``, ``"scores"`` (by class), or a function
        from the result to a mapping of arguments of :func:`miops.record_prediction`.

    Examples
    --------
    >>> import miops
    >>> @miops.observe("credit", version="7")
    ... def decide(applicant):
    ...     return "good" if applicant["age"] > 30 else "bad"
    >>> with miops.testing.record() as harness:
    ...     decision = decide({"age": 40})
    ...     [(row["value"], row["feature.age"]) for row in harness.rows()]
    [('good', 40.0)]
    """
    if not callable(returns) and returns not in _RETURNS:
        raise ValueError(f"returns={returns!r}; allowed: {', '.join(_RETURNS)}, or a function of the result")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        select = features or _first_argument(function)
        if inspect.iscoroutinefunction(function):
            return _observed_async(function, (model, version, role), select, returns)

        @functools.wraps(function)
        def observed(*args: P.args, **kwargs: P.kwargs) -> R:
            with _begin((model, version, role), select, args, kwargs) as prediction:
                result = function(*args, **kwargs)
                _tell(prediction, returns, result)
            return result

        return observed

    return decorate


def _observed_async(
    function: Callable[..., Any], meant: Meant, select: Callable[..., Any], returns: Returns
) -> Callable[..., Any]:
    @functools.wraps(function)
    async def observed(*args: Any, **kwargs: Any) -> Any:
        async with _begin(meant, select, args, kwargs) as prediction:
            result = await function(*args, **kwargs)
            _tell(prediction, returns, result)
        return result

    return observed


def _first_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    names = list(inspect.signature(function).parameters)
    place = 1 if names[:1] in (["self"], ["cls"]) and len(names) > 1 else 0

    def select(*args: Any, **kwargs: Any) -> Any:
        if len(args) > place:
            return args[place]
        return kwargs.get(names[place]) if len(names) > place else None

    return select


def _begin(
    meant: Meant,
    select: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Prediction:
    prediction = Prediction(*meant)
    try:
        prediction.features = select(*args, **kwargs)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("features_not_selected", error)
    return prediction


def _tell(prediction: Prediction, returns: Returns, result: Any) -> None:
    try:
        told = returns(result) if callable(returns) else {returns: result}
        for name, value in told.items():
            setattr(prediction, name, value)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("result_not_told", error)
