"""Which of our attributes a foreign one may stand for: a translation into nothing would be found out by nobody."""

from __future__ import annotations

from miops_collector.errors import did_you_mean

__all__ = ["check_translation"]


def check_translation(foreign: str, ours: str) -> None:
    """Both are names, or both are prefixes that end with a dot.

    Raises
    ------
    ValueError
        Says what our name could have been.
    """
    from miops_collector.otlp.names import EVENTS, TRUTH_EVENTS

    prefixes = (*EVENTS.prefixes, *TRUTH_EVENTS.prefixes)
    if not foreign or foreign.endswith(".") != ours.endswith("."):
        msg = f"{foreign!r} to {ours!r}: write a name for a name, or a prefix with a dot at its end for another"
        raise ValueError(msg)
    names = {*EVENTS.exact, *TRUTH_EVENTS.exact}
    if ours not in {*names, *prefixes} and not ours.startswith(prefixes):
        msg = f"{foreign!r}: {ours!r} is no attribute of ours{did_you_mean(ours, {*names, *prefixes})}"
        raise ValueError(msg)
