"""Every page a person can reach by links, in both languages, with no inline script or style."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client

from listings.models import Version
from marketplace.supervision.models import Measure
from tests.pages.reading import Page, crawl, kind_of

Visit = Callable[..., Client]
ROLES = [
    "",
    "operator",
    "officer",
    "county-officer",
    "provider",
    "seller",
    "buyer",
    "other-buyer",
    "vendor",
    "reviewer",
]
# Some of what each works with: these are followed to several pages of a kind, the others to one.
REACHES = {
    "officer": {
        "/order/N/issue/",
        "/order/N/drop/",
        "/order/N/lift/",
        "/finding/N/dismiss/",
        "/source-file/N/accept/",
        "/certificate/N/accept/",
        "/caution/N/lift/",
        "/incident/N/contain/",
        "/inspection/N/announce/",
    },
    "buyer": {"/report/N/file/", "/grant/N/surrender/", "/product/N/apply/"},
    "provider": {"/consultation/N/consent/", "/consultation/N/object/", "/entries/new/"},
    "seller": {"/products/new/", "/product/N/add-source-file/", "/incident/new/N/"},
    "vendor": {"/application/N/accept/", "/products/new/"},
    "reviewer": {"/objection/N/dismiss/", "/objection/N/uphold/", "/version/N/object/"},
    "county-officer": {"/todo/"},
}
CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES" / "django.po"
# Latin words that belong on a Chinese page: names of formats, standards and tools, and the other language's own name.
LATIN = re.compile(
    r"Minshu|English|\S+\.csv|CSV|Parquet|PDF|PNG|JPEG|HTML|JSON-LD|JSON|SVG|SHA-256|UTF-8|GB/T|GB 18030|MiB|KB|MB|"
    r"Cookie|JavaScript|minshu-\d+|canonical\.parquet|PM2\.5|[0-9a-f]{32}(?:[0-9a-f]{32})?|v\d+|[ADGIOR]\d{6}|[\w.-]+@[\w.-]+|[0-9A-Z]{18}|"
    r"\b[0-9a-f]{4}\d\d\b"  # codes of the demo's invented regions
)
MANY = 5  # pages of a kind: more are the same page with other rows
INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=")
WORD = re.compile(r"[A-Za-z]{2,}")


@pytest.mark.parametrize("role", ROLES)
def test_every_page_answers_in_both_languages_and_each_role_reaches_its_work(visitor: Visit, role: str) -> None:
    """Of these roles several pages of each kind answer in Chinese; one of a kind is read, in both languages."""
    pages = crawl(visitor(role, "zh-hans"), of_a_kind=MANY if role in REACHES else 1)
    kinds = {kind_of(address): address for address in reversed(pages)}
    check_pages({address: pages[address] for address in kinds.values()}, role, "zh-hans")
    assert REACHES.get(role, set()) <= kinds.keys()
    if role == "county-officer":
        assert not [address for address in kinds if address.startswith(("/order/", "/finding/"))]
    check_pages(crawl(visitor(role, "en")), role, "en")


def check_pages(pages: dict[str, Page], role: str, language: str) -> None:
    assert len(pages) > (3 if not role else 8)
    brand = {"zh-hans": "闽数", "en": "Minshu"}[language]
    for address, page in pages.items():
        assert len(page.headings) == 1, address
        assert page.headings[0], address
        assert page.title.endswith(f"· {brand}") and len(page.title) > len(brand) + 3, address
        assert page.language == {"zh-hans": "zh-Hans", "en": "en"}[language], address
        assert leftovers(page, language) == [], address
        assert not INLINE.search(page.html), address


def leftovers(page: Page, language: str) -> list[str]:
    """Words of our own that are not in the page's language."""
    if language == "zh-hans":
        return [text for text in page.texts if WORD.search(LATIN.sub("", text))]
    return [text for text in page.texts if text in translations()]


