from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from miops_collector import __version__, server
from miops_collector.cli import main
from miops_collector.config import Config
from miops_collector.errors import StoreError
from tests.collector.little_server import LittleServer, little_server


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


@pytest.fixture
def configs(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """What ``serve`` would run with."""
    seen: list[Config] = []

    async def pretend(config: Config) -> None:
        seen.append(config)

    monkeypatch.setattr(server, "run", pretend)
    return seen


@pytest.fixture
def asked() -> Iterator[LittleServer]:
    with little_server() as running:
        yield running


def test_version() -> None:
    assert run("--version").output == f"miops-collector, version {__version__}\n"


@pytest.mark.parametrize(
    "command",
    [(), ("serve",), ("check",), ("demo",), ("reference", "add"), ("reference", "accept"), ("ground-truth", "add")],
)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = run(*command, "-h")

    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert all(line.strip() for line in result.output.split("Options:")[1].splitlines()[1:2])


def test_nothing_has_to_be_said_to_serve(configs: list[Config]) -> None:
    assert run("serve").exit_code == 0
    assert configs == [Config()]


def test_options_win_over_variables_over_the_file(configs: list[Config], tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("web: localhost:1\nbins: 20\notlp: {grpc: localhost:2, http: localhost:3}")

    result = run(
        "serve", "--config", str(file), "--web", "localhost:31", "--data-dir", str(tmp_path / "data"),
        MIOPS_COLLECTOR_WEB="localhost:21", MIOPS_COLLECTOR_OTLP_GRPC="localhost:22",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    (config,) = configs
    assert (config.web, config.otlp.grpc, config.otlp.http) == ("localhost:31", "localhost:22", "localhost:3")
    assert (config.bins, config.data_dir) == (20, tmp_path / "data")


def test_the_file_too_may_be_named_by_a_variable(configs: list[Config], tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("bins: 20")

    assert run("serve", MIOPS_COLLECTOR_CONFIG=str(file)).exit_code == 0
    assert configs[0].bins == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("serve", "--web", "here"), "error: option: web: 'here' is no address"),
        (("serve", "--wbe", "x"), "No such option"),
        (("serve", "--config", "no.yaml"), "does not exist"),
        (("check",), "Missing argument"),
        (("sevre",), "No such command"),
        (("demo", "--share", "0"), "not in the range"),
        (("demo", "--truth-delay", "soon"), "'soon' is no length"),
        (("demo", "--speed", "-1"), "not in the range"),
        (("reference", "add", __file__), "Missing option"),
        (("reference", "add", __file__, "--model", "m", "--truth", "y"), "cannot read .py; allowed: .csv, .parquet"),
    ],
)
def test_bad_usage_and_bad_input_end_with_two(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert message in result.output


def test_a_bad_configuration_ends_with_two_and_one_line_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("bins: 5\nwbe: x")

    result = run("check", str(file))

    assert result.exit_code == 2
    assert result.output.splitlines() == [
        f"error: {file}: bins: must be at least 10 (given: 5)",
        f"{file}: wbe: unknown key; did you mean 'web'?",
    ]


def test_failing_while_running_ends_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(config: Config) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(server, "run", fail)

    result = run("serve")

    assert (result.exit_code, result.output) == (1, "error: the disk is full\n")


def test_check_prints_what_will_hold_and_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("bins: 20\nalarms: {rules: [{name: a, metric: miops.drift.psi, threshold: 1, for: 2h}]}")

    result = run("check", str(file), MIOPS_COLLECTOR_WEB="localhost:1")

    assert result.exit_code == 0
    shown: Any = yaml.safe_load(result.output)
    assert (shown["bins"], shown["web"], shown["alarms"]["rules"][0]["for"]) == (20, "localhost:1", "2h")
    assert Config.model_validate(shown).bins == 20


def test_check_shows_no_token(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("export: {endpoint: 'x:1', headers: {authorization: '${env:TOKEN}'}}")

    result = run("check", str(file), TOKEN="secret")

    assert "secret" not in result.output
    assert yaml.safe_load(result.output)["export"]["headers"] == {"authorization": "***"}


def test_a_reference_is_sent_as_it_is_described(asked: LittleServer, tmp_path: Path) -> None:
    file = tmp_path / "reference.csv"
    file.write_text("x,y,s\n" + "1,0,a\n2,1,b\n" * 25)

    result = run(
        "reference", "add", str(file), "--model", "credit", "--truth", "y", "--context", "s", "--sensitive", "s",
        "--positive-class", "1", "--web", asked.address,
    )  # fmt: skip

    assert (result.exit_code, result.output.splitlines()[0]) == (
        0,
        "50 rows are the reference of credit (every version)",
    )
    (one,) = asked.asked
    assert "warning: a reference of 50 rows hides small drift; better 5000" in result.output
    assert all(part in one.path for part in ("model=credit", "truth=y", "context=s", "sensitive=s", "positive_class=1"))


def test_what_drifted_is_accepted_for_whom_it_may_concern(asked: LittleServer) -> None:
    taken = {"rows": 60, "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "warning": "small"}
    asked.answers = [(200, "application/json", json.dumps(taken).encode())]

    result = run("reference", "accept", "--model", "credit", "--version", "1", "--by", "ada", "--web", asked.address)

    assert result.exit_code == 0
    assert "60 rows from 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z are the reference of credit" in result.output
    assert "warning: small" in result.output
    (one,) = asked.asked
    assert (one.path, json.loads(one.body)) == (
        "/api/v1/reference/accept", {"model": "credit", "version": "1", "by": "ada"},
    )  # fmt: skip


def test_truth_is_sent_to_where_the_variable_says(asked: LittleServer, tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text("id,y\n1,0\n2,1\n")

    result = run("ground-truth", "add", str(file), "--id", "id", "--value", "y", MIOPS_COLLECTOR_WEB=asked.address)

    assert (result.exit_code, result.output) == (0, "2 truths sent\n")
    assert asked.asked[0].path == "/api/v1/ground-truth"


@pytest.mark.parametrize(("status", "code"), [(400, 2), (503, 1)])
def test_the_server_s_answer_decides_the_exit_code(asked: LittleServer, tmp_path: Path, status: int, code: int) -> None:
    file = tmp_path / "truth.csv"
    file.write_text("id,y\n1,0\n")
    asked.answers = [(status, "application/json", b'{"error": "why"}')]

    result = run("ground-truth", "add", str(file), "--id", "id", "--value", "y", "--web", asked.address)

    assert result.exit_code == code
    assert "why" in result.output


def test_nobody_there_ends_with_one(tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text("id,y\n1,0\n")

    result = run("ground-truth", "add", str(file), "--id", "id", "--value", "y", "--web", "127.0.0.1:1")

    assert result.exit_code == 1
    assert "nobody answers at 127.0.0.1:1" in result.output


def test_a_reference_that_is_too_small_is_not_sent(asked: LittleServer, tmp_path: Path) -> None:
    file = tmp_path / "reference.csv"
    file.write_text("a,y\n1,0\n2,1\n")

    result = run("reference", "add", str(file), "--model", "m", "--truth", "y", "--web", asked.address)

    assert result.exit_code == 2
    assert "2 rows are too few for a reference: give at least 50" in result.output
    assert asked.asked == []


def test_a_demo_without_its_packages_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in [name for name in sys.modules if name.startswith("miops_collector.demo")]:
        monkeypatch.delitem(sys.modules, name)

    result = run("demo")

    said = "error: the demo needs pandas, among others: pip install 'miops-collector[demo]'\n"
    assert (result.exit_code, result.output) == (2, said)
