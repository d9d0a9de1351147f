"""Other people's programs on the same rows in the same run, each from an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.harness.result import Run

__all__ = ["PEERS", "Absent", "Peer", "installed"]

PEERS = {
    "rotel": ("rotel==0.0.1a15",),
    "evidently": ("evidently==0.7.23", "pandas<3", "pyarrow"),
    "nannyml": ("nannyml==0.13.1", "statsmodels"),
    "whylogs": ("whylogs==1.6.4", "pandas<2.2", "numpy<2", "pyarrow<20"),
    "alibi-detect": ("alibi-detect==0.13.0",),
    "river": ("river==0.26.1",),
}
"""What is installed; versions are pinned so that figures can be compared."""
INSTALL_SECONDS = 420


class Absent(RuntimeError):
    """Why a peer is not measured."""


@dataclass(frozen=True, slots=True)
class Peer:
    """An environment with a peer in it."""

    name: str
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def version(self) -> str:
        return PEERS[self.name][0].partition("==")[2]

    def run(self, arguments: Sequence[str], timeout: float) -> str:
        """What it prints.

        Raises
        ------
        Absent
            If it failed or took too long.
        """
        try:
            done = subprocess.run(
                [str(self.python), *arguments], capture_output=True, text=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise Absent(f"{self.name} took more than {timeout:.0f} s") from error
        if done.returncode:
            raise Absent(f"{self.name} failed: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout


def installed(run: Run, name: str) -> Peer:
    """The peer, installed if it is not there yet; in a quick run only what is there is used.

    Raises
    ------
    Absent
        If it cannot be had.
    """
    peer = Peer(name, run.venvs / name)
    done = peer.folder / "installed.txt"
    wanted = "\n".join(PEERS[name])
    if done.exists() and done.read_text() == wanted:
        return peer
    if run.quick:
        raise Absent(f"{name} is not installed, and a quick run installs nothing")
    print(f"  installing {name} into {peer.folder.name}/ …", file=sys.stderr, flush=True)
    try:
        venv.create(peer.folder, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Absent(f"{name}: no environment could be made: {error}") from error
    command = [str(peer.python), "-m", "pip", "install", "--disable-pip-version-check", "-q", *PEERS[name]]
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Absent(f"{name} could not be installed within {INSTALL_SECONDS} s") from error
    if outcome.returncode:
        said = [line for line in outcome.stderr.splitlines() if line.startswith("ERROR")]
        raise Absent(f"{name} could not be installed: {(said or ['pip failed'])[-1][:200]}")
    done.write_text(wanted)
    return peer
