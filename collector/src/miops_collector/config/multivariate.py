"""How rows are sampled to see what no column shows by itself."""

from __future__ import annotations

from pydantic import Field

from miops_collector.config.section import Length, Section

__all__ = ["MultivariateConfig"]


class MultivariateConfig(Section):
    """Bounds of the samples of reference and window that are compared as whole rows."""

    rows: int = Field(default=2000, ge=0, description="of the reference and of each window; 0 turns it off")
    columns: int = Field(default=50, ge=2, description="features that are looked at together, the first so many")
    window: Length | None = Field(
        default=None, description="which of the windows; default: the longest of at most a day, else the shortest"
    )
