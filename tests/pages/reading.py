"""Reading a page as a visitor does: its words, its links, its headings."""

import re
from collections import Counter
from html.parser import HTMLParser

from django.test import Client

SILENT = {"script", "style", "title", "textarea"}  # what a textarea holds is somebody's text


class Page(HTMLParser):
    """`texts`: visible pieces of text; `links`: internal addresses; `headings`: of every h1; `html`: as it was sent."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.texts: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.title = ""
        self.language = ""
        self._open: list[str] = []
        self._foreign = 0  # as many tags are open where a part in another language begins
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag == "a" and "download" not in given and (given.get("href") or "").startswith("/"):
            self.links.append((given["href"] or "").split("#")[0])
        for name in ("aria-label", "placeholder", "alt"):
            if given.get(name):
                self.texts.append(given[name] or "")
        if tag not in ("meta", "link", "img", "input", "br", "hr"):
            self._open.append(tag)
            if tag != "html" and not self._foreign and given.get("lang", self.language) != self.language:
                self._foreign = len(self._open)
        if tag == "h1":
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
            if len(self._open) < self._foreign:
                self._foreign = 0

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if "title" in self._open and "svg" not in self._open:
            self.title += text
        if not text or self._foreign or SILENT & set(self._open):
            return
        self.texts.append(text)
        if "h1" in self._open:
            self.headings[-1] += text


def crawl(client: Client, *, of_a_kind: int = 1) -> dict[str, Page]:
    """The pages that can be reached by links, so many of a kind of address (`/grant/N/`); each must answer 200."""
    found: dict[str, Page] = {}
    known, kinds, waiting = {"/"}, Counter("/"), ["/"]
    while waiting:
        address = waiting.pop(0)
        response = client.get(address)
        assert response.status_code == 200, (address, response.status_code)
        found[address] = page = Page(response.content.decode())
        for link in page.links:
            kind = kind_of(link)
            is_file = re.search(r"[./](csv|json|jsonld)/?$", link.partition("?")[0])
            if "/download." in link or is_file or "/accounts/" in link or link in known or kinds[kind] == of_a_kind:
                continue
            known.add(link)
            kinds[kind] += 1
            waiting.append(link)
    return found


def kind_of(address: str) -> str:
    return re.sub(r"\d+", "N", re.sub(r"/derived/[^/]{16}/", "/derived/T/", address.split("?")[0]))
