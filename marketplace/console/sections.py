"""What case files are made of: facts and tables under a title, and values as people read them.

Only reading: what one may do stands at a file's top, as verbs. What belongs to another case is shown as far as the
person may see that case (`visible_to`), whoever reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.evidence import pages
from accounts.models import EvidenceFile, Recusal
from marketplace.console.site import address
from marketplace.documents.models import Document
from marketplace.verbs import Verb


@dataclass(frozen=True)
class Row:
    """A line of a table; with `obj`, what the person can do with it."""

    cells: tuple[Any, ...]
    obj: Any = None
    verbs: tuple[Verb, ...] = ()

    @property
    def noun(self) -> str:
        """As `{% verbs %}` names the addresses of an object's verbs."""
        return noun_of(self.obj)


@dataclass(frozen=True)
class Section:
    """Facts, a table, or a template with its context. `parts`: objects whose history belongs to the case."""

    title: Any
    facts: tuple[tuple[Any, Any], ...] = ()
    head: tuple[Any, ...] = ()
    rows: tuple[Row, ...] = ()
    template: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    parts: tuple[Any, ...] = ()

    @property
    def said(self) -> list[tuple[Any, Any]]:
        """The facts that there are: what does not apply to a case, or was left empty, takes no line."""
        return [(name, value) for name, value in self.facts if value not in (None, "", "–")]


def noun_of(obj: Any) -> str:
    return f"console:{obj._meta.app_label}_{obj._meta.model_name}"


def table(title: Any, head: Iterable[Any], rows: Iterable[Row], parts: Iterable[Any] = ()) -> Section:
    return Section(title, head=tuple(head), rows=tuple(rows), parts=tuple(parts))


def evidence(case: Any) -> Section:
    """The files of a case, to be downloaded where the case file is."""
    rows = pages.listed(case, f"{noun_of(case)}_evidence")
    head = (_("File"), _("Format"), _("Who"), _("Time"), _("What it shows"), "SHA-256")
    return table(_("Evidence files"), head, [
        Row((format_html('<a href="{}" download>{}</a>', url, file),
             f"{file.get_kind_display()}, {filesizeformat(file.size)}", file.by, day(file.at), file.note or "–",
             format_html('<span class="hash">{}</span>', file.sha256)))
        for file, url in rows
    ], EvidenceFile.objects.ever_of(case))  # fmt: skip


def recusals(case: Any) -> list[Section]:
    """Who has stepped back from the case, if anybody has."""
    rows = Recusal.objects.of(case).select_related("user", "colleague").order_by("pk")
    lines = [Row((row.user, day(row.at), row.reason, row.colleague or "–")) for row in rows]
    head = (_("Who"), _("Time"), _("Reason"), _("Passed on to"))
    return [table(_("Recused"), head, lines)] if lines else []


def link(obj: Any, text: Any = "") -> Any:
    return format_html('<a href="{}">{}</a>', address(obj), text or obj)


def lines(texts: Iterable[Any]) -> Any:
    """One text below the other."""
    return format_html_join("", "<div>{}</div>", ((text,) for text in texts))


def day(value: date | datetime | None) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return str(value) if value else "–"


def of(obj: Any, *names: str) -> tuple[tuple[Any, Any], ...]:
    """Columns of an object under their own names, as people read them."""
    return tuple((capfirst(obj._meta.get_field(name).verbose_name), _shown(obj, name)) for name in names)


def _shown(obj: Any, name: str) -> Any:
    value = getattr(obj, name)
    if obj._meta.get_field(name).choices:
        return getattr(obj, f"get_{name}_display")()
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return day(value)
    return ", ".join(value) if isinstance(value, list) else value


def papers(*cases: Any) -> Section:
    """The numbered documents of a case, as downloads; of those of a measure, when each was served."""
    rows = [one for case in cases for one in Document.objects.of(case).defer("pdf", "content")]
    head = (_("Number"), _("Date"), _("First opened by the party"), _("Deemed served"), "SHA-256")
    return table(_("Numbered documents"), head, [
        Row((format_html('<a href="{}" download>{}</a>', one.get_absolute_url(), one), day(one.issued_at),
             day(one.seen_at), day(one.deemed_served_at),
             format_html('<span class="hash">{}</span>', one.sha256 or "–")))
        for one in rows
    ])  # fmt: skip
