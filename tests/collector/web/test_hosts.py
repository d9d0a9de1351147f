from __future__ import annotations

import pytest

from miops_collector.web.hosts import Hosts

HOSTS = Hosts(own=("ml-box.lan", "0.0.0.0"), allowed=("miops.example.com", "*.Corp.test"))


@pytest.mark.parametrize(
    "authority",
    [
        "localhost", "localhost:4320", "LOCALHOST:4320", "console.localhost", "127.0.0.1:4320", "127.8.8.8",
        "[::1]", "[::1]:4320", "[fe80::1%eth0]:4320", "collector:4320", "miops-collector:9464", "my_service",
        "ml-box.lan:4320", "0.0.0.0:4320", "miops.example.com", "MIOPS.example.com:443",
        "a.corp.test", "localhost.:4320", "10.0.0.7:80",
    ],
)  # fmt: skip
def test_names_that_nobody_else_can_point_here_are_trusted(authority: str) -> None:
    assert HOSTS.trusts(authority)


@pytest.mark.parametrize(
    "authority",
    [
        "evil.test", "evil.test:4320", "evil.test.", "localhost.evil.test", "127.0.0.1.evil.test",
        "127.0.0.1.nip.io:4320",
        "example.com", "xmiops.example.com", "miops.example.com.evil.test", "corp.test", "a.corp.test.evil.test",
        "127.1", "::1", "[::1].evil.test", "localhost@evil.test", "localhost:80@evil.test", "local host", "", ":4320",
        "localhost/evil.test", "collector:x", "[evil.test]", "[", "ｅvil。test",
    ],
)  # fmt: skip
def test_any_other_name_is_not(authority: str) -> None:
    assert not HOSTS.trusts(authority)


def test_a_star_alone_trusts_every_name() -> None:
    assert Hosts(allowed=("*",)).trusts("any.name.test:4320")
