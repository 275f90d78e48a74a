"""Writing a document as part of a decision, and making its file afterwards, once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext, gettext_noop, override

from accounts.models import CapabilityKind, Party, PartyKind, User
from marketplace import wake
from marketplace.clock.working_days import local_date
from marketplace.documents.models import ANNULMENTS, Document, DocumentQuerySet, Paper, Series
from marketplace.documents.pdf import render
from marketplace.ledger import entries as ledger

CLERK = ledger.SystemActor("documents")
BATCH = 50  # files made by one task
Sections = Sequence[tuple[str, str]]


def write_document(
    act: ledger.Act, obj: models.Model, kind: str, *, issuer: Party, party: Party, sections: Sections,
    deemed_served_at: datetime | None = None,
) -> Document:  # fmt: skip
    """Part of a decision: numbers and freezes what will be printed. The file follows by itself; nothing of it is lost.

    `sections` are headings (English, translated here) with what was written; empty ones are left out. Call it last: the
    issuer's series is held until the transaction ends. What is served by being opened is so at the latest at
    `deemed_served_at`.
    """
    day = local_date(act.at)
    with override("zh-hans"):  # a decision is in Chinese, whatever language its officer reads
        content = {
            "title": str(Paper(kind).label), "issuer": issuer.name, "to": _named(party),
            "date": f"{day:%Y年%-m月%-d日}",
            "sections": [[gettext(head), text] for head, text in _with_basis(act.article, sections) if text],
        }  # fmt: skip
    document = Document.objects.create(
        number=_next_number(issuer, day.year), kind=kind, object_type=obj._meta.label_lower, object_id=str(obj.pk),
        issuer=issuer, party=party, content=content, issued_at=act.at, deemed_served_at=deemed_served_at,
    )  # fmt: skip
    wake.on_commit("marketplace.documents.tasks.render_due")
    return document


def note_opened(documents: DocumentQuerySet, actor: User, at: datetime) -> list[str]:
    """Part of a party's opening these of its case: the numbers of those that nobody of it had opened, served now."""
    unopened = list(documents.unopened().select_for_update().only("number"))
    Document.objects.filter(pk__in=[one.pk for one in unopened]).update(seen_at=at, seen_by=actor)
    return [one.number for one in unopened]


def void_documents(act: ledger.Act, obj: models.Model) -> None:
    """Part of an annulment: the public check says of each earlier document about the object that it has no effect."""
    Document.objects.of(obj).filter(void_at=None).exclude(kind__in=ANNULMENTS).update(void_at=act.at)


def _with_basis(article: str, sections: Sections) -> list[tuple[str, str]]:
    """The legal basis stands before the remedy; without one, at the end."""
    law = gettext("%(article)s of the Fujian Big Data Development Regulation") % {"article": gettext(article)}
    before = next((place for place, (head, _text) in enumerate(sections) if head == "Remedy"), len(sections))
    return [*sections[:before], (gettext_noop("Legal basis"), law), *sections[before:]]


def _named(party: Party) -> str:
    """An organisation with its code; of a person the name alone."""
    return f"{party.name}（{party.uscc}）" if party.kind == PartyKind.ORGANISATION and party.uscc else party.name


def _next_number(issuer: Party, year: int) -> str:
    """`350100-2026-0001`: the authority's region, or another issuer's own sign; year; running number without gaps."""
    is_authority = issuer.capabilities.filter(kind=CapabilityKind.AUTHORITY).exists()
    prefix = issuer.region_id if is_authority else f"{issuer.region_id}P{issuer.pk}"
    Series.objects.get_or_create(prefix=prefix, year=year)
    series = Series.objects.select_for_update().get(prefix=prefix, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{prefix}-{year}-{series.last:04d}"


@transaction.atomic
def render_document(*, document: Document, actor: ledger.SystemActor, at: datetime) -> bool:
    """Make the file of a document, once: it never changes after that. Returns whether it was this run that made it."""
    pdf = render(document.number, document.token, document.content)
    sha256 = hashlib.sha256(pdf).hexdigest()
    waiting = Document.objects.filter(pk=document.pk, rendered_at=None)
    if not waiting.update(pdf=pdf, sha256=sha256, rendered_at=at):
        return False
    act = ledger.begin("render_document", actor, at)
    ledger.record(act, document, detail={"number": document.number, "sha256": sha256, "of": document.object_type})
    return True


def render_due(*, at: datetime) -> int:
    """Every document whose file is not made yet, the oldest first; returns how many were made."""
    return sum(
        render_document(document=one, actor=CLERK, at=at) for one in Document.objects.due().order_by("pk")[:BATCH]
    )


def file_of(document: Document, at: datetime) -> bytes:
    """The stored file; made now where no worker was there yet. Raises ValueError where it is not what was stored."""
    if document.rendered_at is None:
        render_document(document=document, actor=CLERK, at=at)
        document.refresh_from_db()
    pdf = bytes(document.pdf or b"")
    if hashlib.sha256(pdf).hexdigest() != document.sha256:
        raise ValueError(f"the file of document {document.number} is not the one whose hash was recorded")
    return pdf
