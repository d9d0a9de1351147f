"""Results as people read them: lines of a terminal, and ``docs/benchmarks.md``."""

from __future__ import annotations

import math
from itertools import groupby

from tests.benchmarks.harness.book import Book, Entry
from tests.benchmarks.harness.budgets import budgets
from tests.benchmarks.harness.discovery import benchmarks

__all__ = ["chart_file", "charts", "figure", "page", "row_of"]

_HEAD = (
    "# Benchmarks",
    "<!-- Written by `make bench`; do not edit. -->",
    """\
`make bench` measures all of this in about three quarters of an hour, prints it, and writes this page and `bench.json`.
`python -m tests.benchmarks NAME` measures one of them again. Figures are medians of several runs; peers and ceilings
are measured in the same run. The client runs on the same cores. The load column is how many processes wanted a core
meanwhile, ours included: on a busy machine figures by the clock are worse than they need be.""",
)
_COLUMNS = ("figure", "value", "floor", "met", "others in the same run", "what it is", "load")
_LARGE = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SMALL = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
_UNITS = {
    "{row}/s": ("rows/s", _LARGE),
    "{value}/s": ("values/s", _LARGE),
    "s": ("s", _SMALL),
    "By": ("B", _LARGE),
    "By/{row}": ("B/row", ((1.0, ""),)),
}


def figure(value: float, unit: str) -> str:
    """Three digits and a unit, shares as per cent.

    Examples
    --------
    >>> figure(251_700, "{row}/s"), figure(0.0261, "s"), figure(0.186, "1"), figure(1.3e-7, "s")
    ('252 k rows/s', '26.1 ms', '18.6 %', '130 ns')
    """
    if math.isnan(value):
        return "–"
    if unit == "1":
        return f"{100 * value:.3g} %"
    name, steps = _UNITS[unit]
    step, prefix = next(((s, p) for s, p in steps if abs(value) >= s), steps[-1])
    number = value / step
    text = f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
    return f"{text} {prefix}{'' if len(name) == 1 or not prefix else ' '}{name}"


def _limit(entry: Entry) -> str:
    if entry.floor is None:
        return ""
    sign = "≥" if entry.better == "higher" else "≤"
    goal = f" (goal {figure(entry.goal, entry.unit)})" if entry.goal is not None else ""
    return f"{sign} {figure(entry.floor, entry.unit)}{goal}"


def _peers(entry: Entry) -> list[str]:
    return [f"{name}: {figure(value, entry.unit)}" for name, value in (entry.peer or {}).items()]


def row_of(entry: Entry) -> str:
    """One line of a terminal."""
    limit = _limit(entry)
    judged = f"   {limit} {'ok' if entry.ok else 'MISSED'}" if limit else ""
    told = "; ".join([*_peers(entry), *([entry.note] if entry.note else [])])
    return f"{entry.name:48}{figure(entry.value, entry.unit):>16}{judged}{f'   [{told}]' if told else ''}"


def page(book: Book) -> str:
    """``docs/benchmarks.md``."""
    known, machine = benchmarks(), book.machine
    parts = [*_HEAD, _where(machine, sorted({e.measured_at[:10] for e in book.results})), _met(book.results)]
    for name, entries in groupby(book.results, key=lambda e: e.name.partition(".")[0]):
        about = (known[name].__doc__ or "").strip() if name in known else ""
        parts += [f"## {name}", about, _table(list(entries))]
        if hasattr(known.get(name), "chart"):
            parts.append(f"![{name}](images/{chart_file(name)})")
    return "\n\n".join(parts) + "\n"


def charts(book: Book) -> dict[str, str]:
    """A picture, as SVG, of every benchmark that draws one and has been measured."""
    by_name = {e.name: e for e in book.results}
    measured = {e.name.partition(".")[0] for e in book.results}
    drawing = {name: module for name, module in benchmarks().items() if name in measured and hasattr(module, "chart")}
    return {
        name: module.chart({k: e for k, e in by_name.items() if k.startswith(f"{name}.")})
        for name, module in drawing.items()
    }


def chart_file(name: str) -> str:
    return f"benchmarks_{name}.svg"


def _where(machine: dict[str, object], days: list[str]) -> str:
    when = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "never"
    packages = machine["packages"]
    assert isinstance(packages, dict)
    versions = ", ".join(f"{name} {version}" for name, version in packages.items())
    place = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}"
    return f"Measured {when} on {place}, Python {machine['python']}, {versions}."


def _met(entries: list[Entry]) -> str:
    judged, missed, limits = [e for e in entries if e.ok is not None], [e for e in entries if e.ok is False], budgets()
    said = f"{len(judged) - len(missed)} of {len(judged)} floors are met"
    return (
        "\n".join([f"{said}; missed:\n", *(_missed(e, limits[e.name].in_the_way) for e in missed)])
        if missed
        else f"{said}."
    )


def _missed(entry: Entry, in_the_way: str) -> str:
    found = f"- `{entry.name}`: {figure(entry.value, entry.unit)}, not {_limit(entry)}"
    return f"{found}. {in_the_way}" if in_the_way else found


def _table(entries: list[Entry]) -> str:
    return "\n".join([f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|", *map(_line, entries)])


def _line(entry: Entry) -> str:
    met = {True: "yes", False: "**no**", None: ""}[entry.ok]
    about = ". ".join(part for part in (entry.about, entry.note) if part)
    cells = (
        f"`{entry.name.partition('.')[2]}`",
        figure(entry.value, entry.unit),
        _limit(entry),
        met,
        "<br>".join(_peers(entry)),
        about,
        f"{entry.load:.1f}",
    )
    return f"| {' | '.join(cells)} |"
