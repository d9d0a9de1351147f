"""One module, one component, one name: what a package offers is found by looking into its folder."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

__all__ = ["component", "modules", "subpackages"]


def modules(package: str) -> dict[str, ModuleType]:
    """Every public module of a package by name, sorted; packages inside it are not entered.

    Examples
    --------
    >>> list(modules("miops_collector.statistics.confidence"))
    ['entropy', 'low_confidence_share', 'mean']
    """
    return {name: import_module(f"{package}.{name}") for name in _names(package, packages=False)}


def subpackages(package: str) -> tuple[str, ...]:
    """Names of the public packages inside a package, sorted."""
    return _names(package, packages=True)


def component(module: ModuleType) -> object:
    """What the module is there for: the thing in it that carries its name.

    Raises
    ------
    LookupError
        If there is none.
    """
    name = module.__name__.rpartition(".")[2]
    if not hasattr(module, name):
        msg = f"module {module.__name__!r} defines no {name!r}: a component carries the name of its module"
        raise LookupError(msg)
    found: object = getattr(module, name)
    return found


def _names(package: str, *, packages: bool) -> tuple[str, ...]:
    found = iter_modules(import_module(package).__path__)
    return tuple(sorted(m.name for m in found if m.ispkg == packages and not m.name.startswith("_")))
