"""What raised an alarm, and beside it what the newest window says."""

from __future__ import annotations

from dataclasses import replace

from miops_collector.report import Alert, AlertState, Latest, ModelKey, Report
from miops_collector.web.alarm_cards import alarm_cards
from miops_collector.web.app import create_app
from miops_collector.web.encode import alarm_json
from miops_collector.window import Window
from tests.collector import sample_report as sample
from tests.collector.sample_store import sample_backend
from tests.collector.web.asgi_client import AsgiClient

MODEL = ModelKey("fraud", "1")
HOUR = 3600 * 10**9
RAISED = Alert(
    "performance", "miops.performance.accuracy", MODEL, "firing", HOUR, 0.6, 0.7, "critical", Window(HOUR, 2 * HOUR),
    what="accuracy went from 0.72 to 0.6", evidence={"e_value": 4000.0, "e_threshold": 3600.0},
)  # fmt: skip
NEWEST = Latest(
    Window(2 * HOUR, 3 * HOUR), "hold", 0.69, 0.7, "accuracy went from 0.72 to 0.69",
    {"e_value": 0.78, "bound": float("nan")},
)  # fmt: skip


def now(alert: Alert, state: AlertState = "firing") -> str:
    (card,) = alarm_cards(Report(0, alerts=(replace(alert, state=state),)), MODEL, state)
    return card.now


def test_the_api_tells_what_raised_an_alarm_and_what_is_now() -> None:
    told = alarm_json(replace(RAISED, latest=NEWEST))

    assert (told["value"], told["evidence"]["e_value"], told["window_start"]) == (0.6, 4000.0, "1970-01-01T01:00:00Z")
    assert told["latest"] == {
        "verdict": "hold", "value": 0.69, "threshold": 0.7, "what": "accuracy went from 0.72 to 0.69",
        "window_start": "1970-01-01T02:00:00Z", "window_end": "1970-01-01T03:00:00Z",
        "evidence": {"e_value": 0.78, "bound": None},
    }  # fmt: skip
    assert alarm_json(RAISED)["latest"] is None


def test_the_page_says_what_the_newest_window_does_to_the_alarm() -> None:
    assert now(replace(RAISED, latest=NEWEST)) == "accuracy went from 0.72 to 0.69 (keeps it open, would not raise it)"
    quiet = replace(NEWEST, verdict="quiet", what="")
    assert now(replace(RAISED, latest=quiet)) == "0.69; the threshold is 0.7 (counts towards closing it)"
    assert now(replace(RAISED, latest=replace(NEWEST, window=RAISED.window))) == ""
    assert now(RAISED) == ""


def test_both_are_on_the_page() -> None:
    backend = sample_backend()
    report = backend.report()
    first = next(a for a in report.alerts if a.model == sample.EMPLOYMENT and a.state == "firing")
    newest = replace(NEWEST, window=Window(first.window.end, first.window.end + first.window.length))
    others = tuple(a for a in report.alerts if a is not first)
    changed = replace(report, alerts=(replace(first, latest=newest), *others))

    page = AsgiClient(create_app(replace(backend, report=lambda: changed))).get(
        "/model", params={"name": sample.EMPLOYMENT.name, "version": sample.EMPLOYMENT.version}
    )

    assert page.status_code == 200
    assert "would not raise it" in page.text
