"""What a case file says of copies already delivered, and the file of a certificate of destruction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from marketplace.applications.models import Grant
from marketplace.console.sections import Row, Section, day, evidence, link, of, table
from marketplace.delivery.models import Delivery
from marketplace.supervision.caution import Caution, for_case
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.evidence_time import keeping, was_evidence
from marketplace.supervision.models import DerivedProduct


def copies(case: Grant, user: Any) -> list[Section]:
    """Where the holder keeps them, each time that the grant was suspended, and whether they are certified as destroyed;
    nothing where it was never asked."""
    sections = whereabouts(case, user)
    if certified := Certificate.objects.visible_to(user).filter(grant=case).first():
        facts = ((_("Certificate"), link(certified)), *of(certified, "state", "destroyed_on", "filed_at", "checked_at"))
        sections.append(Section(_("Destruction"), facts))
    return sections


def whereabouts(case: Grant, user: Any) -> list[Section]:
    said = list(Whereabouts.objects.visible_to(user).filter(grant=case).select_related("by").order_by("pk"))
    head = (_("Suspended"), _("Where"), _("Systems and media"), _("Kept by"), _("Passed on"), _("Stated"), _("Who"))
    rows = [
        Row((
            day(row.suspended_at), row.places, row.systems, row.kept_by,
            row.passed_to if row.was_passed_on else _("no"), day(row.at), row.by,
        ))
        for row in said
    ]  # fmt: skip
    return [table(_("Where the copies are"), head, rows, said)] if said else []


def built(grants: Iterable[int], user: Any) -> Section:
    """What was built under these grants: flagged where one of them was ended by force."""
    rows = DerivedProduct.objects.visible_to(user).filter(built_from__grant__in=list(grants)).distinct()
    return table(_("What was built from it"), (_("Derived product"), _("Developer"), _("State"), _("Listed as")), [
        Row((link(row), row.party, row.get_state_display(), row.listed_as or "–"))
        for row in rows.select_related("party", "listed_as").order_by("pk")
    ])  # fmt: skip


def certificate(case: Certificate, user: Any, at: datetime) -> list[Section]:
    """What is certified, about which grant, and what stands, or then stood, against destroying."""
    as_evidence = was_evidence(case.grant, case.destroyed_on)
    return [
        Section(_("Grant"), (
            (_("Grant"), link(case.grant)), *of(case.grant, "state", "buyer"),
            (_("Deliveries"), Delivery.objects.filter(grant=case.grant).count()),
            (_("Open cases that need the copies"), ", ".join(keeping(case.grant)) or "–"),
        )),
        Section(_("What is certified"), (
            *of(case, "destroyed", "places", "method", "done_by", "destroyed_on", "kept", "kept_why", "filed_by"),
            (_("Filed"), day(case.filed_at)),
            (_("The copies were evidence on that day"), _("yes") if as_evidence else _("no")),
        )),
        Section(_("Check"), ((_("Who"), case.checked_by or "–"), *of(case, "checked_at", "reason"))),
        built([case.grant_id], user),
        *whereabouts(case.grant, user),
        evidence(case),
    ]  # fmt: skip


def caution(case: Caution, user: Any, at: datetime) -> list[Section]:
    """What it says, for which cases of the party, until when."""
    return [
        Section(_("Caution"), (
            *of(case, "party", "authority"), (_("For"), case.covers), *of(case, "article", "reason", "ends"),
            (_("In force"), _("yes") if Caution.objects.in_force(at).filter(pk=case.pk).exists() else _("no")),
            *of(case, "issued_at"), (_("By"), case.issued_by), *of(case, "lifted_at"),
            (_("Lifted by"), case.lifted_by or "–"),
        )),
    ]  # fmt: skip


def cautions(case: Any, user: Any, at: datetime) -> list[Section]:
    """Those that this case lies within: to be weighed, they refuse nothing."""
    rows = for_case(case, user, at)
    head = (_("Caution"), _("For"), _("Reason"), _("Issued by"), _("Last day"))
    found = [Row((link(row), row.covers, row.reason, row.authority, day(row.ends))) for row in rows]
    title = _("Cautions about the party: weigh them, they refuse nothing by themselves")
    return [table(title, head, found)] if found else []
