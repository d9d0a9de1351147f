"""How long predictions take, in seconds, from logarithmic buckets that add over panes and machines."""

from __future__ import annotations
