"""When mails reach a person: chosen on the page, or switched off by a link in a mail."""

from collections.abc import Mapping
from datetime import datetime

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import User
from marketplace.errors import NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.notices import links
from marketplace.notices import operations as notices
from marketplace.notices.kinds import Delivery, Group


@transaction.atomic
def choose_notices(*, actor: User, at: datetime, chosen: Mapping[str, str]) -> None:
    """Keep the delivery chosen for each group. Acts with legal effect come by mail at once whatever is chosen."""
    permissions.check_is_person(actor)
    if set(chosen) - set(Group.values) or set(chosen.values()) - set(Delivery.values):
        raise ValidationError(_("There is no such kind of notice."))
    _keep(actor, chosen, at, "page")


@transaction.atomic
def switch_mails_off(*, token: str, at: datetime) -> User:
    """What the signed link in a mail is for: its reader gets the groups that it names on the page only.

    Raises NotAllowed for a link that the site did not sign or that is older than 90 days, or of a closed account.
    """
    user, groups = who_switches_off(token)
    _keep(user, dict.fromkeys(groups, Delivery.PAGE), at, "link")
    return user


def who_switches_off(token: str) -> tuple[User, list[str]]:
    """Whose mails a link ends, and of which groups. Raises NotAllowed as `switch_mails_off`."""
    refused = NotAllowed(_("This link is not valid any more. Log in and choose on the page of your account."))
    try:
        ref, groups = links.read(token)
    except signing.BadSignature as error:
        raise refused from error
    user = User.objects.filter(pk=ref.rpartition(":")[2], is_active=True).first()
    if user is None:
        raise refused
    return user, groups


def _keep(user: User, chosen: Mapping[str, str], at: datetime, by: str) -> None:
    changed = notices.choose(recipient_ref=user.ledger_ref, chosen=chosen, at=at)
    if changed:
        ledger.record(ledger.begin("choose_notices", user, at), user, detail={**changed, "by": by})
