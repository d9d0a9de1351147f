"""How a framework is patched: after its import, where its methods are defined, and exactly reversibly."""

from __future__ import annotations

import functools
import inspect
import logging
import sys
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib import metadata
from types import FunctionType, MethodType
from typing import Any, ClassVar, Final, cast

import wrapt
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from miops import calls, express, runtime
from miops.models import Model

__all__ = ["ModelInstrumentor", "Nested", "Patches", "PatchingInstrumentor", "guarding", "recording", "taking"]

_log = logging.getLogger("miops")
_ABSENT: Final = object()


class Nested:
    """A function that runs in a worker on behalf of a recorded call: what it calls is nested too."""

    __slots__ = ("__wrapped__",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return calls.guarded_call(self.__wrapped__, args, kwargs)

    def __reduce__(self) -> Any:
        return Nested, (self.__wrapped__,)


def recording(original: Callable[..., Any], output: int, framework: str) -> Callable[..., Any]:
    """A function in place of ``original`` that records its outermost call."""

    @functools.wraps(original)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or framework not in runtime.active:
            return original(self, *args, **kwargs)
        return express.recorded_call(output, framework, MethodType(original, self), self, args, kwargs)

    return recorded


def guarding(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    """A function in place of ``original`` inside which nothing is recorded; what was known of the object goes."""

    @functools.wraps(original)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if framework not in runtime.active:
            return original(self, *args, **kwargs)
        try:
            return calls.guarded_call(MethodType(original, self), args, kwargs)
        finally:
            runtime.sources.discard(self)

    return guarded


class _Bound:
    """A method got from a descriptor, which records or guards when it is called."""

    __slots__ = ("__wrapped__", "_framework", "_output", "_owner")

    def __init__(self, bound: Any, owner: Any, output: int | None, framework: str) -> None:
        self.__wrapped__, self._owner, self._output, self._framework = bound, owner, output, framework

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or self._framework not in runtime.active:
            return self.__wrapped__(*args, **kwargs)
        if self._output is None:
            return calls.guarded_call(self.__wrapped__, args, kwargs)
        return express.recorded_call(self._output, self._framework, self.__wrapped__, self._owner, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __reduce__(self) -> Any:
        return getattr, (self._owner, self.__wrapped__.__name__)


class _Descriptor:
    """In place of a descriptor such as scikit-learn's ``available_if``, whose own answer always comes first."""

    def __init__(self, original: Any, output: int | None, framework: str) -> None:
        self.original, self.output, self.framework = original, output, framework
        self.__doc__ = getattr(original, "__doc__", None)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        found = self.original.__get__(instance, owner)
        if instance is None or not callable(found) or self.framework not in runtime.active:
            return found
        return _Bound(found, instance, self.output, self.framework)

    def __set_name__(self, owner: type, name: str) -> None:
        hook = getattr(self.original, "__set_name__", None)
        if hook is not None:
            hook(owner, name)


class Patches:
    """What was replaced where, so that exactly that can be put back."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []
        self._ours: set[int] = set()

    def replace(self, owner: Any, name: str, ours: Any) -> None:
        """Put ``ours`` in place of what ``owner`` itself defines; owners that refuse are left alone."""
        original = vars(owner)[name]
        try:
            setattr(owner, name, ours)
        except (TypeError, AttributeError):  # compiled classes
            return
        self._done.append((owner, name, original, ours))
        self._ours.add(id(ours))

    def add(self, owner: Any, name: str, ours: Any) -> None:
        """Define on ``owner`` what it only inherits."""
        setattr(owner, name, ours)
        self._done.append((owner, name, _ABSENT, vars(owner)[name]))

    def made(self, item: Any) -> bool:
        """Whether this very object is one of ours. By identity: ``functools.wraps`` copies any other mark."""
        return id(item) in self._ours

    def undo(self) -> None:
        """Put back every original that is still covered by ours; what others put on top stays."""
        while self._done:
            owner, name, original, ours = self._done.pop()
            if vars(owner).get(name) is not ours:
                continue
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._ours.clear()

    def method(self, owner: type, name: str, output: int | None, framework: str) -> None:
        """Record (or, without ``output``, guard) the method that ``owner`` itself defines."""
        original = vars(owner).get(name)
        if original is None or self.made(original) or isinstance(original, staticmethod | classmethod | property):
            return
        if isinstance(original, FunctionType):
            wrap = recording(original, output, framework) if output is not None else guarding(original, framework)
            self.replace(owner, name, wrap)
        elif hasattr(original, "__get__"):
            self.replace(owner, name, _Descriptor(original, output, framework))


def subclasses(base: type) -> Iterator[type]:
    """``base`` and all its living subclasses."""
    seen: set[type] = set()
    waiting = [base]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            yield one
            waiting += type.__subclasses__(one)


def taking(owner: Any, name: str, *parameters: str) -> Callable[..., Any]:
    """The function that ``owner`` itself defines, if it begins with these parameters.

    Raises
    ------
    AttributeError
        If the program's version has another shape than we know.
    """
    function: Any = vars(owner).get(name)
    found = tuple(inspect.signature(function).parameters) if isinstance(function, FunctionType) else None
    if found is None or found[: len(parameters)] != parameters:
        raise AttributeError(f"{name}({', '.join(parameters)}) was expected, not {function!r} with {found}")
    return cast("Callable[..., Any]", function)


def _released(package: str) -> str:
    """The version of a package that does not say it itself."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "0"


class PatchingInstrumentor(BaseInstrumentor):  # type: ignore[misc, unused-ignore]
    """Base of the instrumentors of all frameworks and of the carriers of all servers.

    Each says when it is imported, what it is called and how it is patched. Its absence costs nothing:
    a post-import hook waits for a module that never comes.
    """

    framework: ClassVar[str]
    """The key of the switch that makes wrappers inert; of a framework also the value of ``miops.model.framework``."""
    hooks: ClassVar[Mapping[str, str]]
    """Module whose import is waited for → name of the method that patches it."""
    package: ClassVar[str]
    """Import name whose version is checked."""
    minimum: ClassVar[tuple[int, int]]
    """Oldest version that is patched."""

    def __init__(self) -> None:
        self.patches = getattr(self, "patches", None) or Patches()
        self._hooked = getattr(self, "_hooked", False)
        self._refused = getattr(self, "_refused", False)

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing: the agent does not ask, and by hand the same should happen. The hook checks the version."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        """Never raises: the agent would drop every instrumentor after this one."""
        try:
            runtime.start(tracer_provider=kwargs.get("tracer_provider"), meter_provider=kwargs.get("meter_provider"))
            if runtime.config.disabled:
                return
            self._activate()
            for module, method in self.hooks.items():
                self._when_imported(module, method)
            self._hooked = True
        except Exception as error:  # noqa: BLE001
            runtime.faults.add(f"{self.framework}_not_instrumented", error)

    def _activate(self) -> None:
        """Let wrappers do their work."""
        runtime.activate(self.framework)

    def _when_imported(self, module: str, method: str) -> None:
        if (loaded := sys.modules.get(module)) is not None:  # None where a program forbids the import
            self._patch(loaded, method)
        elif not self._hooked:
            wrapt.register_post_import_hook(lambda found: self._patch(found, method), module)

    def _patch(self, module: Any, method: str) -> None:
        if self.framework not in runtime.active:
            return
        try:
            if self._supported():
                getattr(self, method)(module)
        except Exception as error:  # noqa: BLE001
            runtime.faults.add(f"{self.framework}_not_instrumented", error)

    def _supported(self) -> bool:
        package = sys.modules.get(self.package)
        if package is None:  # something it builds on came first; what is patched there does nothing by itself
            return True
        version = str(getattr(package, "__version__", None) or _released(self.package))
        found = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
        if found >= self.minimum:
            return True
        if not self._refused:  # once, however many of its modules are waited for
            oldest = ".".join(map(str, self.minimum))
            _log.warning("miops: %s %s is not instrumented; it needs %s or later", self.package, version, oldest)
        self._refused = True
        return False

    def _uninstrument(self, **_: Any) -> None:
        runtime.deactivate(self.framework)
        self.patches.undo()


class ModelInstrumentor(PatchingInstrumentor):
    """Base of the instrumentors of all frameworks, which also say what a model is."""

    @abstractmethod
    def describe(self, model: Any) -> Model:
        """What the framework tells about a model object."""

    def _activate(self) -> None:
        runtime.activate(self.framework, self.describe)
