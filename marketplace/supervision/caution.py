"""Cautions: what an authority asks whoever decides a party's next case to bear in mind. None refuses by itself."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import CapabilityKind, Party, Region, User
from accounts.reach import found_by, reach_of
from listings.models import DescriptionChange, Nature, Product, Purpose, ReleaseRule, Version
from listings.models.purposes import split_purposes
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Item
from marketplace.applications.states import OPEN_APPLICATION, UNANSWERED, EditionState
from marketplace.clock.working_days import local_date
from marketplace.workflow import Machine, table


class CautionState(models.TextChoices):
    IN_FORCE = "in_force", _("in force")
    LIFTED = "lifted", _("lifted")
    ANNULLED = "annulled", _("annulled")


CAUTION = Machine(
    name="caution",
    states=CautionState,
    initial=CautionState.IN_FORCE,
    transitions=table(in_force="lifted annulled", lifted="", annulled=""),
    owners={CautionState.IN_FORCE: _("big-data authority; it ends by itself on its day")},
)


class CautionScope(models.TextChoices):
    ALL = "all", _("every case of the party")
    PURPOSE = "purpose", _("one purpose")
    REGION = "region", _("one region")
    KIND = "kind", _("one kind of data")


class CautionArticle(models.TextChoices):
    """On which article a caution rests: what the party did, or did not do."""

    USE = "Art. 16", _("Art. 16: use, reports, attribution")
    CORRECTION = "Art. 33", _("Art. 33: correction after an order")
    SECURITY = "Art. 34", _("Art. 34: security")
    DUTIES = "Art. 46", _("Art. 46: duties of an institution or developer")


def in_force(at: datetime) -> Q:
    return Q(state=CautionState.IN_FORCE, issued_at__lte=at, ends__gte=local_date(at))


class CautionQuerySet(models.QuerySet["Caution"]):
    def visible_to(self, user: Any) -> "CautionQuerySet":
        """The party, and whoever decides on parties: authorities, compliance reviewers; what is in force today also the
        operator, who admits them, and a seller or unit that is to answer a request of the party, or of the one that it
        was merged into: an application, a consultation, a change of a grant."""
        at = timezone.now()
        who, now = reach_of(user, at), in_force(at)
        if who.is_province or who.authorities or who.reviewers:
            return self
        if who.acting(CapabilityKind.OPERATOR):
            return self.filter(now | Q(party__in=who.parties))
        requests = Application.objects.filter(seller__in=who.parties, state__in=OPEN_APPLICATION).values("buyer")
        consulted = Consultation.objects.filter(unit__in=who.parties, state__in=UNANSWERED)
        changes = GrantEdition.objects.filter(
            state=EditionState.REQUESTED, grant__product__nature=Nature.NON_PUBLIC,
            grant__product__seller__in=who.parties,
        )  # fmt: skip
        buyers = (requests, consulted.values("application__buyer"), changes.values("grant__buyer"))
        asked = [Q(**{f"{path}__in": one}) for path in ("party", "party__merged_into") for one in buyers]
        return self.filter(found_by(self.model, Q(party__in=who.parties), *(now & way for way in asked)))

    def in_force(self, at: datetime) -> "CautionQuerySet":
        """Issued, not lifted, and not ended by themselves: the last day counts."""
        return self.filter(in_force(at))

    def against(self, party: Party) -> "CautionQuerySet":
        """Of the party, and of those that were merged into it."""
        return self.filter(Q(party=party.pk) | Q(party__merged_into=party.pk))


class Caution(models.Model):
    """Against one party, by one authority, with reasons and an end. Expired is computed: `has_expired`."""

    party = models.ForeignKey(Party, verbose_name=_("about"), on_delete=models.PROTECT, related_name="cautions")
    authority = models.ForeignKey(Party, verbose_name=_("issued by"), on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(_("scope"), max_length=8, choices=CautionScope.choices, default=CautionScope.ALL)
    purpose = models.ForeignKey(
        Purpose, verbose_name=_("purpose"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    region = models.ForeignKey(
        Region, verbose_name=_("region"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    nature = models.CharField(_("kind of data"), max_length=16, choices=Nature.choices, blank=True)
    article = models.CharField(_("article"), max_length=10, choices=CautionArticle.choices)
    reason = models.TextField(_("reason"), max_length=4000)
    ends = models.DateField(_("last day"))
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued"))
    state = models.CharField(_("state"), max_length=10, choices=CautionState.choices, default=CautionState.IN_FORCE)
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    objects = CautionQuerySet.as_manager()
    machine = CAUTION

    class Meta:
        verbose_name = _("caution")
        constraints = (
            models.CheckConstraint(
                condition=Q(scope="all", purpose=None, region=None, nature="")
                | Q(scope="purpose", purpose__isnull=False, region=None, nature="")
                | Q(scope="region", purpose=None, region__isnull=False, nature="")
                | (Q(scope="kind", purpose=None, region=None) & ~Q(nature="")),
                name="caution_says_what_it_is_for",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="caution_has_a_reason"),
            models.CheckConstraint(condition=~Q(party=F("authority")), name="caution_about_another"),
            models.CheckConstraint(
                condition=Q(state__in=["in_force", "annulled"], lifted_at=None, lifted_by=None)
                | Q(state="lifted", lifted_at__isnull=False, lifted_by__isnull=False),
                name="caution_lifted_by_somebody",
            ),
        )
        indexes = (models.Index(fields=["party", "ends"], condition=Q(state="in_force"), name="caution_in_force"),)

    def __str__(self) -> str:
        return f"{self.number} {self.party}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:caution", args=[self.pk])

    @property
    def number(self) -> str:
        return f"C{self.pk:06d}"

    @property
    def covers(self) -> Any:
        """For which cases, in words."""
        return self.purpose or self.region or self.get_nature_display() or self.get_scope_display()

    def has_expired(self, at: datetime) -> bool:
        """Ended by itself; one that was lifted has not."""
        return self.state == CautionState.IN_FORCE and self.ends < local_date(at)


class Facets(NamedTuple):
    """What of a case a scope is held against."""

    party: Party
    regions: set[str]  # of the authority that decides, and above it
    natures: set[str]
    purposes: set[str]


def facets(case: Any) -> Facets:
    """Of a version, a release rule, a change of a description, an application or item, a grant or a change of it; of
    anything else its party and authority."""
    if isinstance(case, ReleaseRule | DescriptionChange):
        return facets(case.basis)
    if isinstance(case, Version):
        return _facets(case.product.seller, case.authority, [case.product], case.product.purposes)
    if isinstance(case, GrantEdition | Item):
        return facets(case.grant if isinstance(case, GrantEdition) else case.application)
    if isinstance(case, Grant):
        return _facets(case.buyer, case.authority, [case.product], case.terms.get("purposes", ""))
    if not isinstance(case, Application):
        return _facets(case.party, case.authority, [], "")
    products = Product.objects.filter(items__application=case)
    return _facets(case.buyer, case.authority, products, case.purposes)


def _facets(party: Party, authority: Party | None, products: Iterable[Product], purposes: str) -> Facets:
    place, regions = authority.region if authority else None, set[str]()
    while place is not None:
        regions.add(place.pk)
        place = place.parent
    return Facets(party, regions, {product.nature for product in products}, set(split_purposes(purposes)))


def concerns(caution: Caution, of: Facets) -> bool:
    """Whether a case with these facets lies within its scope."""
    if caution.scope == CautionScope.PURPOSE:
        return caution.purpose is not None and caution.purpose.name in of.purposes
    if caution.scope == CautionScope.REGION:
        return caution.region_id in of.regions
    return caution.scope == CautionScope.ALL or caution.nature in of.natures


def for_case(case: Any, user: Any, at: datetime) -> list[Caution]:
    """The cautions in force that this case lies within, for whoever decides it; none for the party's own people."""
    of = facets(case)
    if of.party.pk in reach_of(user, at).parties:
        return []
    rows = Caution.objects.visible_to(user).in_force(at).against(of.party)
    rows = rows.select_related("purpose", "region", "authority", "party").order_by("pk")
    return [caution for caution in rows if concerns(caution, of)]


MOST_YEARS = 3


def latest_end(at: datetime) -> date:
    """A caution ends within three years: a choice of this site, the law names no number."""
    today = local_date(at)
    return today.replace(year=today.year + MOST_YEARS, day=min(today.day, 28))
