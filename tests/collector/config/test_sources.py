from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from miops_collector.config import Config, load_config
from miops_collector.config.sources import from_environment, paths_of, read_file
from miops_collector.errors import ConfigError


def read(tmp_path: Path, text: str, **environment: str) -> dict[str, Any]:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    return read_file(file, environment)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${env:SET}", "here"),
        ("${env:SET:-there}", "here"),
        ("${env:UNSET:-there}", "there"),
        ("${env:EMPTY:-there}", "there"),
        ("${env:UNSET:-}", ""),
        ("Bearer ${env:SET}!", "Bearer here!"),
        ("$$5 and $${env:SET}", "$5 and ${env:SET}"),
        ("$SET", "$SET"),
    ],
)
def test_a_variable_is_replaced_by_its_value_or_default(tmp_path: Path, text: str, value: str) -> None:
    assert read(tmp_path, f"key: '{text}'", SET="here", EMPTY="") == {"key": value}


def test_a_variable_without_value_or_default_is_an_error_that_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"export\.headers\.token: environment variable 'TOKEN' is not set"):
        read(tmp_path, "export: {headers: {token: '${env:TOKEN}'}}")


def test_variables_in_comments_mean_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "# ${env:NOWHERE}\nbins: 20") == {"bins": 20}


def test_a_variable_cannot_smuggle_in_other_keys(tmp_path: Path) -> None:
    assert read(tmp_path, "key: ${env:EVIL}", EVIL="a\nother: b") == {"key": "a\nother: b"}


def test_a_variable_may_hold_a_list(tmp_path: Path) -> None:
    assert read(tmp_path, "windows: ${env:WINDOWS}", WINDOWS="[2h, 1d]") == {"windows": ["2h", "1d"]}


def test_a_token_of_digits_stays_a_text(tmp_path: Path) -> None:
    assert read(tmp_path, "token: ${env:TOKEN}", TOKEN="0123") == {"token": "0123"}


@pytest.mark.parametrize("path", paths_of(Config))
def test_every_setting_has_its_variable(path: str) -> None:
    variable = "MIOPS_COLLECTOR_" + path.upper().replace(".", "_")

    assert from_environment({variable: "x"}, Config) == {path: (variable, "x")}


def test_variables_are_as_good_as_a_file() -> None:
    config = load_config(
        environment={
            "MIOPS_COLLECTOR_WINDOWS": "[2h, 1d]",
            "MIOPS_COLLECTOR_ALARMS_DEFAULTS": "false",
            "MIOPS_COLLECTOR_EXPORT_ENDPOINT": "collector:4318",
            "MIOPS_COLLECTOR_MODELS": "{credit: {sensitive: [sex]}}",
        }
    )

    assert config.windows == ("2h", "1d")
    assert not config.alarms.defaults
    assert config.export is not None
    assert config.export.endpoint == "http://collector:4318"
    assert config.models["credit"].sensitive == ("sex",)


def test_a_misspelt_variable_is_an_error_not_a_silence() -> None:
    with pytest.raises(
        ConfigError, match="MIOPS_COLLECTOR_DATADIR is no setting; did you mean 'MIOPS_COLLECTOR_DATA_DIR'"
    ):
        load_config(environment={"MIOPS_COLLECTOR_DATADIR": "/data"})


@pytest.mark.parametrize(
    "name", ["CONFIG", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_OTLP", "PORT", "PORT_4317_TCP_ADDR"]
)
def test_what_kubernetes_says_of_a_service_of_our_name_is_no_setting(name: str) -> None:
    assert load_config(environment={f"MIOPS_COLLECTOR_{name}": "tcp://10.0.0.1:4317"}) == Config()


def test_an_empty_variable_is_not_set() -> None:
    assert load_config(environment={"MIOPS_COLLECTOR_WEB": ""}) == Config()


def test_a_variable_that_is_no_yaml_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"MIOPS_COLLECTOR_WINDOWS: '\[1h' is no YAML"):
        load_config(environment={"MIOPS_COLLECTOR_WINDOWS": "[1h"})
