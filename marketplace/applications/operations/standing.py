"""Standing consents: given in writing by a unit, used by an officer in a case, each use told to the unit (Art. 15)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import CapabilityKind, Party, User
from accounts.permissions import check_acts_for
from accounts.queries import recipients
from listings.models import CatalogueEntry, VersionSource
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Consultation, StandingConsent
from marketplace.applications.operations.consultation import answer_consultation
from marketplace.applications.queries import items_of, newest_version
from marketplace.applications.states import ConsultationState, StandingState
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 15"


@transaction.atomic
def give_standing_consent(
    *, unit: Party, actor: User, at: datetime, entry: CatalogueEntry, document: str, purposes: str,
    fields: Sequence[str], valid_from: date, valid_until: date, conditions: str = "",
) -> StandingConsent:  # fmt: skip
    """A unit consents beforehand to named purposes and fields of one of its entries, for a term."""
    check_acts_for(actor, unit, CapabilityKind.UNIT, at)
    if entry.unit_id != unit.pk:
        raise ValidationError({"entry": _("Name an entry of your own unit.")})
    if not fields:
        raise ValidationError({"fields": _("Choose at least one field.")})
    consent = StandingConsent(
        unit=unit, entry=entry, document=document, purposes=purposes, fields=list(fields), conditions=conditions,
        valid_from=valid_from, valid_until=valid_until, by=actor, created_at=at,
    )  # fmt: skip
    consent.full_clean()
    consent.save()
    act = ledger.begin("give_standing_consent", actor, at, ARTICLE)
    ledger.record(
        act, consent, new=consent.state,
        detail={
            "unit": unit, "entry": entry, "document": document, "purposes": purposes, "fields": list(fields),
            "conditions": conditions, "from": valid_from, "until": valid_until,
        },
    )  # fmt: skip
    return consent


@transaction.atomic
def withdraw_standing_consent(*, consent: StandingConsent, actor: User, at: datetime, reason: str) -> None:
    """given → withdrawn: no answer rests on it from now on; those that do stay."""
    permissions.check_can_withdraw_standing(actor, consent, at)
    require(reason=reason)
    act = ledger.begin("withdraw", actor, at, ARTICLE)
    workflow.move(act, consent, StandingState.WITHDRAWN, detail={"reason": reason})


@transaction.atomic
def use_standing_consent(
    *, consultation: Consultation, actor: User, at: datetime, standing: StandingConsent, reason: str
) -> None:
    """asked → consented, by standing consent: the officer in charge finds that it covers the case, with reasons.

    The site checks unit, entry, fields and term; that the scenario is among the purposes is the officer's finding.
    The unit is told of each use. Raises ValidationError for what is not covered.
    """
    permissions.check_can_record_silence(actor, consultation, at)
    require(reason=reason)
    workflow.check_in(consultation, ConsultationState.ASKED)
    _check_covers(standing, consultation, at)
    act = answer_consultation(
        "use_standing_consent", consultation, ConsultationState.CONSENTED, actor, at, standing=standing, reason=reason,
        conditions=standing.conditions,
    )  # fmt: skip
    application = consultation.application
    tell(
        act, recipients(consultation.unit, at), "standing_consent_used", link=standing.get_absolute_url(),
        key=f"consultation:{consultation.pk}", number=application.number, buyer=application.buyer,
        document=standing.document, reason=reason,
    )  # fmt: skip


def _check_covers(standing: StandingConsent, consultation: Consultation, at: datetime) -> None:
    if not StandingConsent.objects.in_force(at).filter(pk=standing.pk, unit=consultation.unit).exists():
        raise ValidationError({"standing": _("This is no consent of the unit that is in force.")})
    items = items_of(consultation)
    if not items:
        raise InvalidState(_("Nothing that is asked for holds data of this unit."))
    ends = consultation.application.period_until
    if ends is None or ends > standing.valid_until:
        raise ValidationError({"standing": _("The use would last longer than the consent.")})
    for item in items:
        sources = VersionSource.objects.filter(version=newest_version(item.product), unit=consultation.unit)
        if sources.exclude(entry=standing.entry).exists():
            raise ValidationError({"standing": _("Data of another entry of the unit is asked for, too.")})
        if beyond := sorted(set(item.fields) - set(standing.fields)):
            raise ValidationError(
                {"standing": _("The consent does not cover: %(names)s.") % {"names": ", ".join(beyond)}}
            )
