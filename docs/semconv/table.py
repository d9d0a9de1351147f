"""The registry as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docs.semconv.reader import Attribute, Signal, attributes, signals

from miops_collector.exporters.prometheus import metric_name

__all__ = ["semconv_markdown", "table"]


def semconv_markdown() -> str:
    """Attributes, events, spans and metrics, each as a table."""
    parts = [*_attribute_tables(), "### Spans", _signals("span"), "### Events", _signals("event")]
    parts += ["### Metrics", _metrics()]
    return "\n\n".join(parts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _attribute_tables() -> Iterable[str]:
    found = list(attributes().values())
    for group in dict.fromkeys(a.group for a in found):
        yield f"### Attributes: {group.lower()}"
        yield table(("attribute", "type", "meaning", "examples"), (_attribute(a) for a in found if a.group == group))


def _attribute(a: Attribute) -> tuple[str, ...]:
    name = f"`{a.name}.<name>`" if a.template else f"`{a.name}`"
    examples = ", ".join(f"`{e}`" for e in (a.members or a.examples))
    return (name, a.type.removeprefix("template[").removesuffix("]") if a.template else a.type, a.brief, examples)


def _signals(kind: str) -> str:
    return table((kind, "meaning", "attributes"), ((f"`{s.name}`", s.brief, _names(s)) for s in signals(kind).values()))


def _metrics() -> str:
    rows = (
        (f"`{s.name}`", f"`{metric_name(s.name, unit=s.unit, instrument=s.instrument)}`", s.instrument,
         f"`{s.unit}`" if s.unit else "", s.brief, _names(s))
        for s in sorted(signals("metric").values(), key=lambda s: s.name)
    )  # fmt: skip
    return table(("metric", "in PromQL", "instrument", "unit", "meaning", "attributes"), rows)


def _names(s: Signal) -> str:
    return ", ".join(f"`{name}`" for name, level in s.attributes if level != "opt_in")
