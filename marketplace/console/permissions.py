"""Who may change the site's settings, and who reads as an overseer."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import CapabilityKind, Party
from accounts.permissions import check_is_person, check_operator
from accounts.queries import parties_as
from marketplace.errors import NotAllowed

check_can_set = check_operator
BOUND = frozenset({CapabilityKind.AUTHORITY, CapabilityKind.REVIEWER})  # by deadlines of their own
READS_RULES = frozenset({CapabilityKind.AUTHORITY, CapabilityKind.OVERSIGHT, CapabilityKind.OPERATOR})


def check_can_oversee(actor: Any, at: datetime) -> Party:
    """Somebody of an oversight body in good standing; returns the body."""
    check_is_person(actor)
    body = parties_as(actor, CapabilityKind.OVERSIGHT, at).order_by("pk").first()
    if body is None:
        raise NotAllowed(_("Only overseers read with a stated reason."))
    return body
