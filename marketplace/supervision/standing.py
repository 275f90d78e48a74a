"""Standing rules: what an officer with the power has signed that may follow by itself when a monitor notices something.

No action here orders, lifts or terminates: those are acts of a person (Art. 33).
"""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User


class Action(models.TextChoices):
    RECORD = "record", _("keep the site's own records")
    REMIND = "remind", _("remind whoever must act")
    FINDING = "finding", _("open a finding and tell the party")
    HOLD = "hold", _("pause by the grant's own terms")
    PROPOSE = "propose", _("propose an order, which an officer issues or drops")


# Reaches into what a party may do: on no site before an officer with the power has signed for it.
SIGNED_FIRST = (Action.HOLD, Action.PROPOSE)
# monitor -> what can follow by itself; a rule allows one of these
ACTIONS: dict[str, tuple[str, ...]] = {
    "report_schedule": (Action.RECORD,),
    "report_due_soon": (Action.REMIND,),
    "report_overdue": (Action.FINDING,),
    "report_late": (Action.HOLD, Action.PROPOSE),
    "unit_silent": (Action.REMIND,),
    "objectors": (Action.RECORD,),
    "reporters": (Action.RECORD,),
    "version_recalled": (Action.FINDING,),
    "reassessment": (Action.RECORD,),
    "assessment_lapses": (Action.REMIND,),
    "assessment_failed": (Action.FINDING,),
    "assessment_mended": (Action.RECORD,),
    "version_held": (Action.REMIND,),
    "seller_lapsed": (Action.FINDING,),
    "seller_renewed": (Action.RECORD,),
    "product_described": (Action.REMIND,),
    "clock_overdue": (Action.REMIND,),
    "report_thin": (Action.FINDING,),
    "verification_lapses": (Action.REMIND,),
    "mandate_lapses": (Action.REMIND,),
    "buyer_lapsed": (Action.FINDING,),
    "mandate_lapsed": (Action.FINDING,),
    "source_lapses": (Action.REMIND,),
    "source_lapsed": (Action.FINDING,),
    "data_stale": (Action.FINDING,),
    "quota_used": (Action.REMIND,),
    "grant_ending": (Action.REMIND,),
    "grant_over": (Action.REMIND,),
    "person_left": (Action.REMIND,),
    "plan_missing": (Action.REMIND,),
    "exercise_due": (Action.REMIND,),
    "exercise_overdue": (Action.REMIND,),
    "whereabouts_dropped": (Action.RECORD,),
    "hold_ending": (Action.REMIND,),
    "hold_over": (Action.REMIND,),
    "whereabouts_due": (Action.REMIND,),
    "whereabouts_unsaid": (Action.FINDING,),
    "certificate_asked": (Action.RECORD,),
    "kept_as_evidence": (Action.RECORD,),
    "not_closed_out": (Action.FINDING,),
    "outside_grant": (Action.FINDING,),
    "outside_purpose": (Action.FINDING,),
    "outside_access": (Action.FINDING,),
    "sudden_change": (Action.FINDING,),
    "attribution": (Action.FINDING,),
    "derived_unpublished": (Action.REMIND,),
    "cause_gone": (Action.RECORD,),
    "officer_overdue": (Action.REMIND,),
}


class StandingRuleQuerySet(models.QuerySet["StandingRule"]):
    def in_force(self) -> "StandingRuleQuerySet":
        return self.filter(withdrawn_at=None)


class StandingRule(models.Model):
    """A signed permission for one monitor: of the province for every authority, of a city for its own cases."""

    monitor = models.CharField(_("monitor"), max_length=40)
    action = models.CharField(_("what may follow by itself"), max_length=10, choices=Action.choices)
    authority = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")  # null: set-up
    is_for_all = models.BooleanField()
    text = models.TextField(_("text"), blank=True)
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # null: set-up
    signed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = StandingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing rule")
        constraints = (
            models.CheckConstraint(
                condition=Q(action__in=["record", "remind", "finding", "hold", "propose"]),
                name="standing_rule_orders_nothing"
            ),
            models.CheckConstraint(
                condition=Q(authority=None, signed_by=None, is_for_all=True)
                | Q(authority__isnull=False, signed_by__isnull=False),
                name="standing_rule_signed",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="standing_rule_withdrawn_both",
            ),
            models.UniqueConstraint(
                fields=["monitor", "action"], condition=Q(withdrawn_at=None, is_for_all=True),
                name="standing_rule_one_for_all"
            ),
            models.UniqueConstraint(
                fields=["monitor", "action", "authority"], condition=Q(withdrawn_at=None, is_for_all=False),
                name="standing_rule_one_of_an_authority",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.monitor}: {self.action}"


class Rules:
    """The rules of one monitor that are in force."""

    def __init__(self, rows: Iterable[StandingRule]) -> None:
        self.rows = list(rows)

    def of(self, action: str, authority_id: int | None) -> StandingRule | None:
        """What the case's authority has signed, else what holds for all."""
        fitting = [row for row in self.rows if row.action == action]
        own = [row for row in fitting if not row.is_for_all and row.authority_id == authority_id]
        return next(iter(own or [row for row in fitting if row.is_for_all]), None)

    def allow(self, authority_id: int | None) -> bool:
        """Whether anything at all may follow in a case of this authority."""
        return any(row.is_for_all or row.authority_id == authority_id for row in self.rows)


def rules_of(monitor: str) -> Rules:
    return Rules(StandingRule.objects.in_force().filter(monitor=monitor))


def install_rules(using: str, at: Any) -> None:
    """What a site begins with, and what a monitor that an upgrade brings begins with: everything it can do that no
    officer has to sign for.

    What was ever signed or withdrawn is left as officers left it.
    """
    table = StandingRule.objects.using(using)
    known = set(table.values_list("monitor", "action"))
    table.bulk_create(
        StandingRule(monitor=monitor, action=action, is_for_all=True, signed_at=at)
        for monitor, actions in ACTIONS.items()
        for action in actions
        if action not in SIGNED_FIRST and (monitor, action) not in known
    )
