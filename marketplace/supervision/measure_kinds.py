"""The kinds of measures, as one table: who may issue which, on which article, what it holds, what may come of it.

A new kind is a row here. Permissions, operations, pages and documents ask the row, never the kind's name.
"""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import RegionLevel
from marketplace.remedies import Decider
from marketplace.supervision.states import MeasureState

CITY_OR_PROVINCE = (RegionLevel.PROVINCE, RegionLevel.CITY)


class MeasureKind(models.TextChoices):
    ORDER_33 = "order_33", _("order to correct, with suspension (Art. 33)")
    ORDER_46 = "order_46", _("order to correct, without suspension (Art. 46)")
    ORDER_47 = "order_47", _("order that addresses the platform (Art. 47)")
    NOTICE = "notice", _("contract notice of a seller (Art. 40)")
    TAKE_DOWN = "take_down", _("take-down by the platform (Art. 40)")


class Issuer(models.TextChoices):
    """Who signs a measure of a kind, and follows it up."""

    AUTHORITY = "authority", _("big-data authority")
    SELLER = "seller", _("seller")
    REVIEWER = "reviewer", _("compliance reviewer")


DECIDERS: dict[str, Decider] = {
    Issuer.AUTHORITY: Decider.AUTHORITY,
    Issuer.SELLER: Decider.CONTRACT,
    Issuer.REVIEWER: Decider.PLATFORM,
}


@dataclass(frozen=True)
class Row:
    """One kind. `levels` are those of an authority that may issue it, `is_public` whether what it holds is public data
    (None: it holds nothing), `ends_as` the state in which a refusal to correct may end, `sign` a part of its number,
    `issued_as` the word of the ledger.

    `title` heads its document, `draft` that of the proposal; `basis` says in a sentence what the article provides.
    """

    article: str
    sign: str
    issued_as: str
    issuer: str
    levels: tuple[str, ...]
    is_public: bool | None
    suspends: bool
    ends_as: str
    title: Any
    draft: Any
    basis: Any


KINDS: dict[str, Row] = {
    MeasureKind.ORDER_33: Row(
        "Art. 33", "33", "issue_order", Issuer.AUTHORITY, CITY_OR_PROVINCE, True, True, MeasureState.TERMINATED,
        _("Order to correct, with suspension of the data service"),
        _("Draft of an order to correct, with suspension of the data service"),
        _("The authority orders correction and suspends the data service; on refusal to correct it may terminate it."),
    ),
    MeasureKind.ORDER_46: Row(
        "Art. 46", "46", "order_correction", Issuer.AUTHORITY, tuple(RegionLevel.values), None, False,
        MeasureState.REFERRED,
        _("Order to correct within a time"),
        _("Draft of an order to correct within a time"),
        _("The authority orders correction within a time; who does not correct is referred to those who discipline."),
    ),
    MeasureKind.ORDER_47: Row(
        "Art. 47", "47", "order_correction", Issuer.AUTHORITY, CITY_OR_PROVINCE, None, False, MeasureState.REFERRED,
        _("Order that addresses the platform"),
        _("Draft of an order that addresses the platform"),
        _("The platform answers for its own acts: it corrects within a time, or is referred to those who discipline."),
    ),
    MeasureKind.NOTICE: Row(
        "Art. 40", "40", "give_notice", Issuer.SELLER, (), False, True, MeasureState.TERMINATED,
        _("Contract notice, with suspension of the data service"),
        _("Draft of a contract notice, with suspension of the data service"),
        _("The seller of non-public data names the clause that is broken and suspends; on refusal it may terminate."),
    ),
    MeasureKind.TAKE_DOWN: Row(
        "Art. 40", "40", "take_down", Issuer.REVIEWER, (), None, False, MeasureState.FINAL,
        _("Take-down of non-public data"),
        _("Draft of a take-down of non-public data"),
        _("The platform holds a version or product of non-public data that breaks a rule; on refusal it is recalled."),
    ),
}  # fmt: skip
