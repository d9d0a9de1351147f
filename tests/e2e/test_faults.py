"""What goes wrong with disks and files: said clearly, answered with "again later", and over without a restart."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from miops_collector.report import ModelKey
from miops_collector.stores.duckdb import DuckDBStore
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.credit import MODEL, VERSION, applications
from tests.e2e.senders import Endless, SpanSender, grpc_exporter, http_exporter
from tests.e2e.waiting import wait_until

SHIM = Path(__file__).with_name("faulty_disk.c")
SMALL_DISK, BALLAST = "700m", 400 * 1024 * 1024
"""512 MiB are kept in reserve: with the ballast there is less, without it more."""


@dataclass(frozen=True)
class Disk:
    """Tells the preloaded library what to do with writes and syncs from now on."""

    file: Path

    def be(self, *, slow_milliseconds: int = 0, error: int = 0) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(f"{slow_milliseconds} {error}")
        new.rename(self.file)

    def be_well(self) -> None:
        self.file.unlink()


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("a faulty disk needs a C compiler")
    library = tmp_path_factory.mktemp("shim") / "faulty_disk.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"the faulty disk cannot be built here: {built.stderr}")
    return library


@contextmanager
def collector_on_a_faulty_disk(folder: Path, shim: Path) -> Iterator[tuple[CollectorProcess, Disk]]:
    disk = Disk(folder / "fault")
    wrapper = ("env", f"LD_PRELOAD={shim}", f"FAULTY_DISK={disk.file}")
    with running_collector(folder, wrapper=wrapper, tick_seconds=0.5) as collector:
        yield collector, disk


@contextmanager
def sending(collector: CollectorProcess) -> Iterator[list[SpanSender]]:
    """Two exporters that send, each batch until it is taken; all of theirs is acknowledged at the end."""
    made = applications(500, seed=11)
    senders = [
        SpanSender(make(collector), Endless(made, name), pause_seconds=0.02)
        for name, make in {"grpc": grpc_exporter, "http": http_exporter}.items()
    ]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        for sender in senders:
            sender.stop()


def progress(senders: list[SpanSender]) -> bool:
    """Whether everybody gets something acknowledged from now on."""
    before = [sender.acknowledged for sender in senders]
    return wait_until(lambda: all(s.acknowledged > b for s, b in zip(senders, before, strict=True)), 60)


def readiness(collector: CollectorProcess) -> tuple[int, str]:
    answer = ask(f"http://{collector.web}/readyz")
    return answer.status, answer.body.decode()


def assert_everything_is_there_once(collector: CollectorProcess, senders: list[SpanSender]) -> None:
    assert collector.stop() == 0, collector.log
    store = DuckDBStore(collector.data_dir)
    try:
        tables = store.rows(ModelKey(MODEL, VERSION), after=0, upto=store.newest())
        found = Counter(name for table in tables for name in table["id_text"].to_pylist())
    finally:
        store.close()
    assert found == Counter(s.rows.id(i) for s in senders for i in range(s.acknowledged))


def test_a_slow_disk_makes_acknowledgements_late_and_loses_nothing(tmp_path: Path, shim: Path) -> None:
    with collector_on_a_faulty_disk(tmp_path, shim) as (collector, disk):
        with sending(collector) as senders:
            assert progress(senders)
            disk.be(slow_milliseconds=400)
            assert progress(senders)
            assert progress(senders)
            assert readiness(collector) == (200, "ready\n")
            disk.be_well()
        assert_everything_is_there_once(collector, senders)


def test_a_disk_that_fails_for_a_while_needs_no_restart(tmp_path: Path, shim: Path) -> None:
    with collector_on_a_faulty_disk(tmp_path, shim) as (collector, disk):
        with sending(collector) as senders:
            assert progress(senders)
            disk.be(error=errno.EIO)
            assert wait_until(lambda: all(sender.failures for sender in senders), 60)
            disk.be_well()
            assert progress(senders)
            assert readiness(collector) == (200, "ready\n")
        assert "could not write" in collector.log
        assert_everything_is_there_once(collector, senders)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("mounting a small disk needs root, and a machine that lets it")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_too_little_space_is_said_refused_and_over_when_there_is_more(small_disk: Path) -> None:
    with running_collector(small_disk, tick_seconds=0.5) as collector:
        with sending(collector) as senders:
            assert progress(senders)
            with (small_disk / "ballast").open("wb") as ballast:
                os.posix_fallocate(ballast.fileno(), 0, BALLAST)
            assert wait_until(lambda: all(sender.failures for sender in senders), 60)
            status, why = readiness(collector)
            assert (status, "MiB free" in why) == (503, True)
            assert collector.get("/api/v1/models")["models"], "what is stored can still be read"
            (small_disk / "ballast").unlink()
            assert progress(senders)
            assert readiness(collector) == (200, "ready\n")
        assert_everything_is_there_once(collector, senders)


def failed_start(folder: Path) -> str:
    """What a collector says that cannot start, after the line that it is starting."""
    collector = CollectorProcess(folder, {})
    collector.launch()
    assert collector.process is not None
    try:
        assert collector.process.wait(90) == 1
    finally:
        collector.process.kill()
    first, said = collector.log.split("\n", 1)
    assert "is starting" in first
    return said


def test_a_second_collector_on_the_same_files_says_so_and_harms_nothing(tmp_path: Path) -> None:
    first = DuckDBStore(tmp_path / "data")
    try:
        said = failed_start(tmp_path)
    finally:
        first.close()

    assert "is in use by another process: two collectors cannot share a data directory" in said
    assert "Traceback" not in said
    DuckDBStore(tmp_path / "data").close()


def test_a_file_system_that_is_read_only_is_named(small_disk: Path, tmp_path: Path) -> None:
    (small_disk / "data").mkdir()
    folder = tmp_path / "collector"
    folder.mkdir()
    (folder / "data").symlink_to(small_disk / "data")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    said = failed_start(folder)

    assert said.startswith("error: ")
    assert "read-only" in said
    assert "Traceback" not in said


def test_a_file_that_is_damaged_is_named_and_left_alone(tmp_path: Path) -> None:
    DuckDBStore(tmp_path / "data").close()
    damaged = tmp_path / "data" / "predictions.duckdb"
    content = bytearray(damaged.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    damaged.write_bytes(content)

    said = failed_start(tmp_path)

    assert said.startswith("error: ")
    assert "predictions.duckdb is damaged: restore a backup" in said
    assert "Traceback" not in said
    assert damaged.read_bytes() == content
