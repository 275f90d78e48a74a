"""The decision on an item as a numbered document of the authority."""

from django.utils.translation import gettext_noop

from marketplace.applications.models import Application, Grant, Item
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.documents.models import Paper
from marketplace.documents.operations import Sections, write_document
from marketplace.ledger import entries as ledger


def write_grant(act: ledger.Act, item: Item, grant: Grant, reason: str) -> None:
    """Part of approving: what is granted, on which conditions, until when its terms can be accepted."""
    offer = clock.of(grant).open().get(kind=Kind.OFFER)
    terms = grant.terms
    conditions = [terms["conditions"], *(f"{row['unit']}\uff1a{row['text']}" for row in terms["unit_conditions"])]
    _write(act, item, Paper.GRANT, (
        (gettext_noop("Grant"), grant.number),
        (gettext_noop("Fields"), "、".join(grant.fields)),
        (gettext_noop("Period"), f"{grant.starts} – {grant.ends}"),
        (gettext_noop("Purposes"), terms["purposes"]),
        (gettext_noop("Conditions"), "\n".join(filter(None, conditions))),
        *((name, text) for name, text in (
            (gettext_noop("Handed over only at these hours"), terms["hours"]),
            (gettext_noop("Handed over only to these networks"), "\n".join(terms["networks"])),
        ) if text),
        (gettext_noop("Reason"), reason),
        (gettext_noop("Terms can be accepted until"), str(last_day(offer.due_at))),
    ))  # fmt: skip


def write_refusal(act: ledger.Act, item: Item, reason: str, remedy: str) -> None:
    """Part of refusing: the reasons, the remedy, and until when a review can be asked for."""
    _write(act, item, Paper.REFUSAL, (
        (gettext_noop("Reason"), reason),
        (gettext_noop("Remedy"), remedy),
        (gettext_noop("A review can be asked for until"), str(clock.review_term(act.at, remedy)["review_until"])),
    ))  # fmt: skip


def _write(act: ledger.Act, item: Item, kind: str, sections: Sections) -> None:
    """Of the authority's decisions; where the seller decides (Art. 40) there is none."""
    application: Application = item.application
    if application.seller_id is not None or application.authority is None:
        return
    about = (
        (gettext_noop("Application"), f"{application.number} {application.title}"),
        (gettext_noop("Data product"), item.product.title),
    )
    write_document(act, item, kind, issuer=application.authority, party=application.buyer, sections=(*about, *sections))
