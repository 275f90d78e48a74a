"""Products and whom they are shown to."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.lookups import IsNull
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.reach import found_by, reach_of
from listings.models.catalogue import CatalogueEntry, Frequency, Opening
from listings.models.kinds import (
    NON_PUBLIC_BASES,
    Acquisition,
    Category,
    Grade,
    Nature,
    Visibility,
)
from listings.models.purposes import PurposesField
from listings.models.versions import Version
from listings.states import (
    PRODUCT,
    PUBLIC_STATES,
    ProductState,
    VersionState,
)


class ProductQuerySet(models.QuerySet["Product"]):
    def listed(self) -> "ProductQuerySet":
        """On offer: not withdrawn, and a version is published."""
        published = Version.objects.filter(product=OuterRef("pk"), state=VersionState.PUBLISHED)
        return self.filter(Exists(published), state=ProductState.ACTIVE)

    def visible_to(self, user: Any) -> "ProductQuerySet":
        """Public, or the invited parties', once a version was made public; before that the seller's, its units' and
        its reviewers'."""
        public = was_shown("pk") & Q(visibility=Visibility.ALL)
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        if not user.is_authenticated:
            return self.filter(public)
        return self.filter(
            public
            | found_by(
                self.model,
                Q(invitations__party__in=who.parties) & was_shown("pk"),
                Q(seller__in=who.parties),
                Q(entry__unit__in=who.parties) & ~Q(nature=Nature.BUILT),  # a developer's own is nobody else's before
                Q(versions__authority__in=who.authorities),
                Q(versions__reviewer__in=who.reviewers),
            )
        )

    def offered_to(self, buyer: Party) -> "ProductQuerySet":
        """Of these, what a party may apply for: what everybody may, and what it was invited to."""
        invited = ProductInvitation.objects.filter(product=OuterRef("pk"), party=buyer)
        return self.filter(Q(visibility=Visibility.ALL) | Exists(invited))


def reviewed(user: Any) -> Q:
    """Versions that one of the user's parties reviews as the platform's compliance reviewer."""
    return Q(reviewer__in=reach_of(user, timezone.now()).reviewers)


def was_shown(product: str) -> Q:
    """Products of which a version was made public. Written as the first such version, not as EXISTS: PostgreSQL reads
    all public versions for that as soon as a condition stands beside it."""
    public = Version._base_manager.filter(product=OuterRef(product), state__in=PUBLIC_STATES)
    return Q(IsNull(Subquery(public.values("pk")[:1]), False))


class Product(models.Model):
    """A data product of one seller. Listed is computed: a published version, not withdrawn."""

    seller = models.ForeignKey(Party, verbose_name=_("seller"), on_delete=models.PROTECT, related_name="products")
    entry = models.ForeignKey(
        CatalogueEntry,
        verbose_name=_("catalogue entry"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
    )
    nature = models.CharField(_("nature"), max_length=16, choices=Nature.choices)
    acquisition = models.CharField(_("acquisition basis"), max_length=20, choices=Acquisition.choices)
    category = models.CharField(_("class"), max_length=12, choices=Category.choices, default=Category.OTHER)
    grade = models.CharField(_("grade"), max_length=10, choices=Grade.choices)
    visibility = models.CharField(_("who sees it"), max_length=8, choices=Visibility.choices, default=Visibility.ALL)
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(_("summary"), max_length=400)
    description = models.TextField(_("description"))
    purposes = PurposesField(_("permitted purposes"), blank=True)
    terms = models.TextField(_("terms of use"), blank=True)
    price_text = models.CharField(_("price"), max_length=200, blank=True)
    frequency = models.CharField(_("update frequency"), max_length=12, choices=Frequency.choices)
    declared_at = models.DateTimeField(null=True, blank=True)
    declared_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=12, choices=ProductState.choices, default=ProductState.ACTIVE)
    taken_down_by = models.CharField(max_length=40, blank=True)  # the take-down of the whole product that stands
    created_at = models.DateTimeField()

    objects = ProductQuerySet.as_manager()
    machine = PRODUCT

    class Meta:
        verbose_name = _("data product")
        constraints = (
            models.CheckConstraint(
                condition=Q(grade=Grade.GENERAL),
                name="product_grade_general",
                violation_error_message=_("Core and important data cannot be listed here."),
            ),
            models.CheckConstraint(
                condition=~Q(acquisition=Acquisition.SHARING),
                name="product_not_from_sharing",
                violation_error_message=_("Data received by inter-agency sharing may go to no third party (Art. 14)."),
            ),
            models.CheckConstraint(
                condition=Q(nature=Nature.NON_PUBLIC, entry=None)
                | (~Q(nature=Nature.NON_PUBLIC) & Q(entry__isnull=False)),
                name="product_entry_iff_public",
                violation_error_message=_("Public data is made from a catalogue entry, non-public data from none."),
            ),
            models.CheckConstraint(
                condition=Q(nature=Nature.NON_PUBLIC, acquisition__in=NON_PUBLIC_BASES)
                | (~Q(nature=Nature.NON_PUBLIC) & ~Q(acquisition__in=NON_PUBLIC_BASES)),
                name="product_basis_fits_nature",
                violation_error_message=_("This basis and this nature do not go together."),
            ),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.ALL) | Q(nature=Nature.NON_PUBLIC),
                name="product_public_data_for_all",
                violation_error_message=_("Public data is shown to everybody."),
            ),
            models.CheckConstraint(
                condition=Q(declared_at=None, declared_by=None)
                | Q(declared_at__isnull=False, declared_by__isnull=False),
                name="product_declared_both",
            ),
            models.CheckConstraint(
                condition=Q(nature=Nature.BUILT, acquisition=Acquisition.GRANT)
                | ~Q(nature=Nature.BUILT) & ~Q(acquisition=Acquisition.GRANT),
                name="product_built_under_grant",
                violation_error_message=_("“Built on public data” and “built under a grant” go together."),
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("listings:product", args=[self.pk])

    @property
    def is_openly_available(self) -> bool:
        return not self.is_built and self.entry is not None and self.entry.opening == Opening.OPENLY_AVAILABLE

    @property
    def is_public_data(self) -> bool:
        """Reviewed and decided by the authority; else by the platform's compliance reviewer and the seller."""
        return self.nature != Nature.NON_PUBLIC

    @property
    def is_built(self) -> bool:
        """A developer's own, built under grants on public data (Arts 16, 17)."""
        return self.nature == Nature.BUILT

    @property
    def way_in(self) -> Any:
        """How one comes by it, in words: by the opening of its catalogue entry, which a built product has none of."""
        if self.is_built or self.entry is None:
            return self.get_nature_display()  # type: ignore[attr-defined]
        return self.entry.get_opening_display()  # type: ignore[attr-defined]


class ProductInvitation(models.Model):
    """A party that sees, and may apply for, a product which is not shown to everybody.

    A natural person is invited by `email`, and `party` is set only where that is the verified address of a verified
    one. The seller is shown the address alone: who is registered is nobody's to find out.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="invitations")
    party = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["product", "party"], condition=Q(email=""), name="product_invitation_once"),
            models.UniqueConstraint(
                fields=["product", "email"], condition=~Q(email=""), name="product_invitation_by_email_once"
            ),
            models.CheckConstraint(condition=Q(party__isnull=False) | ~Q(email=""), name="product_invitation_somebody"),
        )

    def __str__(self) -> str:
        return f"{self.shown} → {self.product}"

    @property
    def shown(self) -> str:
        """Whom the seller has invited, in the seller's own words."""
        return self.email or str(self.party)
