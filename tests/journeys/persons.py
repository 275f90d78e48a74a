"""People at browsers of their own, who do with a page what the page offers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from listings.models import Product, Version
from listings.operations import run_assessment
from marketplace.applications.models import Application
from marketplace.clock.working_days import local_date
from marketplace.desk.story import SCENARIO
from tests.actors import PASSWORD, World

WAIT = 10_000  # milliseconds for what a page needs at most, on a machine that has other work


class Person:
    """Somebody at a browser. `press` opens an object's page, takes the verb that it offers, fills its form, signs."""

    def __init__(self, page: Any, site: str, email: str) -> None:
        self.page, self.site, self.email = page, site, email
        page.set_default_timeout(WAIT)

    def open(self, address: str) -> None:
        self.page.goto(self.site + address)
        if self.page.locator(
            "a[href^='/accounts/login/'], input[name=login]"
        ).count():  # time went on: the session ended
            self.page.goto(f"{self.site}/accounts/login/?next={address}")
            self.fill(login=self.email, password=PASSWORD)
            self.send()

    def fill(self, **fields: Any) -> None:
        for name, value in fields.items():
            field = self.page.locator(f"main [name={name}]")
            if value is True:
                field.check()
            elif isinstance(value, list):
                for one in value:
                    self.page.locator(f"main [name={name}][value='{one}']").check()
            elif field.first.evaluate("element => element.tagName") == "SELECT":
                field.select_option(value)
            elif field.first.get_attribute("type") == "file":
                field.set_input_files(value)
            else:
                field.fill(value)

    def send(self) -> None:
        self.page.locator("main form[method=post] button[type=submit]").first.click()
        self.page.wait_for_load_state()
        assert self.page.locator("#errors").count() == 0, self.text()

    def offers(self, obj: Any, words: str) -> bool:
        self.open(obj.get_absolute_url())
        return bool(self.page.locator("main a.btn").get_by_text(words, exact=True).count())

    def press(self, obj: Any, words: str, **fields: Any) -> None:
        self.open(obj.get_absolute_url())
        self.take(words, **fields)

    def work(self, queue: str, obj: Any, words: str, **fields: Any) -> None:
        """As `press`, in the console: from its overview through the queue to the case."""
        self.open_case(queue, obj)
        self.take(words, **fields)

    def open_case(self, queue: str, obj: Any) -> None:
        self.open("/console/")
        self.follow(queue)
        self.follow(str(obj))

    def follow(self, words: str) -> None:
        self.page.locator("main").get_by_role("link", name=words, exact=True).first.click()
        self.page.wait_for_load_state()

    def take(self, words: str, **fields: Any) -> None:
        way = self.page.locator("main a.btn").get_by_text(words, exact=True).first
        assert way.count(), f"{self.email} is not offered {words}: {self.text()[:600]}"
        way.click()
        self.fill(**fields)
        self.send()
        self.page.locator(".messages, [role=status]").first.wait_for()

    def upload(self, obj: Any, path: Path) -> None:
        """The page's script sends the file in pieces and goes on to the version once it was read."""
        self.open(obj.get_absolute_url())
        self.page.locator("main a.btn").get_by_text("上传文件", exact=True).first.click()
        self.fill(file=str(path))
        self.page.locator("main form[method=post] button[type=submit]").first.click()
        self.page.wait_for_url(self.site + obj.get_absolute_url())

    def verbs(self) -> list[str]:
        """What the page offers to do."""
        return self.page.locator("main .verbs a.btn").all_inner_texts()  # type: ignore[no-any-return]

    def text(self) -> str:
        return str(self.page.locator("main").inner_text())

    def has_to_do(self, words: str) -> None:
        """The to-do page, which every person starts from, names it."""
        self.open("/todo/")
        assert words in self.text(), self.text()

    def download(self, obj: Any, words: str) -> bytes:
        self.open(obj.get_absolute_url())
        with self.page.expect_download() as coming:
            self.page.locator("main .btn").get_by_text(words).first.click()
        return coming.value.path().read_bytes()  # type: ignore[no-any-return]


@pytest.fixture
def people(browser: Any, live_server: Any, world: World) -> Iterator[Callable[[str], Person]]:
    """`people("buyer")`: that person, at a browser of their own; `people("")`: somebody who has no account."""
    at_work: dict[str, Person] = {}

    def person(key: str) -> Person:
        if key not in at_work:
            context = browser.new_context(locale="zh-CN", extra_http_headers={"Accept-Language": "zh-CN"})
            at_work[key] = Person(context.new_page(), live_server.url, world[key].email if key else "")
        return at_work[key]

    yield person
    for one in at_work.values():
        one.page.context.close()


def newest(model: Any) -> Any:
    return model.objects.order_by("-pk")[0]


def draft_version(seller: Person, path: Path, source: dict[str, str], **version: Any) -> Version:
    """Of the product that the seller has just made: declared, with a lawful source, its first version and the file."""
    product = newest(Product)
    seller.press(product, "作出第三十一条声明", declared=True)
    seller.press(product, "补充合法来源材料", **source)
    seller.press(
        product, "新建版本", data_from="2025-07-01", data_until="2025-12-31", collected_from="2025-07-01",
        collected_until="2026-01-05", key_is_kept=["false"], **version,
    )  # fmt: skip
    made: Version = newest(Version)
    seller.upload(made, path)
    return made


def assess_and_submit(seller: Person, version: Version) -> None:
    seller.press(version, "提请评估")
    run_assessment(job=version.jobs.get(kind="assess"), at=timezone.now())
    seller.press(version, "提交审核")


def apply_for(buyer: Person, version: Version, title: str, fields: list[str]) -> tuple[Application, dict[str, str]]:
    """The application as it was submitted, and the form's words for the period of its decision: 300 days from today."""
    today = local_date(timezone.now())
    ends = today + timedelta(days=300)
    buyer.open(version.product.get_absolute_url())
    buyer.follow("申请使用该数据")
    buyer.fill(title=title, fields_wanted=fields)
    buyer.send()
    application: Application = newest(Application)
    period = {"period_from": today.isoformat(), "period_until": ends.isoformat()}
    buyer.press(application, "描述应用场景", **{**SCENARIO, **period})
    buyer.press(application, "提交")
    return application, {"starts": today.isoformat(), "ends": ends.isoformat()}
