"""River: detectors of change at their defaults, one per column, and one for the errors of the model."""

from __future__ import annotations

from collections.abc import Mapping

from tests.trust.running import Look, run
from tests.trust.streams import Cell, Window

__all__ = ["river"]


def river(cell: Cell, reference: Window):
    """They learn from the stream: the newest of the reference's rows, at most 2,000, are shown to them first."""
    from river import drift

    if cell.stream == "concept":
        binary = drift.binary
        kinds = {
            "River ADWIN": drift.ADWIN, "River DDM": binary.DDM, "River EDDM": binary.EDDM,
            "River HDDM-A": binary.HDDM_A if hasattr(binary, "HDDM_A") else binary.HDDMA,
            "River Page–Hinkley": drift.PageHinkley,
        }  # fmt: skip
    else:
        kinds = {"River ADWIN": drift.ADWIN, "River Page–Hinkley": drift.PageHinkley}
    codes: dict[str, dict[str, int]] = {}
    series = _series(cell, reference, codes)
    detectors = {tool: {name: kind() for name in series} for tool, kind in kinds.items()}
    for of_tool in detectors.values():
        for name, values in series.items():
            _fed(of_tool[name], values[-2000:])

    def look(window: Window) -> Mapping[str, Look]:
        now = _series(cell, window, codes)
        return {
            tool: Look(frozenset(n for n, values in now.items() if _fed(of_tool[n], values)), {})
            for tool, of_tool in detectors.items()
        }

    return look


def _series(cell: Cell, window: Window, codes: dict[str, dict[str, int]]) -> dict[str, list[float]]:
    if cell.stream == "concept":
        return {"errors": [float(e) for e in window.errors]}
    return {name: _numbers(values, codes.setdefault(name, {})) for name, values in window.columns.items()}


def _numbers(values, known: dict[str, int]) -> list[float]:
    if values.dtype.kind == "f":
        return [v for v in values.tolist() if v == v]
    return [float(known.setdefault(v, len(known))) for v in values.tolist()]


def _fed(detector, values: list[float]) -> bool:
    """Whether it detected a change in any of these rows."""
    changed = False
    for value in values:
        detector.update(value)
        changed |= detector.drift_detected
    return changed


if __name__ == "__main__":
    run(river, errors=True)
