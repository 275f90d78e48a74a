"""Security incidents: what happened to data that was on offer, whom it reaches, and what was done about it when."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Capability, CapabilityKind, Party, User, valid_on
from accounts.reach import Reach, found_by, reach_of
from listings.models import Version
from listings.states import VersionState
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.delivery.models import Delivery
from marketplace.workflow import Machine, table


class IncidentState(models.TextChoices):
    OPENED = "opened", pgettext_lazy("incident", "open")
    CLOSED = "closed", pgettext_lazy("incident", "closed")
    FALSE_ALARM = "false_alarm", _("false alarm")


INCIDENT = Machine(
    name="security incident",
    states=IncidentState,
    initial=IncidentState.OPENED,
    transitions=table(opened="closed false_alarm", closed="", false_alarm=""),
    owners={IncidentState.OPENED: _("whoever reported it, the seller and the big-data authority")},
)


class IncidentKind(models.TextChoices):
    LEAK = "leak", _("data came into wrong hands")
    RECOGNISED = "recognised", _("people were recognised, or may be")
    TAMPERING = "tampering", _("data was changed")
    LOSS = "loss", _("data was lost or cannot be reached")
    OTHER = "other", _("something else")


WAS_OFFERED = (VersionState.PUBLISHED, VersionState.HELD, VersionState.RECALLED, VersionState.RETIRED)
# before that an authority knows of it, and its file lies on the site
IN_REVIEW = (
    VersionState.SUBMITTED, VersionState.EXPERT_REVIEW, VersionState.RETURNED, VersionState.REFUSED,
    VersionState.IN_PUBLICITY,
)  # fmt: skip
REPORTABLE = (*IN_REVIEW, *WAS_OFFERED)
# What is done with holders: the words and names in it are for those to whom the whole case is open.
WITH_HOLDERS = ("hold_affected", "confirm_notice", "recuse")
# The dated facts of Art. 34, in no order: column -> what has happened.
FACTS = {
    "contained_at": _("contained"),
    "authority_told_at": _("reported to the authority"),
    "cyberspace_told_at": _("reported to the cyberspace office"),
    "holders_told_at": _("holders told"),
    "public_told_at": _("public told"),
}


def overseen(who: Reach, at: datetime) -> Q:
    """Incidents with data of the authorities in the regions of the person's oversight bodies, and below them."""
    seats = Capability.objects.filter(
        valid_on(local_date(at)), kind=CapabilityKind.OVERSIGHT, party__in=who.acting(CapabilityKind.OVERSIGHT)
    ).values("region")
    return Q(version__authority__region__in=seats) | Q(version__authority__region__parent__in=seats)


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open_to(self, user: Any) -> "IncidentQuerySet":
        """To whom the whole case is open, with every holder: seller and units, the authorities over the data and over
        the grants that it reaches, of non-public data who reviewed it, and the overseers, at once and without being
        asked why (Art. 34)."""
        who = reach_of(user, timezone.now())
        return self if who.is_province else self.filter(found_by(self.model, *_open(who)))

    def handled_by(self, user: Any) -> "IncidentQuerySet":
        """As `open_to`, and who reported it: of holders and their deals that learns no more than it sees anyway."""
        who = reach_of(user, timezone.now())
        return self if who.is_province else self.filter(found_by(self.model, *_handling(who)))

    def visible_to(self, user: Any) -> "IncidentQuerySet":
        """As `handled_by`, and the holders who were told."""
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        return self.filter(found_by(self.model, *_handling(who), Q(notices__party__in=who.parties)))

    def with_part(self, user: Any) -> "IncidentQuerySet":
        """Annotates `is_handled`: whether it is one of those of `handled_by`. Others do not learn who reported it."""
        return self.annotate(is_handled=Exists(Incident.objects.handled_by(user).filter(pk=OuterRef("pk"))))

    def open(self) -> "IncidentQuerySet":
        return self.filter(state=IncidentState.OPENED)

    def awaiting(self, parties: Iterable[int]) -> "IncidentQuerySet":
        """Those that one of these bodies has still to acknowledge, or one that was merged into it."""
        asked = Q(party__in=parties) | Q(party__merged_into__in=parties)
        unseen = IncidentAcknowledgement.objects.filter(asked, acknowledged_at=None)
        return self.open().filter(pk__in=unseen.values("incident"))

    def public(self) -> "IncidentQuerySet":
        return self.filter(public_told_at__isnull=False)


def _handling(who: Reach) -> list[Q]:
    return [Q(reporter__in=who.parties), *_open(who)]


def _open(who: Reach) -> list[Q]:
    ways = [Q(version__product__seller__in=who.parties), Q(version__sources__unit__in=who.parties)]
    if who.authorities:
        over = ("authority", "version__authority", "copies__grant__authority")
        ways += [Q(**{f"{path}__in": who.authorities}) for path in over]
    if who.reviewers:
        ways.append(Q(version__reviewer__in=who.reviewers))
    if who.acting(CapabilityKind.OVERSIGHT):
        ways.append(overseen(who, timezone.now()))
    return ways


