"""Who says where copies are, who certifies that they are destroyed, who checks it, and who cautions about a party."""

from datetime import datetime
from typing import Any

from accounts.models import Party
from accounts.permissions import (
    check_added_evidence,
    check_is_person,
    check_member,
    check_not_own_case,
    check_not_recused,
    check_officer,
)
from marketplace.applications.models import Grant
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate
from marketplace.supervision.permissions import ORDERING, check_is_in_charge


def check_can_account_for_copies(actor: Any, grant: Grant, at: datetime) -> None:
    """The holder's people. A duty needs no standing: a lapsed or barred holder still has the copies."""
    check_member(actor, grant.buyer, at)


def check_can_keep_certificate(actor: Any, certificate: Certificate, at: datetime) -> None:
    check_can_account_for_copies(actor, certificate.grant, at)


def check_can_withdraw_certificate_evidence(actor: Any, certificate: Certificate, at: datetime) -> None:
    check_can_keep_certificate(actor, certificate, at)
    check_added_evidence(actor, certificate)


def check_can_check_certificate(actor: Any, certificate: Certificate, at: datetime) -> None:
    """Who is in charge of the grant. Nobody who has stepped back."""
    check_is_in_charge(actor, certificate.grant, at)
    check_not_recused(actor, certificate)


def check_can_read_certificate_evidence(actor: Any, certificate: Certificate, at: datetime) -> None:
    """Whoever the certificate is visible to: the caller has seen to that."""
    check_is_person(actor)


def check_can_caution(actor: Any, authority: Party, at: datetime) -> None:
    """An officer of a city's authority or the province's; about whom is checked with the party."""
    check_officer(actor, authority, at, levels=ORDERING)


def check_can_lift_caution(actor: Any, caution: Caution, at: datetime) -> None:
    """An officer of the authority that issued it, who does not belong to the party."""
    check_can_caution(actor, caution.authority, at)
    check_not_own_case(actor, [caution.party], at)
