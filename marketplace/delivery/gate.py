"""The gate: may this person have this version under this grant, now? If it cannot tell, it does not serve.

It asks the database each time, by the one "in effect" expression. The reasons it gives after a no are looked up for
the person who asked; they decide nothing.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Credential
from accounts.permissions import check_member
from listings import files
from listings.models import Opening, Version
from listings.states import ProductState, VersionState
from marketplace.applications import access
from marketplace.applications.models import Grant, GrantSystem, GrantUser, HoldCode, open_holds
from marketplace.applications.states import GrantState
from marketplace.clock.working_days import SHANGHAI, local_date
from marketplace.delivery.models import Delivery
from marketplace.errors import NotAllowed

SERVED = (VersionState.PUBLISHED, VersionState.RETIRED)

SENTENCES = {
    "not_a_user": _("Only people who act for the buyer may use this grant."),
    "not_named": _("The buyer has named who may use this grant, and you are not among them."),
    "system_not_named": _("This system is not among those that the buyer has named for this grant."),
    "other_product": _("This version does not belong to the grant."),
    "version_not_served": _("This version is held, recalled or not published."),
    "further_sources": _("This version holds data of further sources, about which nobody was asked: apply for it."),
    "mode_not_allowed": _("The assessment of this version does not allow downloads."),
    "no_fields": _("None of the granted fields is in this version."),
    "not_active": _("The grant is not active."),
    "outside_period": _("The grant's period has not begun or is over."),
    "buyer_not_in_standing": _("The buyer is not verified, or its verification has lapsed."),
    "suspended": _("An order suspends this grant. Correct what it names; evidence can be filed on its page."),
    "report_overdue": _("The grant is paused by its own terms: file the overdue usage report."),
    "precaution": _("A precaution pauses this grant."),
    "not_in_effect": _("The grant is not in effect."),
    "outside_hours": _("The grant's terms allow downloads at certain hours only, and this is none of them."),
    "outside_networks": _("The grant's terms allow downloads from certain networks only, and you come from elsewhere."),
    "quota_used": _("The downloads of this calendar month that the grant allows are used up."),
    "not_open": _("This data is not openly available."),
}
HOLD_CODES = {
    HoldCode.MEASURE: "suspended",
    HoldCode.REPORT_OVERDUE: "report_overdue",
    HoldCode.PRECAUTION: "precaution",
}


class Verdict(NamedTuple):
    allowed: bool
    code: str


class Denied(NotAllowed):
    """The gate's no, with its code. The one refusal that leaves a trace: an access record."""

    is_recorded = True

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code])
        self.code = code


def judge(user: Any, grant: Grant, version: Version, at: datetime, address: str = "") -> Verdict:
    """Whether `user`, asking from an internet address, may have `version` under `grant` at `at`, from the truth in the
    database. Where the terms name networks, an address that is not known is outside them."""
    code = _refusal_by_user(user, grant, at) or _refusal_by_version(grant, version)
    if code:
        return Verdict(False, code)
    if not grant.is_in_effect(at):
        return Verdict(False, _why_not_in_effect(grant.pk, at))
    code = _refusal_by_access(grant.terms, at, address) or ("quota_used" if is_used_up(grant, at) else "")
    return Verdict(False, code) if code else Verdict(True, "ok")


def _refusal_by_access(terms: dict[str, Any], at: datetime, address: str) -> str:
    if not access.is_within_hours(terms.get("hours", ""), at):
        return "outside_hours"
    return "" if access.is_from(terms.get("networks", []), address) else "outside_networks"


def is_used_up(grant: Grant, at: datetime) -> bool:
    """Whether as many downloads were handed over in this calendar month as the grant's terms allow."""
    quota, day = grant.terms.get("quota"), local_date(at)
    if quota is None:
        return False
    began = datetime(day.year, day.month, 1, tzinfo=SHANGHAI)
    return Delivery.objects.filter(grant=grant, obtained_at__gte=began).count() >= int(quota)


def judge_open(version: Version) -> Verdict:
    """Openly available data: nobody is asked, but only what is published and open is served (Art. 15)."""
    closed = version.sources.exclude(entry__opening=Opening.OPENLY_AVAILABLE)
    if not version.product.is_openly_available or closed.exists():
        return Verdict(False, "not_open")
    offered = version.state == VersionState.PUBLISHED and version.product.state == ProductState.ACTIVE
    if not offered or files.current(version) is None:
        return Verdict(False, "version_not_served")
    return Verdict(True, "ok")


def introspect(grant: Grant, at: datetime, user: Any = None) -> str:
    """`ok` if the grant is in effect at `at`, else the code of the first reason against it.

    A system of the buyer is told of its own use: a grant that it is not named on is not in effect for it.
    """
    if not grant.is_in_effect(at):
        return _why_not_in_effect(grant.pk, at)
    asks_for_itself = user is not None and user.credential and user.credential.party_id == grant.buyer_id
    return _refusal_by_system(user.credential, grant, at) or "ok" if asks_for_itself else "ok"


def granted_fields(grant: Grant, version: Version) -> list[str]:
    """The granted fields that the version has, in its order."""
    wanted = set(grant.fields)
    return [name for name in version.columns.order_by("position").values_list("name", flat=True) if name in wanted]


def _refusal_by_user(user: Any, grant: Grant, at: datetime) -> str:
    try:
        check_member(user, grant.buyer, at)
    except NotAllowed:
        return "not_a_user"
    named = GrantUser.objects.filter(grant=grant, removed_at=None)
    mine = named.filter(Q(until=None) | Q(until__gte=local_date(at)), user=user)
    if named.exists() and not mine.exists():
        return "not_named"
    return _refusal_by_system(user.credential, grant, at) if user.credential else ""


def _refusal_by_system(credential: Credential, grant: Grant, at: datetime) -> str:
    """Unlike people, of whom all may until somebody is named, no system may that is not named."""
    in_time = Q(until=None) | Q(until__gte=local_date(at))
    named = GrantSystem.objects.filter(in_time, grant=grant, credential=credential.system, removed_at=None)
    return "" if named.exists() else "system_not_named"


def _refusal_by_version(grant: Grant, version: Version) -> str:
    if not grant.versions.filter(pk=version.pk).exists():
        return "other_product"
    taken_down = version.is_taken_down or version.product.taken_down_by
    if version.state not in SERVED or taken_down or files.current(version) is None:
        return "version_not_served"
    if not _entries(version) <= _entries(grant.from_version):
        return "further_sources"
    if "download" not in version.allowed_modes:
        return "mode_not_allowed"
    return "" if granted_fields(grant, version) else "no_fields"


def _entries(version: Version) -> set[int]:
    return set(version.sources.values_list("entry", flat=True))


def _why_not_in_effect(grant_pk: int, at: datetime) -> str:
    """The first reason in words; several may hold at once."""
    grant = Grant.objects.select_related("buyer").get(pk=grant_pk)
    if grant.state != GrantState.ACTIVE:
        return "not_active"
    hold = open_holds(at, grant=grant).order_by("opened_at", "pk").first()
    if hold is not None:
        return HOLD_CODES[HoldCode(hold.code)]
    if not grant.starts <= local_date(at) <= grant.ends:
        return "outside_period"
    if not grant.buyer.is_in_good_standing(at):
        return "buyer_not_in_standing"
    return "not_in_effect"
