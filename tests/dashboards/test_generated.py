from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import promql_parser
import pytest
import yaml
from dashboards.generate import dashboard_model, outputs, panel_queries
from dashboards.rules import RULES
from docs.semconv.reader import Signal, attributes, signals

from miops_collector.exporters.prometheus import label_name, metric_name
from miops_collector.exporters.series import BANDS

ROOT = Path(__file__).resolve().parents[2]
FOREIGN_LABELS = {"job", "instance"}


def registry() -> dict[str, Signal]:
    """Metrics of the registry by their name in PromQL; a histogram is asked for its buckets."""
    names = {s: metric_name(s.name, unit=s.unit, instrument=s.instrument) for s in signals("metric").values()}
    return {f"{name}_bucket" if s.instrument == "histogram" else name: s for s, name in names.items()}


def expressions() -> list[tuple[str, str]]:
    return [*panel_queries(), *((rule.name, rule.expression) for rule in RULES)]


def walk(expression: Any) -> Iterator[Any]:
    """Every node of a parsed expression."""
    yield expression
    parts = [getattr(expression, name, None) for name in ("expr", "lhs", "rhs", "param", "vector_selector", "vs")]
    for part in [*parts, *(getattr(expression, "args", None) or [])]:
        if isinstance(part, promql_parser.Expr):
            yield from walk(part)


def selectors(text: str) -> list[Any]:
    found = [node for node in walk(promql_parser.parse(text)) if isinstance(node, promql_parser.VectorSelector)]
    ranges = [node for node in walk(promql_parser.parse(text)) if isinstance(node, promql_parser.MatrixSelector)]
    return found + [node.vector_selector for node in ranges if node.vector_selector not in found]


def bucket_labels(name: str) -> set[str]:
    return {"le"} if name.endswith("_bucket") else set()


def grouping_labels(text: str) -> set[str]:
    return {label for labels in re.findall(r"\bby \(([^)]*)\)", text) for label in re.split(r",\s*", labels)}


@pytest.mark.parametrize("path", list(outputs()))
def test_what_is_committed_is_what_is_generated(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == outputs()[path](), "run `make docs`"


def test_dashboard_is_valid_by_grafanas_own_schema(shared: Path) -> None:
    schema = json.loads((shared / "grafana" / "dashboard.jsonschema.json").read_text())
    # Any type in Grafana's own source; its JSON schema has only objects.
    for definition, of_any_type in (("MatcherConfig", "options"), ("DynamicConfigValue", "value")):
        del schema["definitions"][definition]["properties"][of_any_type]["type"]

    jsonschema.validate(dashboard_model(), schema)


@pytest.mark.parametrize(("title", "expression"), expressions())
def test_every_metric_and_label_of_an_expression_is_in_the_registry(title: str, expression: str) -> None:
    known = registry()
    found = selectors(expression)

    assert found
    allowed: set[str] = set(FOREIGN_LABELS)
    for selector in found:
        assert selector.name in known, f"{title}: {selector.name} is not in the registry"
        labels = {label_name(name) for name, _ in known[selector.name].attributes} | bucket_labels(selector.name)
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= labels | FOREIGN_LABELS, (
            f"{title}: {selector.name} has no {matched - labels - FOREIGN_LABELS}"
        )
        allowed |= labels
    assert grouping_labels(expression) <= allowed


def test_every_interval_that_is_exported_is_drawn_dashed() -> None:
    exported = {name for name in registry() if name.startswith("miops_interval_")}
    drawn, dashed = set(), set()
    for panel in dashboard_model()["panels"]:
        of = {s.name: t["refId"] for t in panel.get("targets", []) for s in selectors(_plain(t["expr"]))}
        drawn |= of.keys() & exported
        styled = {override["matcher"]["options"] for override in panel.get("fieldConfig", {}).get("overrides", [])}
        dashed |= {name for name, letter in of.items() if letter in styled}

    assert drawn == dashed == exported
    assert len(exported) == 2 * len(BANDS)


def _plain(expression: str) -> str:
    return expression.replace("$__rate_interval", "1m")


def test_every_label_of_a_legend_is_in_the_registry() -> None:
    known = {label_name(name) for name in attributes()} | {"le"}
    text = json.dumps(dashboard_model())

    assert set(re.findall(r"\{\{(\w+)\}\}", text)) <= known


def test_every_panel_says_what_it_shows_and_asks_the_chosen_data_source() -> None:
    panels = [panel for panel in dashboard_model()["panels"] if panel["type"] != "row"]

    assert len(panels) >= 20
    for panel in panels:
        assert len(panel["description"]) > 20
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        for asking in (panel, *panel["targets"]):
            assert asking["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_every_target_can_be_narrowed_to_job_and_instance() -> None:
    for panel in dashboard_model()["panels"]:
        for target in panel.get("targets", []):
            for selector in selectors(target["expr"].replace("$__rate_interval", "1m")):
                matchers = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
                assert (matchers["job"], matchers["instance"]) == ("$job", "$instance")


def test_rates_use_the_interval_grafana_knows_to_be_safe() -> None:
    for panel in dashboard_model()["panels"]:
        for target in panel.get("targets", []):
            assert set(re.findall(r"\[([^]]+)\]", target["expr"])) <= {"$__rate_interval"}


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    panels = dashboard_model()["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_variables_narrow_each_other_and_the_dashboard_can_be_provisioned_as_it_is() -> None:
    model = dashboard_model()
    variables = {variable["name"]: variable for variable in model["templating"]["list"]}

    assert list(variables) == ["datasource", "job", "instance", "model", "version", "window", "column", "console"]
    assert variables["datasource"]["type"] == "datasource"
    assert "$model" in variables["version"]["query"]
    assert (model["id"], model["editable"], model["uid"]) == (None, False, "miops-models")
    assert "__inputs" not in model


def test_tables_of_models_and_alarms_lead_to_the_console() -> None:
    panels = {panel["title"]: panel for panel in dashboard_model()["panels"]}

    for title in ("Models", "Alarms"):
        (link,) = panels[title]["fieldConfig"]["defaults"]["links"]
        shown = set(panels[title]["transformations"][1]["options"]["renameByName"].values())
        assert set(re.findall(r"__data\.fields\.(\w+)", link["url"])) <= shown
        assert re.sub(r"\$\{[^}]+\}", "", link["url"]) == "/model?name=&version="


def test_every_rule_says_what_to_do() -> None:
    rules = yaml.safe_load((ROOT / "dashboards" / "rules.yml").read_text())["groups"][0]["rules"]

    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert all(len(rule["annotations"][name]) > 10 for name in ("summary", "description", "runbook"))


def test_every_rule_has_a_unit_test() -> None:
    tested = "".join(file.read_text() for file in (ROOT / "dashboards").glob("rules*_test.yml"))

    assert [rule.name for rule in RULES if rule.name not in tested] == []
