"""In a browser: an officer decides an application in the console; axe finds nothing on its main pages."""

from typing import Any

from django.conf import settings

from marketplace.applications.models import Application, Decision
from tests.actors import World
from tests.console.conftest import log_in
from tests.pages.test_browser import AXE, PHONE, RUN_AXE
from tests.workflow import stages


def faults_of(page: Any) -> list[str]:
    page.add_script_tag(path=AXE)
    found, wide = page.evaluate(RUN_AXE)
    return found + ([f"{wide} pixels wide"] if wide > PHONE["width"] else [])


def test_an_officer_decides_an_application_in_the_console(browser: Any, live_server: Any, world: World) -> None:
    case, _at = stages.application(world, "under_review")
    client = log_in(world["officer"])
    context = browser.new_context(
        viewport=PHONE, bypass_csp=True, reduced_motion="reduce", extra_http_headers={"Accept-Language": "en"}
    )
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page, faults = context.new_page(), []
    page.goto(f"{live_server.url}/todo/")
    page.get_by_role("button", name="Menu").click()
    page.locator("#ways").get_by_role("link", name="Console").click()
    page.wait_for_url(f"{live_server.url}/console/")
    faults += faults_of(page)
    page.get_by_role("rowheader", name="Applications").get_by_role("link").click()
    faults += faults_of(page)
    page.locator("#result_list").get_by_role("link", name=str(case)).click()
    faults += faults_of(page)
    page.get_by_role("link", name="Approve").click()
    page.get_by_label("Reason").fill("用途明确，措施到位")
    faults += faults_of(page)
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url(f"{live_server.url}/console/applications/application/{case.pk}/")
    assert page.get_by_role("status").inner_text() == "Done: Approve."
    decision = Decision.objects.get(item__application=case)
    assert (decision.is_approval, decision.by, decision.reason) == (True, world["officer"], "用途明确，措施到位")
    assert Application.objects.get(pk=case.pk).state == "decided"
    assert faults == []
    context.close()
