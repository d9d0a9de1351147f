from __future__ import annotations

from pathlib import Path

import pytest

from miops_collector.config import Config, load_config
from miops_collector.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def load(file: Path, text: str, environment: dict[str, str] | None = None, **options: object) -> Config:
    file.write_text(text, encoding="utf-8")
    return load_config(file, environment=environment or {}, options=options)


def refused(file: Path, text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, text, environment)
    return str(caught.value).replace(str(file), "config.yaml")


def test_nothing_has_to_be_set() -> None:
    assert load_config(environment={}) == Config()


def test_options_win_over_environment_over_file_over_defaults(file: Path) -> None:
    text = "web: localhost:1\nbins: 20\nminimum_rows: 7\notlp: {grpc: localhost:2, http: localhost:3}"
    environment = {"MIOPS_COLLECTOR_WEB": "localhost:11", "MIOPS_COLLECTOR_OTLP_GRPC": "localhost:12"}

    config = load(file, text, environment, web="localhost:21")

    assert config.web == "localhost:21"
    assert (config.otlp.grpc, config.otlp.http) == ("localhost:12", "localhost:3")
    assert (config.bins, config.minimum_rows, config.low_confidence) == (20, 7, 0.6)


def test_a_section_whose_keys_are_all_commented_out_is_the_default(file: Path) -> None:
    assert load(file, "otlp:\n  # grpc: localhost:1\nforward:\nalarms:\n") == Config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("otlp: {grcp: 'localhost:1'}", "config.yaml: otlp.grcp: unknown key; did you mean 'grpc'?"),
        ("widnows: [1h]", "config.yaml: widnows: unknown key; did you mean 'windows'?"),
        ("models: {credit: {sensitve: [sex]}}", "models.credit.sensitve: unknown key; did you mean 'sensitive'?"),
        ("models: {export: {taks: x}}", "models.export.taks: unknown key; did you mean 'task'?"),
        (
            "models: {credit: {task: binary}}",
            "models.credit.task: 'binary' is no task; allowed: binary_classification,",
        ),
        ("windows: []", "config.yaml: windows: at least one length is needed"),
        ("windows: [1h, 1x]", "config.yaml: windows[1]: '1x' is no length: write a number and one of s, m, h, d, w"),
        ("windows: [99999w]", "windows[0]: '99999w' is longer than 3650d"),
        ("pane: 7m", "config.yaml: pane: 7m does not divide the window 1h"),
        ("ageing: {1h: 2d, 1d: 1d}", "config.yaml: ageing: panes of 1d must come at a greater age than panes of 1h"),
        ("ageing: {1x: 2d}", "config.yaml: ageing.1x: '1x' is no length"),
        (
            "trace_url: 'javascript:alert({trace_id})'",
            "config.yaml: trace_url: 'javascript:alert({trace_id})' is no address of a trace",
        ),
        ("trace_url: https://tempo.test/", "config.yaml: trace_url: 'https://tempo.test/' is no address of a trace"),
        ("web: localhost", "config.yaml: web: 'localhost' is no address: write HOST:PORT"),
        ("web: 'localhost:99999'", "web: 'localhost:99999' is no address"),
        ("bins: 5", "config.yaml: bins: must be at least 10 (given: 5)"),
        ("tick_seconds: soon", "config.yaml: tick_seconds: must be a number (given: 'soon')"),
        ("reference: automatic", "config.yaml: reference: 'automatic' is not allowed; did you mean 'auto'?"),
        ("export: {protocol: grpc}", "config.yaml: export.endpoint: is missing"),
        ("export: {endpoint: 'ftp://x'}", "export.endpoint: 'ftp://x' is no endpoint: write http://HOST:PORT"),
        ("export: {endpoint: 'http://x:port'}", "export.endpoint: 'http://x:port' is no endpoint"),
        ("- 1", "config.yaml: must be a mapping of keys, such as 'data_dir: miops-data', not [1]"),
        ("a: [", "config.yaml: is no YAML"),
        ("bins: 20\nweb: localhost:1\nbins: 30", "config.yaml: is no YAML: the key 'bins' is there twice"),
        ("otlp:\n  grpc: localhost:1\n  grpc: localhost:2", "the key 'grpc' is there twice"),
        ("a: &a [*a]", "config.yaml: is nested too deeply, or within itself"),
        ("[" * 5000, "config.yaml: is nested too deeply, or within itself"),
        (
            "data_dir: ${HOME}",
            "data_dir: '${HOME}' is no variable: write ${env:NAME:-default}, or $$ for a dollar sign",
        ),
        ("otlp: 5", "config.yaml: otlp: must be a mapping of keys (given: 5)"),
        ("windows: 1h", "config.yaml: windows: must be a list, such as [a, b] (given: '1h')"),
        ("windows: [1]", "config.yaml: windows[0]: must be a text; put it in quotes (given: 1)"),
        ("models: {1: {}}", "config.yaml: models[1]: must be a text; put it in quotes (given: 1)"),
        ("data_dir: 2020-01-01", "config.yaml: data_dir: must be a path; put it in quotes"),
        ("bins: 20.5", "config.yaml: bins: must be a whole number (given: 20.5)"),
        (
            "attribute_map: {ml.model: miops.model.nam}",
            "attribute_map: 'ml.model': 'miops.model.nam' is no attribute of ours; did you mean 'miops.model.name'?",
        ),
        (
            "attribute_map: {ml.: miops.model.name}",
            "attribute_map: 'ml.' to 'miops.model.name': write a name for a name",
        ),
        ("attribute_map: {'': miops.model.name}", "attribute_map: '' to 'miops.model.name': write a name for a name"),
        ('data_dir: "a\\0b"', "config.yaml: data_dir: 'a\\x00b' has a NUL in it"),
        ("bins: true", "config.yaml: bins: must be a number (given: True)"),
        ("alarms: {budget_per_month: .inf}", "alarms.budget_per_month: must be a finite number (given: inf)"),
        ("web: 'localhost:²'", "web: 'localhost:²' is no address"),
        ("web: 'local host:1'", "web: 'local host:1' is no address"),
        ("export: {endpoint: 'http://x', headers: {a b: c}}", "export.headers: 'a b' is no name of a header"),
    ],
)
def test_an_error_names_the_key_and_what_is_allowed(file: Path, text: str, message: str) -> None:
    assert message in refused(file, text)


