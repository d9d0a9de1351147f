"""Starting the collector wrongly: one readable message, and an exit code that says whose fault it is."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from miops_collector import __version__
from tests.e2e.collector_process import COMMAND, CollectorProcess, running_collector

BAD_USAGE, FAILED = 2, 1
WRONG = """
windows: [1h, 1d]
alarms:
  budget_per_mont: 0.5
otlp:
  grpc: localhost
models:
  credit: {task: clasification}
"""


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, env=environ or None
    )


def serve(folder: Path, *, grpc: str = "127.0.0.1:0", http: str = "127.0.0.1:0", web: str = "127.0.0.1:0",
          data: Path | None = None) -> subprocess.CompletedProcess[str]:  # fmt: skip
    where = ["--data-dir", str(data or folder / "other"), "--otlp-grpc", grpc, "--otlp-http", http, "--web", web]
    return run("serve", *where)


def assert_readable(done: subprocess.CompletedProcess[str], code: int) -> None:
    """One message, no traceback; before it at most the line that says it is starting."""
    assert done.returncode == code, done.stderr
    first, _, rest = done.stderr.partition("\n")
    assert (rest if "is starting" in first else done.stderr).startswith("error: ")
    assert "Traceback" not in done.stderr


def test_check_names_every_wrong_key_and_what_was_probably_meant(tmp_path: Path) -> None:
    file = tmp_path / "collector.yaml"
    file.write_text(WRONG)

    done = run("check", str(file))

    assert_readable(done, BAD_USAGE)
    assert f"{file}: alarms.budget_per_mont: unknown key; did you mean 'budget_per_month'?" in done.stderr
    assert f"{file}: otlp.grpc: 'localhost' is no address: write HOST:PORT" in done.stderr
    assert (
        f"{file}: models.credit.task: 'clasification' is no task; did you mean 'binary_classification'?" in done.stderr
    )


def test_check_prints_what_will_hold(tmp_path: Path) -> None:
    file = tmp_path / "collector.yaml"
    file.write_text("windows: ['${env:SMALL:-15m}', 1d]\n")

    default, said = run("check", str(file)), run("check", str(file), SMALL="5m")

    assert (default.returncode, said.returncode) == (0, 0), default.stderr + said.stderr
    assert "windows:\n- 15m\n- 1d\n" in default.stdout
    assert "windows:\n- 5m\n- 1d\n" in said.stdout
    file.write_text(default.stdout)
    assert run("check", str(file)).stdout == default.stdout


def test_a_missing_file_is_bad_usage(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "none.yaml"))

    assert done.returncode == BAD_USAGE
    assert "none.yaml" in done.stderr


def test_an_unknown_environment_variable_of_ours_is_named(tmp_path: Path) -> None:
    file = tmp_path / "collector.yaml"
    file.write_text("")

    done = run("check", str(file), MIOPS_COLLECTOR_DATADIR="x")

    assert_readable(done, BAD_USAGE)
    assert "MIOPS_COLLECTOR_DATADIR is no setting; did you mean 'MIOPS_COLLECTOR_DATA_DIR'?" in done.stderr


def test_version() -> None:
    done = run("--version")

    assert (done.returncode, done.stdout) == (0, f"miops-collector, version {__version__}\n")


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with running_collector(tmp_path_factory.mktemp("first")) as running:
        yield running


@pytest.mark.parametrize("key", ["grpc", "http", "web"])
def test_a_taken_port_is_named(tmp_path: Path, key: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        done = serve(tmp_path, **{key: address})

    assert done.returncode == BAD_USAGE, done.stderr
    name = {"grpc": "otlp.grpc", "http": "otlp.http", "web": "web"}[key]
    assert f"error: {name}: cannot listen on {address}: it is taken, or not an address of this machine\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_collectors_cannot_share_their_files(tmp_path: Path, collector: CollectorProcess) -> None:
    done = serve(tmp_path, data=collector.data_dir)

    assert_readable(done, FAILED)
    assert str(collector.data_dir) in done.stderr
    assert collector.get("/api/v1/models") == {"models": []}


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")

    done = serve(tmp_path, data=tmp_path / "file" / "data")

    assert_readable(done, FAILED)
    assert str(tmp_path / "file") in done.stderr


def test_a_collector_that_is_stopped_has_nothing_to_complain_about(tmp_path: Path) -> None:
    with running_collector(tmp_path) as collector:
        assert collector.stop() == 0
        assert "stopping" in collector.log
        assert "leak" not in collector.log
