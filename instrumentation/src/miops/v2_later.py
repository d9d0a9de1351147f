"""Requests of ``tritonclient`` whose answers come later: to a callback, to whoever asks for them, or on a stream."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Mapping
from types import MethodType
from typing import Any, Final

from miops import runtime
from miops.exchange import Exchange
from miops.later import Later, open_later
from miops.v2_models import read_request, remote
from miops.weak import WeakIdMap

__all__ = [
    "asking_for_request",
    "asking_on_stream",
    "asking_with_callback",
    "forget_streams",
    "getting",
    "starting",
    "streaming",
]

_FINAL: Final = "triton_final_response"
_AFTER_CALLBACK: Final = 3
_requests: Final[WeakIdMap[Later]] = WeakIdMap()
"""By the object with which the program will get the answer."""
_exchanges: Final[WeakIdMap[Exchange]] = WeakIdMap()
"""By client: what is under way on its stream."""


def forget_streams() -> None:
    """Requests may be sent now of which we do not know."""
    _exchanges.clear()


def asking_with_callback(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    """``async_infer`` over gRPC."""

    @functools.wraps(original)
    def async_infer(self: Any, *args: Any, **kwargs: Any) -> Any:
        callback: Any = args[2] if len(args) > 2 else kwargs.get("callback")
        later = _later(self, framework, args, kwargs, version_at=_AFTER_CALLBACK) if callable(callback) else None
        if later is None:
            return original(self, *args, **kwargs)
        done = _telling(callback, later)
        told = ((*args[:2], done, *args[3:]), kwargs) if len(args) > 2 else (args, {**kwargs, "callback": done})
        return _sent(later, MethodType(original, self), *told)

    return async_infer


def _telling(callback: Callable[..., Any], later: Later) -> Callable[..., Any]:
    """Records, and then calls the program's own."""

    def done(result: Any = None, error: Any = None) -> Any:
        _tell(later, result, error)
        return callback(result=result, error=error)

    return done


def asking_for_request(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    """``async_infer`` over HTTP."""

    @functools.wraps(original)
    def async_infer(self: Any, *args: Any, **kwargs: Any) -> Any:
        later = _later(self, framework, args, kwargs)
        if later is None:
            return original(self, *args, **kwargs)
        request = _sent(later, MethodType(original, self), args, kwargs)
        _requests.set(request, later)
        if _ready(request):
            later.arrive()
        else:
            request._greenlet.rawlink(later.arrive)  # noqa: SLF001
        return request

    return async_infer


def _ready(request: Any) -> bool:
    """Whether the answer is there, as far as it can be known beforehand."""
    greenlet: Any = getattr(request, "_greenlet", None)
    return not hasattr(greenlet, "rawlink") or bool(greenlet.ready())


def getting(original: Callable[..., Any], _: str) -> Callable[..., Any]:
    """``get_result`` of what ``async_infer`` over HTTP returned, which may come before the answer does."""

    @functools.wraps(original)
    def get_result(self: Any, *args: Any, **kwargs: Any) -> Any:
        later = _requests.get(self)
        if later is None:
            return original(self, *args, **kwargs)
        try:
            result = original(self, *args, **kwargs)
        except Exception as error:
            if _ready(self):  # else it is only not there yet
                later.failed(error)
            raise
        later.answered(result)
        return result

    return get_result


def starting(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    """``start_stream``: a callback for all answers."""

    @functools.wraps(original)
    def start_stream(self: Any, callback: Any, *args: Any, **kwargs: Any) -> Any:
        _exchanges.discard(self)
        if framework not in runtime.active or not callable(callback):
            return original(self, callback, *args, **kwargs)
        exchange = Exchange()

        def told(result: Any = None, error: Any = None) -> Any:
            _assign(exchange, result, error)
            return callback(result=result, error=error)

        started = original(self, told, *args, **kwargs)
        _exchanges.set(self, exchange)
        return started

    return start_stream


def asking_on_stream(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    """``async_stream_infer``."""

    @functools.wraps(original)
    def async_stream_infer(self: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _exchanges.get(self)
        if exchange is None:
            return original(self, *args, **kwargs)
        later = _later(self, framework, args, kwargs)
        request_id = args[4] if len(args) > 4 else kwargs.get("request_id", "")
        name = args[0] if args else kwargs.get("model_name")
        return exchange.send(str(name), str(request_id), later, lambda: original(self, *args, **kwargs))

    return async_stream_infer


def streaming(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    """``stream_infer`` of the client that is awaited: an iterator over requests in, one over answers out."""

    @functools.wraps(original)
    def stream_infer(self: Any, inputs_iterator: Any, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or framework not in runtime.active:
            return original(self, inputs_iterator, *args, **kwargs)
        exchange = Exchange()
        answers = original(self, _noted(self, framework, inputs_iterator, exchange), *args, **kwargs)
        kind = type(answers)
        if "<locals>" in kind.__qualname__:  # made for this call alone, which nobody else can be affected by
            kind.__anext__ = _assigning(kind.__anext__, exchange)
        return answers

    return stream_infer


async def _noted(client: Any, framework: str, requests: Any, exchange: Exchange) -> AsyncIterator[Any]:
    async for one in requests:
        if isinstance(one, dict):
            later = _later(client, framework, (), one)
            exchange.send(str(one.get("model_name")), str(one.get("request_id", "")), later, lambda: None)
        yield one


def _assigning(original: Callable[..., Any], exchange: Exchange) -> Callable[..., Any]:
    @functools.wraps(original)
    async def following(self: Any) -> Any:
        try:
            result, error = answer = await original(self)
        except StopAsyncIteration:
            exchange.forget()
            raise
        except Exception as broken:
            exchange.failed(broken, all_of_them=True)
            raise
        _assign(exchange, result, error)
        return answer

    return following


def _later(
    client: Any, framework: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, version_at: int = 2
) -> Later | None:
    if runtime.local.depth or framework not in runtime.active:
        return None
    return open_later(read_request, framework, remote(client, args, kwargs, version_at=version_at), args, kwargs)


def _sent(later: Later, send: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    try:
        return send(*args, **kwargs)
    except BaseException as error:
        later.failed(error)
        raise
    finally:
        later.sent()


def _tell(later: Later, result: Any, error: Any) -> None:
    if isinstance(error, BaseException):
        later.failed(error)
    else:
        later.answered(result)


def _assign(exchange: Exchange, result: Any, error: Any) -> None:
    """Never raises. An error with a status ends the stream, one without is that of a request."""
    try:
        if isinstance(error, BaseException):
            status = getattr(error, "status", None)
            exchange.failed(error, all_of_them=callable(status) and status() is not None)
            return
        response = result.get_response()
        final = _FINAL not in response.parameters or response.parameters[_FINAL].bool_param
        exchange.answered(response.model_name, response.id, result, final=final)
    except Exception as fault:  # noqa: BLE001
        runtime.faults.add("answers_not_assigned", fault)
