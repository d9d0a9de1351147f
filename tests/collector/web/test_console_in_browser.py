"""The console in a real browser: what people see, with keyboard and pointer, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miops_collector.web.app import create_app
from tests.collector import sample_report as sample
from tests.collector.sample_store import sample_backend
from tests.collector.web.live_server import live_server
from tests.collector.web.test_console import EMPLOYMENT, HOSTILE

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: apt-get install chromium fonts-dejavu-core")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with live_server(create_app(sample_backend())) as base:
        yield base


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    """A page that fails its test if anything is logged as an error or fetched from elsewhere."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, base_url=url)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
    opened.on("request", lambda request: None if request.url.startswith(url) else complaints.append(request.url))
    yield opened
    context.close()
    assert complaints == []


def test_from_the_list_to_the_column_to_blame_in_two_clicks(page: Any) -> None:
    page.goto("/")
    page.get_by_role("link", name="employment").click()

    assert page.get_by_role("heading", level=1).inner_text() == "employment"
    assert "To look at: age" in page.locator("article").first.inner_text()
    page.get_by_role("link", name=sample.alerts()[0].examples[0]).click()
    assert "411" in page.get_by_role("main").inner_text()


def test_heat_map_reads_out_what_the_pointer_is_on(page: Any) -> None:
    page.goto(EMPLOYMENT)
    page.locator("td.cell.alert").last.hover()

    assert page.locator("#drift ~ div .readout").inner_text() == "age, 2025-12-31: 0.9 (n = 8\u202f000, alert)"


def test_heat_map_is_one_tab_stop_and_moves_by_arrow_keys(page: Any) -> None:
    page.goto(EMPLOYMENT)
    assert page.locator("td.cell[tabindex='0']").count() == 1
    page.locator("td.cell[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")

    readout = page.locator("#drift ~ div .readout").inner_text()
    assert "2025-12-30" in readout
    assert not readout.startswith("age")
    assert page.locator("td.cell[tabindex='0']").count() == 1


def test_chart_is_read_point_by_point(page: Any) -> None:
    page.goto(EMPLOYMENT)
    page.locator(".mark[tabindex='0']").focus()
    newest = page.locator("#performance ~ div .readout").inner_text()
    page.keyboard.press("ArrowLeft")

    assert newest.startswith("2025-12-29")
    assert "truth still coming" in newest
    assert page.locator("#performance ~ div .readout").inner_text().startswith("2025-12-28")


def test_a_choice_is_shown_at_once(page: Any) -> None:
    page.goto(EMPLOYMENT)
    page.get_by_label("Drift by").select_option("wasserstein")
    page.wait_for_url("**drift=wasserstein**")

    assert page.get_by_role("button", name="Show").is_hidden()
    assert "its own scale" in page.locator("#drift ~ div .legend").inner_text()


@pytest.mark.parametrize("path", ["/", HOSTILE])
def test_hostile_names_are_inert(page: Any, path: str) -> None:
    page.goto(path)
    page.wait_for_timeout(200)

    assert sample.HOSTILE.name in page.get_by_role("main").inner_text()
    assert page.locator("main img, main script, main b:has-text('bold')").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser: Any, url: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{url}{EMPLOYMENT}")
    ratios = page.evaluate(CONTRASTS)
    context.close()

    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}


CONTRASTS = """() => {
  const light = (rgb) => { const c = rgb.match(/[\\d.]+/g).slice(0, 3).map((v) => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
  const probe = document.createElement("i"); document.body.append(probe);
  const of = (name) => {
    probe.style.setProperty("color", `var(--${name})`);
    return light(getComputedStyle(probe).color);
  };
  const found = {};
  for (const ground of ["page", "card"]) for (const ink of ["text", "muted", "accent", "ok", "warning", "alert"]) {
    const [a, b] = [of(ground), of(ink)].sort((x, y) => y - x);
    found[`${ink} on ${ground}`] = (a + 0.05) / (b + 0.05);
  }
  probe.remove();
  return found;
}"""


def test_page_works_without_scripts(browser: Any, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}{EMPLOYMENT}")

    assert page.get_by_role("button", name="Show").is_visible()
    assert page.locator("td.cell").count() == sample.DAYS * 12
    context.close()


@pytest.mark.parametrize("width", [1200, 390])
def test_nothing_is_wider_than_the_window(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", EMPLOYMENT, HOSTILE, "/collector"):
        page.goto(path)

        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_follows_the_collector(page: Any) -> None:
    page.clock.install()
    page.goto("/")
    page.evaluate("document.getElementById('main').replaceChildren('stale')")
    with page.expect_response("**/"):
        page.clock.fast_forward(10_000)
    page.wait_for_selector("h1")

    assert page.get_by_role("heading", level=1).inner_text() == "Models"