OWN_RULE = {"name": "mine", "metric": "miops.drift.psi", "threshold": "0.2"}


def rule(change: str) -> str:
    """A configuration with one rule, in which one key is another, or new."""
    key, _, value = change.partition(": ")
    said = ", ".join(f"{k}: {v}" for k, v in (OWN_RULE | {key: value}).items())
    return f"alarms: {{rules: [{{{said}}}]}}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("name: drift", "alarms.rules[0].name: 'drift' is the name of a default rule"),
        (
            "metric: miops.drift.pso",
            "'miops.drift.pso' is no metric that rules can watch; did you mean 'miops.drift.psi'?",
        ),
        ("metric: miops.dirft.*", "alarms.rules[0].metric: 'miops.dirft.*' is no metric that rules can watch"),
        ("match: {colum: age}", "alarms.rules[0].match: 'colum' is nothing to match; did you mean 'column'?"),
        ("treshold: 1", "alarms.rules[0].treshold: unknown key; did you mean 'threshold'?"),
        ("threshold: .nan", "alarms.rules[0].threshold: must be a finite number (given: nan)"),
        ("for: soon", "alarms.rules[0].for: 'soon' is no length"),
        ("comparison: ==", "alarms.rules[0].comparison: '==' is not allowed; allowed: <, <=, >, >=, abs>"),
    ],
)
def test_a_rule_that_could_never_alarm_is_an_error(file: Path, change: str, message: str) -> None:
    assert message in refused(file, rule(change))


@pytest.mark.parametrize("metric", ["miops.drift.*", "miops.window.rows", "miops.fairness.*_difference"])
def test_a_rule_may_watch_everything_that_is_observed(file: Path, metric: str) -> None:
    assert load(file, rule(f"metric: {metric}")).alarms.rules[0].metric == metric


def test_two_rules_cannot_have_one_name(file: Path) -> None:
    own = "{name: mine, metric: miops.drift.psi, threshold: 0.2}"

    assert "alarms.rules: two rules have the name 'mine'" in refused(file, f"alarms: {{rules: [{own}, {own}]}}")


def test_every_mistake_is_told_at_once(file: Path) -> None:
    assert len(refused(file, "bins: 5\nwbe: x\nlateness: no").splitlines()) == 3


def test_an_error_says_which_variable_or_option_it_is_about(file: Path) -> None:
    environment = {"MIOPS_COLLECTOR_OTLP_GRPC": "here"}

    assert "environment: MIOPS_COLLECTOR_OTLP_GRPC: otlp.grpc: 'here' is no address" in refused(file, "", environment)
    with pytest.raises(ConfigError, match="option: web: 'there' is no address"):
        load(file, "web: localhost:1", web="there")


def test_a_file_that_is_not_there_is_an_error(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_config(file, environment={})


def test_a_file_that_is_no_text_is_an_error(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00web")

    with pytest.raises(ConfigError, match="is not UTF-8 text: byte 0 is 0xff"):
        load_config(file, environment={})


def test_an_error_does_not_tell_what_headers_hold(file: Path) -> None:
    said = refused(file, "export: {endpoint: 'http://x', headers: {authorization: 12345, other: [12345]}}")

    assert "export.headers.authorization: must be a text; put it in quotes" in said
    assert "12345" not in said
    assert "secret" not in refused(file, 'export: {endpoint: "http://x", headers: {a: "secret\\n"}}')


def test_keys_that_are_merged_in_are_not_there_twice(file: Path) -> None:
    text = "models:\n  a: &a {task: regression, sensitive: [sex]}\n  b: {<<: *a, task: ranking}"

    models = load(file, text).models

    assert (models["b"].task, models["b"].sensitive) == ("ranking", ("sex",))


def test_names_and_prefixes_of_others_stand_for_ours(file: Path) -> None:
    said = {"ml.model": "miops.model.name", "ml.inputs.": "miops.feature.", "age": "miops.feature.age"}

    assert load(file, f"attribute_map: {said}").attribute_map == said
