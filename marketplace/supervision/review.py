"""Asked against a refusal or a measure (Art. 45): decided by another officer, or by the level above."""

from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import CapabilityKind, Party, User
from accounts.queries import recent_parties
from accounts.reach import found_by, reach_of, stepped_back
from listings.models import ReleaseRule, Version
from marketplace.applications.models import Application, Grant, GrantEdition, Item
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.supervision.caution import Caution
from marketplace.supervision.models import Measure
from marketplace.supervision.states import REVIEW, ReviewState

# What can be reviewed, exactly one of them, and what the name of each is made of.
ABOUT: dict[str, type[models.Model]] = {
    "measure": Measure,
    "item": Item,
    "application": Application,
    "version": Version,
    "caution": Caution,
    "rule": ReleaseRule,
    "edition": GrantEdition,
    "grant": Grant,
    "registration": Party,
}
EACH = ("registration",)  # of these each decision has a review of its own: barred again, a party is under a new one
NAMED = (
    "measure",
    "item__product",
    "application",
    "version__product",
    "caution__party",
    "rule__product",
    "edition__grant__product",
    "grant__product",
    "registration",
)

# The acts that a review can be asked against, by the kind of their object.
ADVERSE: dict[str, tuple[str, ...]] = {
    "supervision.measure": (
        "issue_order",
        "order_correction",
        "take_down",
        "find_refusal",
        "terminate",
        "refer_order",
        "make_final",
    ),
    "applications.item": ("refuse",),
    "applications.application": ("refuse",),
    "listings.version": ("refuse",),
    "supervision.caution": ("issue_caution",),
    "listings.releaserule": ("refuse", "revoke_rule"),
    "applications.grantedition": ("refuse",),
    "applications.grant": ("revoke",),
    "accounts.party": ("refuse", "bar"),
}


def adverse_acts(subject: models.Model) -> "models.QuerySet[Entry]":
    """The refusals, orders and terminations in the history of this object, the oldest first."""
    label = subject._meta.label_lower
    entries = Entry.objects.filter(object_type=label, object_id=str(subject.pk), verb__in=ADVERSE[label])
    return entries.order_by("pk")


def proposals_of(measure: Measure) -> "models.QuerySet[Entry]":
    """Who drafted the measure, or required it."""
    return Entry.objects.filter(object_type=measure._meta.label_lower, object_id=str(measure.pk), verb="propose_order")


class ReviewQuerySet(models.QuerySet["Review"]):
    def with_subject(self) -> "ReviewQuerySet":
        return self.select_related(*NAMED, "party", "authority", "above", "reviewer")

    def visible_to(self, user: Any) -> "ReviewQuerySet":
        """Who asks, the authority, compliance review or operator that decided, the level above."""
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        ways = [Q(party__in=who.parties)]
        platform = who.reviewers + who.acting(CapabilityKind.OPERATOR)
        if who.authorities or platform:
            others = ~Q(party__in=recent_parties(user, timezone.now()))
            ways += [
                Q(authority__in=who.authorities) & others, Q(above__in=who.authorities) & others,
                Q(reviewer__in=platform) & others,
            ]  # fmt: skip
        return self.filter(found_by(self.model, *ways))

    def open(self) -> "ReviewQuerySet":
        return self.filter(state=ReviewState.LODGED)

    def staying(self) -> "ReviewQuerySet":
        return self.open().filter(stayed_at__isnull=False, stay_ended_at=None)


class Review(models.Model):
    """What is asked for against one decision, and what came of it.

    `against` keeps what was decided, when, why, and the remedy that it named, as it was when the review was lodged.
    `above` is the level above the authority; `reviewer` the compliance review that refused non-public data or, of a
    party that was refused or barred, the platform's operator.
    """

    measure = models.ForeignKey(Measure, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    application = models.ForeignKey(
        Application, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews"
    )
    version = models.ForeignKey(Version, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    caution = models.ForeignKey(Caution, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    rule = models.ForeignKey(ReleaseRule, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    edition = models.ForeignKey(GrantEdition, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    grant = models.ForeignKey(Grant, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    registration = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    against = models.JSONField(default=dict)
    party = models.ForeignKey(Party, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="reviews")
    authority = models.ForeignKey(Party, verbose_name=_("authority"), on_delete=models.PROTECT, related_name="+")
    above = models.ForeignKey(
        Party, verbose_name=_("level above"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewer = models.ForeignKey(
        Party, verbose_name=_("compliance review"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField(_("why it is asked for"), max_length=8000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=ReviewState.choices, default=ReviewState.LODGED)
    stayed_at = models.DateTimeField(null=True, blank=True)
    stayed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    stay_ended_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"), blank=True)
    remedy = models.TextField(_("remedy"), blank=True)

    objects = ReviewQuerySet.as_manager()
    machine = REVIEW
    comes_of = ABOUT

    class Meta:
        verbose_name = _("review")
        constraints = (
            models.CheckConstraint(
                condition=reduce(or_, (Q(**{f"{name}__isnull": name != given for name in ABOUT}) for given in ABOUT)),
                name="review_of_one",
            ),
            *(
                models.UniqueConstraint(fields=[name], condition=Q(state="lodged"), name=f"review_open_once_{name}")
                for name in ABOUT
                if name not in EACH
            ),
            *(
                models.UniqueConstraint(
                    F(name), KT("against__at"), condition=Q(state="lodged"), name=f"review_open_once_{name}"
                )
                for name in EACH
            ),
            models.CheckConstraint(
                condition=Q(state__in=["lodged", "withdrawn"], decided_at=None, decided_by=None)
                | (
                    Q(state__in=["upheld", "varied", "annulled"], decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(reason="")
                ),
                name="review_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(stayed_at=None, stayed_by=None, stay_ended_at=None)
                | Q(stayed_at__isnull=False, stayed_by__isnull=False, measure__isnull=False),
                name="review_stays_a_measure",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} · {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:review", args=[self.pk])

    @property
    def number(self) -> str:
        return f"F{self.pk:06d}"

    @property
    def subject(self) -> Any:
        """Whose decision it is asked against: one of `ABOUT`."""
        return next(found for name in ABOUT if (found := getattr(self, name)))

    @property
    def is_staying(self) -> bool:
        return self.state == ReviewState.LODGED and self.stayed_at is not None and self.stay_ended_at is None

    @property
    def article(self) -> str:
        """The authority answers for its acts by Art. 45, the platform by Art. 47."""
        return "Art. 47" if self.reviewer_id else "Art. 45"


def decidable_by(user: Any) -> Q:
    """Of the reviews of a person's authority: those of decisions that they did not take, and have not stepped back
    from."""
    return ~Q(against__by=user.ledger_ref) & ~stepped_back([user.pk], Review)


def is_stayed(measure: Measure) -> bool:
    return Review.objects.staying().filter(measure=measure).exists()


def check_not_stayed(measure: Measure) -> None:
    """Raises InvalidState while a review keeps this order from taking effect."""
    if is_stayed(measure):
        raise InvalidState(_now("A review has stayed this order: it is decided first."))
