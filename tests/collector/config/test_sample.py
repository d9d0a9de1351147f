"""The commented sample in the documentation is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from miops_collector.config import Config, load_config
from miops_collector.config.sources import paths_of

SAMPLE = Path(__file__).resolve().parents[3] / "docs" / "config.yaml"


def uncommented() -> str:
    """With its examples: a section that is empty gives way to the example under it."""
    text = re.sub(r"(?m)^#(?=\S|  )", "", SAMPLE.read_text())
    return re.sub(r"(?m): (\{\}|\[\])$(?=\n +)", ":", text)


def test_the_sample_says_the_defaults() -> None:
    assert load_config(SAMPLE, environment={}) == Config()


def test_the_examples_in_the_sample_hold(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(uncommented())

    config = load_config(file, environment={})

    assert config.pane == "5m"
    assert config.models["credit"].sensitive == ("sex", "age_band")
    assert [rule.name for rule in config.alarms.rules] == ["credit-auc"]
    assert config.forward is not None
    assert config.export is not None
    assert config.export.headers == {"authorization": "Bearer "}
    assert len(config.attribute_map) == 2


def test_the_sample_shows_every_setting() -> None:
    shown = yaml.safe_load(uncommented())

    assert [path for path in paths_of(Config) if not _has(shown, path.split("."))] == []


def _has(shown: object, path: list[str]) -> bool:
    return not path or (isinstance(shown, dict) and path[0] in shown and _has(shown[path[0]], path[1:]))
