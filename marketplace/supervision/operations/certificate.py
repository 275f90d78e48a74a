"""At the end of a grant its holder destroys the copies and certifies it; checked, the grant is closed out."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.evidence import process
from accounts.models import EvidenceFile, Party, PartyState, User
from accounts.operations.evidence import attach, withdraw
from accounts.permissions import check_is_job
from accounts.queries import People, recipients
from marketplace import workflow
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.applications.operations.copies import ask_certificates, restart_certificate, tell_due
from marketplace.applications.queries import counterparts
from marketplace.applications.states import GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day, local_date
from marketplace.delivery.models import Delivery
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions_closeout as permissions
from marketplace.supervision.closeout import Certificate, CertificateState, is_over, owes_certificate
from marketplace.supervision.evidence_time import keeping, spans_of, stands
from marketplace.supervision.operations.papers import write_certificate

CERTIFIED = gettext_lazy("The copies are certified as destroyed, and the certificate is accepted.")
WITH_HOLDER = (CertificateState.FILED, CertificateState.RETURNED)


@transaction.atomic
def certify_destruction(
    *, grant: Grant, actor: User, at: datetime, destroyed: str, places: str, method: str, done_by: str,
    destroyed_on: date, kept: str = "", kept_why: str = "",
) -> Certificate:  # fmt: skip
    """The holder of a grant that is over certifies that its copies are destroyed; who supervises the grant checks it.

    What a law says to keep is named, with the law. Raises InvalidState where nothing was delivered or it is certified
    already, and while an order, incident, review or inspection runs: until then the copies are kept as evidence.
    """
    permissions.check_can_account_for_copies(actor, grant, at)
    grant = _locked(grant)
    if not owes_certificate(grant, at):
        raise InvalidState(_("There is nothing to certify: the grant runs, nothing was delivered, or it is certified."))
    said: dict[str, Any] = {
        "destroyed": destroyed, "places": places, "method": method, "done_by": done_by, "destroyed_on": destroyed_on,
        "kept": kept, "kept_why": kept_why,
    }  # fmt: skip
    _check(grant, at, said)
    made = Certificate.objects.create(grant=grant, filed_by=actor, filed_at=at, **said)
    act = ledger.begin("certify_destruction", actor, at, grant.article)
    ledger.record(act, made, new=made.state, detail={"grant": grant, **said, "destroyed_on": str(destroyed_on)})
    _filed(act, made)
    return made


@transaction.atomic
def file_certificate_again(
    *, certificate: Certificate, actor: User, at: datetime, destroyed: str, places: str, method: str, done_by: str,
    destroyed_on: date, kept: str = "", kept_why: str = "",
) -> None:  # fmt: skip
    """returned → filed: corrected as was asked. What it said before stays in the ledger."""
    permissions.check_can_keep_certificate(actor, certificate, at)
    workflow.check_in(certificate, CertificateState.RETURNED)
    said: dict[str, Any] = {
        "destroyed": destroyed, "places": places, "method": method, "done_by": done_by, "destroyed_on": destroyed_on,
        "kept": kept, "kept_why": kept_why,
    }  # fmt: skip
    _check(_locked(certificate.grant), at, said)
    act = ledger.begin("file_certificate_again", actor, at, certificate.article)
    workflow.move(
        act, certificate, CertificateState.FILED, filed_by=actor, filed_at=at, **said,
        detail={**said, "destroyed_on": str(destroyed_on)},
    )  # fmt: skip
    _filed(act, certificate)


@transaction.atomic
def accept_certificate(*, certificate: Certificate, actor: User, at: datetime) -> None:
    """filed → accepted: the grant is closed out, and closed where only its period was over, unless an order stands.

    The holder is told, and gets it as a numbered document of whoever checked.
    """
    permissions.check_can_check_certificate(actor, certificate, at)
    act = ledger.begin("accept_certificate", actor, at, certificate.article)
    workflow.move(act, certificate, CertificateState.ACCEPTED, checked_by=actor, checked_at=at, reason="")
    clock.stop(certificate, at)
    grant = _locked(certificate.grant)
    if grant.state == GrantState.ACTIVE and not keeping(grant):
        applications.end_grant(act, grant, GrantState.CLOSED, reason=str(CERTIFIED))
    write_certificate(act, certificate)
    _tell_holder(act, certificate, "")


@transaction.atomic
def return_certificate(*, certificate: Certificate, actor: User, at: datetime, reason: str) -> None:
    """filed → returned, with what is missing. The holder's time to certify runs anew; one that has ended
    without a successor owes it no longer."""
    permissions.check_can_check_certificate(actor, certificate, at)
    require(reason=reason)
    act = ledger.begin("return_certificate", actor, at, certificate.article)
    workflow.move(
        act, certificate, CertificateState.RETURNED, checked_by=actor, checked_at=at, reason=reason,
        detail={"reason": reason},
    )  # fmt: skip
    clock.stop(certificate, at)
    holder = certificate.grant.buyer.answers
    if holder.state == PartyState.ENDED:
        cease_certificates(act, holder)
    else:
        restart_certificate(act, certificate.grant)
    _tell_holder(act, certificate, reason)


def add_certificate_evidence(
    *, certificate: Certificate, actor: User, at: datetime, path: Path, note: str = ""
) -> EvidenceFile:
    """The holder adds a file to a certificate that is not accepted yet: a record, a photograph, an invoice."""
    permissions.check_can_keep_certificate(actor, certificate, at)
    workflow.check_in(certificate, *WITH_HOLDER)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = Certificate.objects.select_for_update().get(pk=certificate.pk)
        workflow.check_in(locked, *WITH_HOLDER)
        act = ledger.begin("add_evidence", actor, at, certificate.article)
        return attach(act, locked, certificate.grant.buyer.answers, path, kind, subject="other", note=note)


@transaction.atomic
def withdraw_certificate_evidence(
    *, certificate: Certificate, actor: User, at: datetime, evidence: EvidenceFile
) -> None:
    """Who added a file takes it back before the certificate is accepted."""
    permissions.check_can_withdraw_certificate_evidence(actor, certificate, at)
    locked = Certificate.objects.select_for_update().get(pk=certificate.pk)
    workflow.check_in(locked, *WITH_HOLDER)
    withdraw(ledger.begin("withdraw_evidence", actor, at, certificate.article), certificate, evidence)


@transaction.atomic
def begin_close_outs(*, grants: Sequence[Grant], actor: ledger.SystemActor, at: datetime) -> int:
    """The periods of these grants are over and nobody has closed them: their holders are asked for the certificate.
    How many now; a grant that somebody else is changing just now is left for the next time."""
    check_is_job(actor)
    free = _with_parties().select_for_update(of=("self",), skip_locked=True, no_key=True)
    over = [grant for grant in free.filter(pk__in=[grant.pk for grant in grants]).order_by("pk") if is_over(grant, at)]
    acts = {grant.pk: ledger.begin("ask_certificate", actor, at, grant.article) for grant in over}
    asked = ask_certificates([(acts[grant.pk], grant) for grant in over], People(at))
    details = [{"due": str(last_day(begun.due_at))} for _grant, begun in asked]
    ledger.record_each([acts[grant.pk] for grant, _begun in asked], [grant for grant, _begun in asked], details)
    return len(asked)


@transaction.atomic
def keep_as_evidence(*, grant: Grant, actor: ledger.SystemActor, at: datetime) -> bool:
    """The time to destroy stands still while the copies are evidence, from the moment on when they became it, and goes
    on afterwards: then the holder is told its new last day. What a sweep has missed counts as if it had been seen.
    Whether it changed; not where it was certified meanwhile."""
    check_is_job(actor)
    grant = _locked(grant)
    asked = clock.of(grant).open().filter(kind=Kind.DESTRUCTION).first()
    if asked is None:
        return False
    if asked.paused_at is not None:
        if keeping(grant):
            return False
        clock.go_on(grant, Kind.DESTRUCTION, at)
        asked.refresh_from_db()
    else:
        stood = stands(asked, spans_of([grant.pk]).get(grant.pk, ()))
        if not stood.differs(asked):
            return False
        clock.make_up(asked, at, days=stood.days, since=stood.since)
    if asked.paused_at is not None:
        ledger.record(ledger.begin("keep_as_evidence", actor, at, grant.article), grant)
        return True
    act = ledger.begin("go_on_destroying", actor, at, grant.article)
    ledger.record(act, grant, detail={"due": str(last_day(asked.due_at))})
    tell_due(act, grant, asked)
    return True


def cease_certificates(act: ledger.Act, party: Party) -> None:
    """Part of a party's end without a successor: nobody is left who could destroy and certify, nor for those that were
    merged into it."""
    grants = Grant.objects.filter(Q(buyer=party) | Q(buyer__merged_into=party))
    for grant in grants.order_by("pk"):
        clock.stop(grant, act.at, Kind.DESTRUCTION)
    for left in Certificate.objects.filter(grant__in=grants, state=CertificateState.RETURNED).order_by("pk"):
        workflow.move(act, left, CertificateState.CEASED)


def _locked(grant: Grant) -> Grant:
    return _with_parties().select_for_update(of=("self",)).get(pk=grant.pk)


def _with_parties() -> QuerySet[Grant]:
    return Grant.objects.select_related("buyer__merged_into", "authority", "product__seller")


def _check(grant: Grant, at: datetime, said: dict[str, Any]) -> None:
    """The words and the day; and that nothing is running for which the copies are evidence."""
    require(**{name: said[name] for name in ("destroyed", "places", "method", "done_by")})
    if running := keeping(grant):
        raise InvalidState(
            _("The copies are kept as evidence while this is open: %(cases)s. Destroy and certify them afterwards.")
            % {"cases": ", ".join(running)}
        )
    last = Delivery.objects.filter(grant=grant).latest("obtained_at")
    if not local_date(last.obtained_at) <= said["destroyed_on"] <= local_date(at):
        raise ValidationError({"destroyed_on": _("Between the last delivery and today.")})
    if bool(said["kept"].strip()) != bool(said["kept_why"].strip()):
        raise ValidationError({"kept_why": _("What is kept goes with the law that says so, and for how long.")})


def _filed(act: ledger.Act, certificate: Certificate) -> None:
    """The holder's time ends, that of whoever checks begins."""
    grant = certificate.grant
    clock.stop(grant, act.at, Kind.DESTRUCTION)
    clock.start(certificate, Kind.CERTIFICATE, act.at)
    tell(
        act, counterparts(grant, People(act.at)), "certificate_filed", link=certificate.get_absolute_url(),
        key=f"{act.operation_id}", number=grant.number, buyer=grant.buyer,
    )  # fmt: skip


def _tell_holder(act: ledger.Act, certificate: Certificate, reason: str) -> None:
    tell(
        act, recipients(certificate.grant.buyer, act.at), "certificate_moved", link=certificate.get_absolute_url(),
        key=f"{act.operation_id}", number=certificate.grant.number,
        state=CertificateState(certificate.state).label, reason=reason,
    )  # fmt: skip
