"""When two collectors say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

_SERIES = ("metric", "model", "version", "column", "segment", "sensitive_feature", "group", "window", "window_start")
_ROUNDING = 1e-12
"""Numbers are sums over rows, and a sum of floats differs in its last digits with the order in which rows commit."""
_ROUNDING_OF_ERRORS = 1e-9
"""The standard error of what is the same in every row is the root of such a last digit."""


def assert_same_observations(expected: Iterable[Mapping[str, Any]], actual: Iterable[Mapping[str, Any]]) -> None:
    """Every series, count, status and reason equal, every number to rounding; when they were computed may differ."""
    wanted, found = _by_series(expected, _to_rounding), _by_series(actual, _as_it_is)
    only = [f"missing {series}" for series in wanted.keys() - found.keys()]
    only += [f"too many {series}" for series in found.keys() - wanted.keys()]
    assert not only, f"{len(only)} series of {len(wanted)}:\n" + "\n".join(sorted(only)[:10])
    different = [
        f"{series}: {wanted[series]} != {found[series]}" for series in wanted if wanted[series] != found[series]
    ]
    assert not different, f"{len(different)} of {len(wanted)} differ:\n" + "\n".join(different[:10])


def _by_series(
    observations: Iterable[Mapping[str, Any]], seen: Callable[[str, Any], Any]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        tuple(o[name] for name in _SERIES): {
            name: seen(name, value) for name, value in o.items() if name != "computed_at"
        }
        for o in observations
    }


def _to_rounding(name: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return pytest.approx(value, rel=_ROUNDING, abs=_ROUNDING_OF_ERRORS if name == "standard_error" else _ROUNDING)


def _as_it_is(_: str, value: Any) -> Any:
    return value
