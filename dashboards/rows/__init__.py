"""The rows of the dashboard, from the whole to the parts: one file each."""

from __future__ import annotations

from dashboards.rows.drift import DRIFT
from dashboards.rows.fairness import FAIRNESS
from dashboards.rows.health import HEALTH
from dashboards.rows.performance import PERFORMANCE
from dashboards.rows.quality import QUALITY
from dashboards.rows.segments import SEGMENTS
from dashboards.rows.status import STATUS
from dashboards.rows.traffic import TRAFFIC

__all__ = ["ROWS"]

ROWS = (STATUS, TRAFFIC, DRIFT, PERFORMANCE, SEGMENTS, FAIRNESS, QUALITY, HEALTH)
