"""The script that sends a file in pieces: progress, a pause that outlives the page, the result."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from listings import operations
from listings.models import Upload
from tests.actors import World
from tests.pages.conftest import BACKEND
from tests.pages.test_browser import AXE, PHONE, RUN_AXE
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def test_file_is_sent_in_pieces_paused_taken_up_again_and_read(
    browser: Any, live_server: Any, world: World, tmp_path: Path, run_tasks: None
) -> None:
    draft = operations.create_version(
        product=world.product, actor=world["seller"], at=world.at, about="none", **stages.VERSION_FIELDS
    )
    path = tmp_path / "大文件.csv"
    path.write_text("区县,人数\n" + "鼓楼区,3\n" * 800_000)  # ten megabytes: three pieces
    client = Client()
    client.force_login(world["seller"], backend=BACKEND)
    context = browser.new_context(
        viewport=PHONE, bypass_csp=True, locale="en", extra_http_headers={"Accept-Language": "en"}
    )
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()
    address = f"{live_server.url}/version/{draft.pk}/upload-file/"

    def choose() -> None:
        page.goto(address)
        page.locator("input[type=file]").set_input_files(path)
        page.get_by_role("button", name="Upload the file").click()

    lost: list[str] = []

    def lose_the_second_piece(route: Any) -> None:
        if route.request.headers.get("upload-offset") == str(4 * 1024**2) and not lost:
            lost.append(route.request.url)
            page.locator("[data-pause]").evaluate("button => button.click()")
            return route.abort()
        return route.continue_()

    page.route("**/chunk/", lose_the_second_piece)
    choose()
    page.get_by_text("Paused.").wait_for()
    upload = Upload.objects.get()
    assert 0 < upload.received < upload.size and len(lost) == 1
    shown = page.get_by_role("progressbar", name="Sending the file").evaluate("bar => bar.value")
    assert shown == upload.received * 100 // upload.size
    page.add_script_tag(content=AXE.read_text())
    faults, width = page.evaluate(RUN_AXE)
    assert faults == [] and width <= PHONE["width"]
    page.goto(address)
    assert page.get_by_text("is on its way").count() == 1
    choose()
    page.wait_for_url(f"{live_server.url}{draft.get_absolute_url()}")
    assert Upload.objects.get().state == "done"  # the same one: what had arrived was not sent again
    draft.refresh_from_db()
    assert (draft.rows, page.get_by_text("800000").count()) == (800_000, 1)
    context.close()
