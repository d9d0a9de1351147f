"""Which of a classifier's two classes people want: the four-fifths rule is about how often they get it."""

from __future__ import annotations

import logging

from miops_collector.config import Config
from miops_collector.errors import did_you_mean
from miops_collector.layout import Layout
from miops_collector.report import ModelKey

__all__ = ["is_adverse"]

log = logging.getLogger(__name__)


def is_adverse(layout: Layout, config: Config, model: ModelKey) -> bool:
    """Whether the positive class is the other one than ``models.<name>.favourable_class`` says.

    A class that the model does not have is said in the log, and the positive one is taken.
    """
    said = config.models.get(model.name)
    if said is None or not said.favourable_class or layout.positive < 0:
        return False
    if said.favourable_class not in layout.classes:
        hint = did_you_mean(said.favourable_class, layout.classes)
        log.warning(
            "models.%s.favourable_class: %r is none of the classes %s%s; the four-fifths rule counts the positive one",
            model.name, said.favourable_class, list(layout.classes), hint,
        )  # fmt: skip
        return False
    return layout.classes[layout.positive] != said.favourable_class
