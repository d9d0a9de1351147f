"""``docker-compose.yml`` and what it mounts, as far as it can be known without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from miops_collector.config import load_config

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "collector" / "Dockerfile").read_text()


def mounts(service: str) -> dict[str, str]:
    """Place in the container to what is mounted there."""
    return {parts[1]: parts[0] for parts in (mount.split(":") for mount in SERVICES[service]["volumes"])}


def test_the_three_services_are_there() -> None:
    assert set(SERVICES) == {"collector", "prometheus", "grafana"}


@pytest.mark.parametrize("service", list(SERVICES))
def test_ports_are_open_on_this_machine_only(service: str) -> None:
    assert SERVICES[service]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service]["ports"])


@pytest.mark.parametrize("service", list(SERVICES))
def test_what_is_mounted_exists(service: str) -> None:
    for source in mounts(service).values():
        known = (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]
        assert known, source


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_images_are_pinned(service: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", SERVICES[service]["image"])


def test_prometheus_scrapes_the_collector_where_it_listens() -> None:
    config = yaml.safe_load((ROOT / "dashboards" / "prometheus.yml").read_text())
    (target,) = config["scrape_configs"][0]["static_configs"][0]["targets"]
    host, port = target.split(":")

    assert host in SERVICES
    assert f"127.0.0.1:{port}:{port}" in SERVICES[host]["ports"]
    assert f"MIOPS_COLLECTOR_WEB=0.0.0.0:{port}" in DOCKERFILE
    assert mounts("prometheus")[f"/etc/prometheus/{config['rule_files'][0]}"] == "./dashboards/rules.yml"


def test_grafana_is_provisioned_with_the_data_source_and_the_dashboard() -> None:
    provisioning = ROOT / mounts("grafana")["/etc/grafana/provisioning"]
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "miops.yml").read_text())["providers"]

    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    assert mounts("grafana")[f"{provider['options']['path']}/miops.json"] == "./dashboards/miops.json"


def test_environment_of_the_image_is_a_valid_configuration() -> None:
    given = dict(re.findall(r"(MIOPS_COLLECTOR_\w+)=(\S+)", DOCKERFILE))

    config = load_config(environment=given)
    assert (config.otlp.grpc, config.otlp.http, config.web) == ("0.0.0.0:4317", "0.0.0.0:4318", "0.0.0.0:4320")
    assert str(config.data_dir) in mounts("collector")


def test_the_image_runs_as_nobody_special_and_holds_only_what_it_needs() -> None:
    assert re.search(r"^USER miops$", DOCKERFILE, re.MULTILINE)
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert allowed[0] == "*"
    for path in copied:
        assert (ROOT / path).exists()
        assert f"!{path}" in allowed
