"""What the configuration means for each part of the collector."""

from __future__ import annotations

import socket

from miops_collector.config import Config, ExportConfig
from miops_collector.config.transport import CorsConfig
from miops_collector.exporters.delivery import grpc_sender, http_sender
from miops_collector.exporters.otlp import OtlpExporter
from miops_collector.ingest import IngestSettings
from miops_collector.memory_shares import MemoryShares
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.receivers._cors import Cors
from miops_collector.retention import Retention
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import Store
from miops_collector.telemetry import Telemetry
from miops_collector.web.hosts import Hosts
from miops_collector.window import parse_length

__all__ = ["MIB", "cors", "hosts", "ingest_settings", "otlp_exporter", "retention", "store_settings"]

MIB = 1024 * 1024


def store_settings(config: Config, shares: MemoryShares) -> StoreSettings:
    return StoreSettings(
        deduplicate_for=parse_length(config.deduplicate_for),
        memory_mib=shares.database // MIB,
        fingerprints=shares.prediction_ids,
    )


def ingest_settings(config: Config, shares: MemoryShares) -> IngestSettings:
    waiting = config.otlp.max_waiting_mib
    return IngestSettings(
        max_waiting_bytes=shares.waiting if waiting is None else waiting * MIB,
        group_bytes=shares.group,
        decode=DecodeSettings(attribute_map=config.attribute_map),
    )


def hosts(config: Config) -> Hosts:
    return Hosts(own=(config.web.rpartition(":")[0], socket.gethostname()), allowed=config.allowed_hosts)


def cors(config: CorsConfig | None) -> Cors:
    return Cors(config.allowed_origins, config.allowed_headers, config.max_age) if config else Cors()


def retention(store: Store, config: Config) -> Retention | None:
    if config.retention.rows is None:
        return None
    keep, recognise = parse_length(config.retention.rows), parse_length(config.deduplicate_for)
    return Retention(store, keep=keep, recognise=recognise)


def otlp_exporter(config: ExportConfig, budget: int, telemetry: Telemetry) -> OtlpExporter:
    sender = {"grpc": grpc_sender, "http/protobuf": http_sender}[config.protocol]
    return OtlpExporter(
        sender(config.endpoint, config.headers), telemetry=telemetry.snapshot, count=telemetry.add, budget=budget,
        interval_seconds=config.interval_seconds,
    )  # fmt: skip
