"""Copies already delivered: where they are while a grant is suspended, and that they are destroyed at its end."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Party, PartyState, User
from accounts.reach import found_by, reach_of
from listings.models import Nature
from marketplace.applications.models import Grant, open_holds
from marketplace.applications.operations.copies import was_delivered
from marketplace.applications.states import ENDED, GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import local_date
from marketplace.supervision.models import DerivedProduct
from marketplace.workflow import Machine, table


class CopiesQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> "CopiesQuerySet":
        """The holder, the authority, and of non-public data the seller: units and other sellers learn nothing of how
        a buyer keeps its copies."""
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        return self.filter(
            found_by(
                self.model,
                Q(grant__buyer__in=who.parties),
                Q(grant__authority__in=who.authorities),
                Q(grant__product__seller__in=who.parties, grant__product__nature=Nature.NON_PUBLIC),
            )
        )


class Whereabouts(models.Model):
    """Where the copies of a suspended grant are, as their holder said; they are not used, and kept as evidence."""

    grant = models.ForeignKey(Grant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="whereabouts")
    suspended_at = models.DateTimeField(_("suspended"))  # the occasion: when the suspension began
    places = models.TextField(_("where the copies are"), max_length=4000)
    systems = models.TextField(_("in which systems, on which media"), max_length=4000)
    kept_by = models.TextField(_("who keeps them"), max_length=1000)
    was_passed_on = models.BooleanField(_("passed on to others"))
    passed_to = models.TextField(_("to whom they were passed on"), max_length=4000, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("stated"))

    objects = CopiesQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement where copies are")
        constraints = (
            models.UniqueConstraint(fields=["grant", "suspended_at"], name="whereabouts_once_for_each_suspension"),
            models.CheckConstraint(
                condition=~Q(places="") & ~Q(systems="") & ~Q(kept_by=""), name="whereabouts_say_where"
            ),
            models.CheckConstraint(
                condition=(Q(was_passed_on=True) & ~Q(passed_to="")) | Q(was_passed_on=False, passed_to=""),
                name="whereabouts_name_who_got_them",
            ),
        )

    def __str__(self) -> str:
        return f"{Grant.number_of(self.grant_id)} {self.at:%F}"


def asked(kind: str, *, ever: bool = False) -> Q:
    """Of grants: those for which a clock of this kind is open; or ever was."""
    key = Cast(OuterRef("pk"), CharField())
    clocks = Clock.objects.all() if ever else Clock.objects.open()
    return Q(Exists(clocks.filter(object_type=Grant._meta.label_lower, object_id=key, kind=kind)))


def whereabouts_asked(at: datetime) -> Q:
    """Of grants: those whose holder has still to say where the copies are."""
    return asked(Kind.WHEREABOUTS) & Q(Exists(open_holds(at, grant=OuterRef("pk"))))


def whereabouts_owed(grant: Grant, at: datetime) -> datetime | None:
    """Since when it has been suspended, where its holder still has to say where the copies are."""
    asked = clock.of(grant).open().filter(kind=Kind.WHEREABOUTS).values_list("started_at", flat=True).first()
    return asked if asked is not None and open_holds(at, grant=grant).exists() else None


class CertificateState(models.TextChoices):
    FILED = "filed", pgettext_lazy("certificate", "filed")
    RETURNED = "returned", pgettext_lazy("certificate", "returned")
    ACCEPTED = "accepted", pgettext_lazy("certificate", "accepted")
    CEASED = "ceased", _("no longer owed: nobody is left to certify")


CHECKER = _("big-data authority; of non-public data seller")
CERTIFICATE = Machine(
    name="certificate of destruction",
    states=CertificateState,
    initial=CertificateState.FILED,
    transitions=table(filed="accepted returned", returned="filed ceased", accepted="", ceased=""),
    owners={
        CertificateState.FILED: CHECKER,
        CertificateState.RETURNED: _("buyer"),
    },
)


class Certificate(models.Model):
    """That the copies of an ended grant are destroyed: what, where, how, by whom, when; and what a law says to keep.

    Accepted, the grant is closed out.
    """

    grant = models.OneToOneField(Grant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="certificate")
    destroyed = models.TextField(_("what was destroyed"), max_length=4000)
    places = models.TextField(_("where it was"), max_length=4000)
    method = models.TextField(_("how it was destroyed"), max_length=4000)
    done_by = models.TextField(_("who destroyed it, and who was present"), max_length=1000)
    destroyed_on = models.DateField(_("day of the destruction"))
    kept = models.TextField(_("what a law says to keep"), max_length=4000, blank=True)
    kept_why = models.TextField(_("which law, for how long, who keeps it"), max_length=4000, blank=True)
    filed_by = models.ForeignKey(User, verbose_name=_("filed by"), on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField(_("filed"))
    state = models.CharField(
        _("state"), max_length=10, choices=CertificateState.choices, default=CertificateState.FILED
    )
    checked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    objects = CopiesQuerySet.as_manager()
    machine = CERTIFICATE
    comes_of = ("grant",)

    class Meta:
        verbose_name = _("certificate of destruction")
        constraints = (
            models.CheckConstraint(
                condition=Q(kept="", kept_why="") | (~Q(kept="") & ~Q(kept_why="")), name="certificate_kept_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "returned"])
                | Q(checked_at__isnull=False, checked_by__isnull=False),
                name="certificate_checked_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{Grant.number_of(self.grant_id)}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:certificate", args=[self.pk])

    @property
    def authority_id(self) -> int:
        return self.grant.authority_id

    @property
    def article(self) -> str:
        return self.grant.article


def is_over(grant: Grant, at: datetime) -> bool:
    """Ended by an act, or its period is over though nobody has closed it yet."""
    return grant.state in ENDED or (grant.state == GrantState.ACTIVE and grant.ends < local_date(at))


def owes_certificate(grant: Grant, at: datetime) -> bool:
    """Whether copies are still to be certified as destroyed: something was delivered, and no certificate is filed."""
    return is_over(grant, at) and not Certificate.objects.filter(grant=grant).exists() and was_delivered(grant)


def checker_of(grant: Grant) -> Party:
    """Who checks its certificate: the authority; of non-public data the seller, while there is one."""
    seller = grant.product.seller.answers
    if grant.product.is_public_data or seller.state == PartyState.ENDED:
        return grant.authority
    return seller


def built_from(grant: Grant, user: Any) -> "models.QuerySet[DerivedProduct]":
    """The derived products that were built from what it delivered, as far as the person sees them."""
    return DerivedProduct.objects.visible_to(user).filter(built_from__grant=grant).distinct().order_by("pk")
