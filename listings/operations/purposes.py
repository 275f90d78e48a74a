"""The table of purposes: kept by an operator, and asked when a product or an application chooses."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import check_operator
from listings.models import Product
from listings.models.purposes import Purpose, split_purposes
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger

# code, Chinese and English name: what a new site begins with.
DEFAULTS = (
    ("consumer-research", "消费研究", "Consumer research"),
    ("credit", "普惠金融与信用评估", "Inclusive finance and credit assessment"),
    ("health-planning", "医疗资源规划", "Planning of health care"),
    ("innovation", "产品研发与创新", "Product development and innovation"),
    ("public-health", "公共卫生研究", "Public-health research"),
    ("public-service", "便民服务", "Services to the public"),
    ("research", "研究", "Research"),
    ("siting", "选址", "Choosing sites"),
    ("stocking", "备货", "Planning of stock"),
    ("transport", "交通出行", "Transport and travel"),
    ("urban-planning", "城市规划与治理", "Urban planning and governance"),
)


def install_purposes(using: str) -> None:
    """What a new site begins with; a site that has a table of its own keeps it as it is."""
    table = Purpose.objects.using(using)
    if not table.exists():
        table.bulk_create([Purpose(code=code, name=name, name_en=name_en) for code, name, name_en in DEFAULTS])


def choose_purposes(text: str, before: str = "") -> None:
    """Part of another operation: every purpose in `text` is offered, or was chosen `before`. Marks it as used.

    Raises ValidationError naming the purposes that are neither.
    """
    wanted = split_purposes(text)
    new = [name for name in wanted if name not in split_purposes(before)]
    offered = Purpose.objects.offered().select_for_update().filter(name__in=new)
    if unknown := set(new) - {purpose.name for purpose in offered}:
        names = "、".join(name for name in new if name in unknown)
        raise ValidationError({"purposes": _("Not among the permitted purposes: %(names)s.") % {"names": names}})
    Purpose.objects.filter(name__in=new, is_used=False).update(is_used=True)


@transaction.atomic
def add_purpose(*, code: str, actor: User, at: datetime, name: str, name_en: str, reason: str) -> Purpose:
    """A new purpose to choose from. Raises ValidationError for a code or a name that is taken or unfit."""
    check_operator(actor, at)
    require(name=name, name_en=name_en, reason=reason)
    if len(split_purposes(name)) != 1 or split_purposes(name)[0] != name:
        raise ValidationError({"name": _("A name has no comma, semicolon or full stop in it.")})
    purpose = Purpose(code=code, name=name, name_en=name_en)
    purpose.full_clean()
    purpose.save(force_insert=True)
    _record("add_purpose", purpose, actor, at, reason, name=name, name_en=name_en)
    return purpose


@transaction.atomic
def retire_purpose(*, purpose: Purpose, actor: User, at: datetime, reason: str) -> Purpose:
    """Nobody can choose it any more; products and applications that have it keep it."""
    return _set_retired(purpose, actor, at, reason, retired=True)


@transaction.atomic
def offer_purpose_again(*, purpose: Purpose, actor: User, at: datetime, reason: str) -> Purpose:
    """A retired purpose can be chosen again."""
    return _set_retired(purpose, actor, at, reason, retired=False)


@transaction.atomic
def delete_purpose(*, purpose: Purpose, actor: User, at: datetime, reason: str) -> bool:
    """Take away one that nobody ever chose. Raises InvalidState for one that is used: that is retired."""
    check_operator(actor, at)
    require(reason=reason)
    locked = Purpose.objects.select_for_update().get(pk=purpose.pk)
    if locked.is_used or Product.objects.filter(purposes__contains=locked.name).exists():
        raise InvalidState(_("This purpose has been chosen: it can only be retired."))
    _record("delete_purpose", locked, actor, at, reason, name=locked.name)
    locked.delete()
    return True


def _set_retired(purpose: Purpose, actor: User, at: datetime, reason: str, *, retired: bool) -> Purpose:
    check_operator(actor, at)
    require(reason=reason)
    held = Purpose.objects.filter(pk=purpose.pk, retired_at__isnull=retired)
    if not held.update(retired_at=at if retired else None):
        raise InvalidState(_("This purpose is retired already.") if retired else _("This purpose is offered already."))
    purpose.refresh_from_db()
    _record("retire_purpose" if retired else "offer_purpose_again", purpose, actor, at, reason)
    return purpose


def _record(verb: str, purpose: Purpose, actor: User, at: datetime, reason: str, **detail: Any) -> None:
    ledger.record(ledger.begin(verb, actor, at), purpose, detail={**detail, "reason": reason})
