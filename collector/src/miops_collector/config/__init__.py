"""What a user may set: YAML, environment and options, validated into one frozen :class:`Config`."""

from __future__ import annotations

from miops_collector.config.alarms import AlarmConfig, RuleConfig
from miops_collector.config.config import Config, ModelConfig
from miops_collector.config.load import load_config
from miops_collector.config.transport import ExportConfig, ForwardConfig, OtlpConfig

__all__ = [
    "AlarmConfig",
    "Config",
    "ExportConfig",
    "ForwardConfig",
    "ModelConfig",
    "OtlpConfig",
    "RuleConfig",
    "load_config",
]
