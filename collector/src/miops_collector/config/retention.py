"""How long what is stored is kept."""

from __future__ import annotations

from pydantic import Field

from miops_collector.config.section import Length, Section

__all__ = ["RetentionConfig"]


class RetentionConfig(Section):
    """Deleted is deleted, so nothing is unless it is asked for."""

    rows: Length | None = Field(
        default=None,
        description="predictions of an event time longer ago are deleted, then their truth; their statistics stay",
    )
