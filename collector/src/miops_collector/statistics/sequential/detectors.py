"""The classic detectors by name, each at its defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from miops_collector.statistics.sequential._detections import Detections
from miops_collector.statistics.sequential.adwin import adwin
from miops_collector.statistics.sequential.betting import betting
from miops_collector.statistics.sequential.cusum import cusum
from miops_collector.statistics.sequential.ddm import ddm
from miops_collector.statistics.sequential.eddm import eddm
from miops_collector.statistics.sequential.hddm_a import hddm_a
from miops_collector.statistics.sequential.hddm_w import hddm_w
from miops_collector.statistics.sequential.kswin import kswin
from miops_collector.statistics.sequential.page_hinkley import page_hinkley

__all__ = ["DETECTORS", "Detector"]

Detector: TypeAlias = Callable[..., Detections]
DETECTORS: Final[Mapping[str, Detector]] = {
    "adwin": adwin,
    "betting": betting,
    "cusum": cusum,
    "ddm": ddm,
    "eddm": eddm,
    "hddm_a": hddm_a,
    "hddm_w": hddm_w,
    "kswin": kswin,
    "page_hinkley": page_hinkley,
}
"""Two must be told what is usual: ``cusum`` ``mean`` and ``std``, ``betting`` ``mean`` and, if any, ``most``."""
