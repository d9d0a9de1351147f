"""What is observed about a window: statistics applied to its summaries, one kind of question per file.

A signal is the function in a public module here that carries the module's name; :func:`evaluate_all` finds and runs
them all. Signals know no thresholds: an observation is ``ok`` or ``insufficient_data``, rules decide the rest.
"""

from __future__ import annotations

from miops_collector.signals._context import Context, Sampled
from miops_collector.signals._signal import Signal, evaluate_all, signals

__all__ = ["Context", "Sampled", "Signal", "evaluate_all", "signals"]