class Incident(models.Model):
    """A security incident with one version, or with some copies of it only: those that were obtained under the grants
    of `only_under`, and `only_deliveries`.

    `authority` decides about it: the version's, or since it was taken over one above.
    `people`: how many people the version is about, as its assessment found; None where nobody knows. Of some copies
    only, how many these are about, or `people_at_most`: so many or fewer.
    `open_downloads`: how often the version and what was built from it went out without a grant: nobody knows to whom.
    """

    version = models.ForeignKey(Version, verbose_name=_("version"), on_delete=models.PROTECT, related_name="incidents")
    only_under = models.ManyToManyField(Grant, related_name="+")
    only_deliveries = models.ManyToManyField(Delivery, related_name="+")
    reporter = models.ForeignKey(Party, verbose_name=_("reported by"), on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Party, verbose_name=_("authority"), on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=IncidentKind.choices)
    title = models.CharField(_("what happened, in one line"), max_length=200)
    facts = models.TextField(_("what is known: how, since when, which data"), max_length=8000)
    may_identify = models.BooleanField(_("people may have become recognisable"), default=False)
    noticed_at = models.DateTimeField(_("noticed"))
    contained_at = models.DateTimeField(_("contained"), null=True, blank=True)
    authority_told_at = models.DateTimeField(_("reported to the authority"), null=True, blank=True)
    cyberspace_told_at = models.DateTimeField(_("reported to the cyberspace office"), null=True, blank=True)
    holders_told_at = models.DateTimeField(_("holders told"), null=True, blank=True)
    public_told_at = models.DateTimeField(_("public told"), null=True, blank=True)
    public_text = models.TextField(_("notice to the public"), blank=True)
    lessons = models.TextField(_("lessons"), blank=True)
    people = models.PositiveBigIntegerField(_("people in the data, as far as known"), null=True, blank=True)
    people_at_most = models.BooleanField(default=False)
    open_downloads = models.PositiveIntegerField(_("downloads of open data"), default=0)
    derived = models.ManyToManyField("supervision.DerivedProduct", related_name="incidents")
    counted_at = models.DateTimeField(_("reach computed"))
    state = models.CharField(_("state"), max_length=12, choices=IncidentState.choices, default=IncidentState.OPENED)
    created_at = models.DateTimeField()

    is_handled: bool  # annotated by `with_part`

    objects = IncidentQuerySet.as_manager()
    machine = INCIDENT

    class Meta:
        verbose_name = _("incident")
        constraints = (
            models.UniqueConstraint(
                fields=["version", "reporter", "kind", "noticed_at"], condition=Q(state="opened"),
                name="incident_reported_once",
            ),
            models.CheckConstraint(
                condition=Q(public_told_at=None, public_text="")
                | (Q(public_told_at__isnull=False) & ~Q(public_text="")),
                name="incident_public_told_with_a_text",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | ~Q(lessons=""), name="incident_closed_with_lessons"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:incident", args=[self.pk])

    @property
    def number(self) -> str:
        return f"I{self.pk:06d}"

    @property
    def people_known(self) -> str:
        """The number of people in words."""
        if self.people is None:
            return gettext("not known")
        return gettext("at most %(number)s") % {"number": self.people} if self.people_at_most else str(self.people)

    def bodies(self) -> list[Party]:
        """Who was asked to acknowledge it, or who answers for them now."""
        rows = self.acknowledgements.select_related("party__merged_into").order_by("pk")
        return [row.party.answers for row in rows]

    @property
    def dated(self) -> list[tuple[Any, datetime | None]]:
        """Each dated fact in words, and when it happened; None where it has not."""
        return [(words, getattr(self, name)) for name, words in FACTS.items()]


class NoteKind(models.TextChoices):
    CONTAINED = "contained", _("containment")
    AUTHORITY = "authority", _("first report to the authority")
    CYBERSPACE = "cyberspace", _("first report to the cyberspace office")
    SUPPLEMENT = "supplement", _("supplement")


class IncidentNote(models.Model):
    """What was written with a fact, or added later."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=12, choices=NoteKind.choices)
    text = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.incident.number} {self.at:%F}"


class IncidentAcknowledgement(models.Model):
    """A body that has to know of an incident, and when it said that it has seen it.

    Whoever oversees the region, and the authorities over the data and over the grants that the incident reaches.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="acknowledgements")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["incident", "party"], name="incident_acknowledged_once"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="incident_acknowledged_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.incident.number}: {self.party}"


class IncidentCopy(models.Model):
    """A version that was obtained under a grant and that the incident reaches: from the delivery records."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="copies")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    deliveries = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()  # of the largest delivery
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["incident", "grant", "version"], name="incident_copy_once"),)

    def __str__(self) -> str:
        return f"{self.incident.number}: {self.grant}"


class IncidentNotice(models.Model):
    """What a holder was told, and when its people confirmed that they have read it."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notices")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    sent_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["incident", "party"], name="incident_holder_told_once"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="incident_notice_confirmed_both",
            ),
        )

    def __str__(self) -> str:
        return f"{self.incident.number} → {self.party}"