@cache
def translations() -> set[str]:
    return {entry.msgstr for entry in polib.pofile(str(CATALOGUE)) if len(entry.msgstr) > 3}


def test_a_grant_says_first_that_it_is_not_in_effect_and_why(visitor: Visit) -> None:
    grant = Measure.objects.earliest("pk").held.get().grant
    page = Page(visitor("buyer", "en").get(grant.get_absolute_url()).content.decode())
    start = page.texts.index("NOT IN EFFECT")
    told = " ".join(page.texts[start : start + 12])
    assert "a term of the grant: a usage report is overdue" in told


def test_a_refusal_is_a_page_with_its_sentence_and_a_way_back(visitor: Visit) -> None:
    report = Measure.objects.earliest("pk").held.get().grant.reports.earliest("pk")
    response = visitor("conflicted-officer", "en").get(f"/report/{report.pk}/accept/")
    page = Page(response.content.decode())
    assert response.status_code == 403
    assert page.headings == ["You may not do this"]
    assert "This is your own case: you belong to a party of it, or did in the last 12 months." in page.texts
    assert report.get_absolute_url() in page.links


def test_an_address_for_buttons_is_explained_when_it_is_opened(visitor: Visit) -> None:
    grant = Measure.objects.earliest("pk").held.get().grant
    response = visitor("buyer", "en").get(f"/grant/{grant.pk}/version/{grant.from_version_id}/download.csv")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert Page(response.content.decode()).headings == ["This address cannot be opened like a page"]


def test_what_the_public_may_object_to_is_on_the_public_list(visitor: Visit) -> None:
    version = Version.objects.filter(state="submitted").earliest("pk")
    Version.objects.filter(pk=version.pk).update(state="in_publicity")
    assert version.get_absolute_url() in Page(visitor("", "en").get("/products/").content.decode()).links


def test_a_wrong_form_names_its_errors_at_the_top(visitor: Visit) -> None:
    measure = Measure.objects.earliest("pk")
    response = visitor("officer", "en").post(f"/order/{measure.pk}/issue/", {"facts": "", "demand": "x", "remedy": "y"})
    assert response.status_code == 422
    html = response.content.decode()
    assert 'id="errors"' in html and '<a href="#id_facts">Facts</a>: This field is required.' in html
    assert html.index('id="errors"') < html.index("<form class")
    measure.refresh_from_db()
    assert measure.state == "proposed"


@pytest.mark.parametrize(
    ("language", "heading"),
    [("zh-hans", "没有这个页面，或者您无权查看"), ("en", "There is no such page, or not for you")],
)
def test_an_unknown_address_is_a_page_of_ours(visitor: Visit, language: str, heading: str) -> None:
    response = visitor("buyer", language).get("/grant/999999/")
    assert response.status_code == 404
    assert Page(response.content.decode()).headings == [heading]


def test_accounts_pages_have_our_look(visitor: Visit) -> None:
    for address in (
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/no-such-key/",
        "/accounts/password/reset/key/x-y/",
        "/accounts/inactive/",
    ):
        response = visitor("", "zh-hans").get(address)
        page = Page(response.content.decode())
        assert response.status_code == 200, address
        assert len(page.headings) == 1 and 'class="top"' in response.content.decode(), address
        assert leftovers(page, "zh-hans") == [], address
    for address in (
        "/accounts/logout/",
        "/accounts/password/change/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/",
    ):
        response = visitor("buyer", "zh-hans").get(address)
        page = Page(response.content.decode())
        assert response.status_code == 200, address
        assert len(page.headings) == 1 and leftovers(page, "zh-hans") == [], address


def test_the_language_is_switched_by_post_and_stays(visitor: Visit) -> None:
    client = visitor("", "zh-hans")
    response = client.post("/language/", {"language": "en", "next": "/products/"})
    assert (response.status_code, response["Location"]) == (302, "/products/")
    assert Page(client.get("/products/").content.decode()).headings == ["Data products"]
