"""What people report: misuse of data (Art. 34) and faulty data (Art. 13), by anybody or by a party."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.anybody import FromAnybody
from accounts.models import Party, User
from accounts.queries import recent_parties
from accounts.reach import found_by, reach_of
from listings.models import CatalogueEntry, Product, Version
from marketplace.applications.models import Grant
from marketplace.supervision.models import DerivedProduct, Finding
from marketplace.supervision.states import CONCERN, ConcernState


class ConcernKind(models.TextChoices):
    MISUSE = "misuse", _("misuse of data")
    FAULT = "fault", _("faulty data")


class Wish(models.TextChoices):
    SUSPEND = "suspend", _("suspend the data service")
    TERMINATE = "terminate", _("terminate the data service")
    DESTROY = "destroy", _("have the copies destroyed, and check it")


WHILE_SERVED, ONCE_OVER = (Wish.SUSPEND, Wish.TERMINATE), (Wish.DESTROY,)  # what can be asked for of a grant
ABOUT = ("grant", "product", "version", "entry", "derived")  # at most one of them


class ConcernQuerySet(models.QuerySet["Concern"]):
    def with_subject(self) -> "ConcernQuerySet":
        return self.select_related(
            "grant__product", "product", "entry", "derived", "version__product", "responder", "party"
        )

    def visible_to(self, user: Any) -> "ConcernQuerySet":
        """Who reported, who answers or has answered, the authorities above and the province; of misuse nobody whose own
        case it is."""
        if not user.is_authenticated:
            return self.none()
        who = reach_of(user, timezone.now())
        answers = Q(kind=ConcernKind.FAULT, responder__in=who.parties)
        ways = [Q(by=user), Q(reporter__in=who.parties), answers]
        if who.authorities or who.reviewers:
            own = recent_parties(user, timezone.now())
            others = Q(kind=ConcernKind.FAULT) | ~Q(party__in=own) & ~Q(finding__party__in=own)
            seats = [Q(authority__in=who.authorities), Q(reviewer__in=who.reviewers), Q(answered_by=user)]
            ways += [seat & others for seat in ([Q()] if who.is_province else seats)]
        return self.filter(found_by(self.model, *ways))


class Concern(FromAnybody):
    """A report of misuse or of faulty data, and what became of it.

    `responder` must answer: of misuse the authority or, with non-public data, the compliance reviewer; of faulty data
    the unit or seller. `party` is whose use or data it is about. Taken up, misuse is a finding and closes with it.
    `article`: which rule is broken, as an oversight body says in what it files; then it may be about a party alone.
    """

    letter = "R"

    kind = models.CharField(_("what it is about"), max_length=10, choices=ConcernKind.choices)
    grant = models.ForeignKey(
        Grant, verbose_name=_("grant"), null=True, blank=True, on_delete=models.PROTECT, related_name="concerns"
    )
    product = models.ForeignKey(
        Product,
        verbose_name=_("data product"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="concerns",
    )
    entry = models.ForeignKey(
        CatalogueEntry,
        verbose_name=_("catalogue entry"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="concerns",
    )
    derived = models.ForeignKey(
        DerivedProduct,
        verbose_name=_("derived product"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="concerns",
    )
    version = models.ForeignKey(
        Version, verbose_name=_("version"), null=True, blank=True, on_delete=models.PROTECT, related_name="concerns"
    )
    article = models.CharField(_("article"), max_length=40, blank=True)
    place = models.CharField(_("where it was seen"), max_length=300, blank=True)
    text = models.TextField(_("facts"), max_length=4000)
    wish = models.CharField(_("what is asked for"), max_length=10, choices=Wish.choices, blank=True)
    reporter = models.ForeignKey(
        Party, verbose_name=_("reported by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    party = models.ForeignKey(
        Party, verbose_name=_("party"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    authority = models.ForeignKey(Party, verbose_name=_("authority"), on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    responder = models.ForeignKey(Party, verbose_name=_("answered by"), on_delete=models.PROTECT, related_name="+")
    finding = models.ForeignKey(
        Finding, verbose_name=_("finding"), null=True, blank=True, on_delete=models.PROTECT, related_name="concerns"
    )
    state = models.CharField(_("state"), max_length=10, choices=ConcernState.choices, default=ConcernState.OPEN)
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(_("outcome"), blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = ConcernQuerySet.as_manager()
    machine = CONCERN

    class Meta:
        verbose_name = _("report of misuse or faulty data")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None, answered_by=None)
                | (~Q(state="open") & Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="concern_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "taken_up"], closed_at=None)
                | (~Q(state__in=["open", "taken_up"]) & Q(closed_at__isnull=False)),
                name="concern_closed_at",
            ),
            models.CheckConstraint(
                condition=Q(kind="fault", finding=None, reviewer=None, party__isnull=False) | Q(kind="misuse"),
                name="concern_fault_is_somebodys",
            ),
            models.CheckConstraint(
                condition=~Q(kind="misuse", state__in=["taken_up", "settled"]) | Q(finding__isnull=False),
                name="concern_misuse_is_a_finding",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} · {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:concern", args=[self.pk])

    @property
    def subject(self) -> Any:
        """The grant, product, version, entry or derived product that it is about, else the party; None where the site
        as a whole is."""
        return next((found for name in (*ABOUT, "party") if (found := getattr(self, name))), None)

    @property
    def tells_measure(self) -> bool:
        """Whether who reported may know at once that it led to a measure: an oversight body, and a unit or seller about
        a grant of its data (Art. 34). To others a measure is known only once it is final."""
        return bool(self.article or self.grant_id)


class ConcernNote(models.Model):
    """What was said on a report after it: by who reported, or by who answers it."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT, related_name="notes")
    is_reporter = models.BooleanField()
    text = models.TextField(_("text"), max_length=4000)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.concern_id}: {self.at:%F}"
