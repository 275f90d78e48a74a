"""What only a browser can tell: axe finds nothing, a phone needs no sideways scrolling, a keyboard is enough."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.actors import PASSWORD, World
from tests.demo import demo_user
from tests.pages.conftest import BACKEND
from tests.pages.reading import crawl, kind_of
from tests.workflow import stages

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
RUN_AXE = """async () => {
    document.querySelectorAll("details").forEach(element => { element.open = true });
    const found = await axe.run({resultTypes: ["violations"], preload: false});
    const faults = found.violations.map(violation => violation.id + " " + violation.nodes[0].html);
    return [faults, document.documentElement.scrollWidth];
}"""
PHONE = {"width": 390, "height": 844}
VISITORS = (
    ("", "zh-hans"),
    ("officer", "zh-hans"),
    ("buyer", "en"),
    ("seller", "zh-hans"),
    ("provider", "en"),
    ("operator", "zh-hans"),
    ("vendor", "en"),
    ("reviewer", "zh-hans"),
)
Open = Callable[..., Any]


@pytest.fixture
def open_as(browser: Any, live_server: Any) -> Iterator[Open]:
    """`open_as(client, language)`: a browser context on a phone's screen with the client's session."""
    contexts = []

    def open_context(client: Client, language: str) -> Any:
        context = browser.new_context(viewport=PHONE, bypass_csp=True, reduced_motion="reduce")
        contexts.append(context)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if settings.SESSION_COOKIE_NAME in client.cookies:
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": name, "value": cookies[name], "url": live_server.url} for name in cookies])
        return context

    yield open_context
    for context in contexts:
        context.close()


def test_axe_finds_nothing_and_a_phone_shows_every_page(
    open_as: Open, live_server: Any, demo_data: Callable[[], None]
) -> None:
    demo_data()
    faults, seen = [], set()
    for key, language in VISITORS:
        client = Client()
        if key:
            client.force_login(demo_user(key), backend=BACKEND)
        addresses = [address for address in [*crawl(client), "/accounts/login/"] if kind_of(address) not in seen]
        page = open_as(client, language).new_page()
        page.add_init_script(path=AXE)
        for address in addresses:
            seen.add(kind_of(address))
            page.goto(f"{live_server.url}{address}", wait_until="load")
            found, width = page.evaluate(RUN_AXE)
            faults += [f"{address}: {fault}" for fault in found]
            faults += [f"{address}: {width} pixels wide"] if width > PHONE["width"] else []
    assert len(seen) > 40
    assert faults == [], "\n".join(faults)


def test_the_pages_run_under_their_own_content_security_policy(browser: Any, live_server: Any, world: World) -> None:
    page = browser.new_context(viewport=PHONE, locale="zh-CN").new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}{world.product.get_absolute_url()}")
    menu = page.locator("#ways")
    assert not menu.is_visible()
    page.get_by_role("button", name="菜单").click()
    menu.get_by_role("link", name="公共数据目录").wait_for(state="visible")
    assert complaints == []
    page.context.close()


def test_the_description_of_the_api_is_shown_under_the_policy(browser: Any, live_server: Any, db: None) -> None:
    page = browser.new_context().new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.get_by_text("/api/v1/applications/{id}/accept/").wait_for()
    assert complaints == []
    page.context.close()


def test_a_keyboard_is_enough_to_log_in(browser: Any, live_server: Any, world: World) -> None:
    page = browser.new_context(locale="en", extra_http_headers={"Accept-Language": "en"}).new_page()
    page.goto(f"{live_server.url}/todo/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "login"
    page.keyboard.type(world["buyer"].email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/todo/")
    assert page.get_by_role("heading", level=1).inner_text() == "To do"
    page.context.close()


def test_a_scenario_is_kept_while_it_is_typed(browser: Any, live_server: Any, world: World) -> None:
    draft, _at = stages.application(world, "draft")
    client = Client()
    client.force_login(world["buyer"], backend=BACKEND)
    context = browser.new_context(viewport=PHONE)
    names = (settings.SESSION_COOKIE_NAME,)
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url} for name in names])
    page = context.new_page()
    address = f"{live_server.url}/application/{draft.pk}/describe/"
    page.goto(address)
    page.locator("#id_security").fill("一台离线的机器")
    page.locator("[data-saved]:not(:empty)").wait_for()
    page.goto(address)
    assert page.locator("#id_security").input_value() == "一台离线的机器"
    draft.refresh_from_db()
    assert draft.security != "一台离线的机器"
    context.close()


def test_after_a_wrong_form_the_focus_is_on_its_errors(browser: Any, live_server: Any, world: World) -> None:
    page = browser.new_context(extra_http_headers={"Accept-Language": "en"}).new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.locator("#errors").wait_for()
    assert page.evaluate("document.activeElement.id") == "errors"
    assert page.locator("#errors a").count() == 2
    page.context.close()
