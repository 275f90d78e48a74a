"""Versions with all that was read, marked and measured."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.reach import found_by, reach_of
from listings.models.catalogue import CatalogueEntry
from listings.models.kinds import Visibility
from listings.states import ON_OFFER, PUBLIC_STATES, VERSION, ProductState, VersionState
from marketplace.remedies import Decider


class About(models.TextChoices):
    PERSONS = "persons", _("persons")
    HOUSEHOLDS = "households", _("households")
    ORGANISATIONS = "organisations", _("organisations")
    NONE = "none", _("nothing of the kind")


class VersionQuerySet(models.QuerySet["Version"]):
    def in_publicity(self) -> "VersionQuerySet":
        return self.filter(state=VersionState.IN_PUBLICITY, product__state=ProductState.ACTIVE)

    def published(self) -> "VersionQuerySet":
        return self.filter(state=VersionState.PUBLISHED)

    def on_offer(self) -> "VersionQuerySet":
        """What is assessed again, periodically: published or held."""
        return self.filter(state__in=ON_OFFER)

    def failing(self) -> "VersionQuerySet":
        """Versions whose newest assessment did not pass."""
        newest = Assessment.objects.filter(version=OuterRef("pk")).order_by("-at", "-pk")
        return self.annotate(still_passes=Subquery(newest.values("passes")[:1])).filter(still_passes=False)

    def not_assessed_since(self, since: datetime, rule_set: str) -> "VersionQuerySet":
        """Versions without an assessment under this rule set from `since` on."""
        recent = Assessment.objects.filter(version=OuterRef("pk"), at__gte=since, rule_set=rule_set)
        return self.filter(~Exists(recent))

    def visible_to(self, user: Any) -> "VersionQuerySet":
        public, submitted = Q(state__in=PUBLIC_STATES), Q(authority__isnull=False)
        for_all = Q(product__visibility=Visibility.ALL)
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        if not user.is_authenticated:
            return self.filter(public & for_all)
        return self.filter(
            (public & for_all)
            | found_by(
                self.model,
                Q(product__invitations__party__in=who.parties) & public,
                Q(product__seller__in=who.parties),
                Q(authority__in=who.authorities),
                Q(reviewer__in=who.reviewers) & submitted,
                Q(sources__unit__in=who.parties) & submitted,
                Q(assigned__user=user, assigned__permission__codename="expert"),
                Q(opinions__by=user),
            )
        )


class Version(models.Model):
    """One immutable edition of a product's data. Review and publicity belong to it."""

    product = models.ForeignKey("listings.Product", on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    authority = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    is_taken_down = models.BooleanField(default=False)  # a take-down stands: one of two reasons to be held
    is_held_by_hand = models.BooleanField(default=False)  # its reviewer holds it: the other
    reviewer = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=14, choices=VersionState.choices, default=VersionState.DRAFT)
    about = models.CharField(_("what a row is about"), max_length=14, choices=About.choices)
    data_from = models.DateField(_("data as of: from"))
    data_until = models.DateField(_("data as of: until"))
    collected_from = models.DateField(_("date collected: from"))
    collected_until = models.DateField(_("date collected: until"))
    deidentification_tool = models.CharField(_("how it was de-identified, with which tool"), max_length=300)
    tool_version = models.CharField(
        _("version of the tool"), blank=True, max_length=100, help_text=_("Of a script of your own, its date.")
    )
    key_is_kept = models.BooleanField(
        _("Does anybody keep a key or mapping table?"),
        help_text=_("A salt, a secret, a list of old and new numbers: whatever could restore a value (Art. 17)."),
    )
    key_kept_by = models.CharField(_("if so, who keeps it"), blank=True, max_length=200)
    key_kept_where = models.CharField(
        _("if so, where"), blank=True, max_length=200, help_text=_("The system or the place, no secret.")
    )
    pseudonyms = models.TextField(
        _("digests and tokens: how they were made, and what became of the key"),
        blank=True,
        max_length=4000,
        help_text=_(
            "For instance: digest with a random salt, deleted on the day of processing. Needed for such columns."
        ),
    )
    shows_sample = models.BooleanField(
        _("show a sample to everybody"),
        default=False,
        help_text=_(
            "Up to twenty rows, drawn when the file is assessed: only of groups large enough to be downloaded, without "
            "sensitive columns and without rare values. You see it before you submit."
        ),
    )
    rows = models.PositiveBigIntegerField(null=True, blank=True)
    allowed_modes = models.JSONField(default=list, blank=True)
    checked_sources_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    signed_off_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    signed_off_at = models.DateTimeField(null=True, blank=True)
    signed_assessment = models.ForeignKey(
        "Assessment", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = VersionQuerySet.as_manager()
    machine = VERSION

    class Meta:
        verbose_name = _("version")
        permissions = (("expert", "expert asked to assess the version"),)
        constraints = (
            models.UniqueConstraint(fields=["product", "number"], name="version_number"),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(state__in=["draft", "assessed", "submitted", "expert_review", "returned", "in_publicity"]),
                name="version_one_in_work",
                violation_error_message=_("Another version of this product is still in work."),
            ),
            models.CheckConstraint(
                condition=Q(data_from__lte=models.F("data_until")),
                name="version_data_from_until",
                violation_error_message=_("The data cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(collected_from__lte=models.F("collected_until")),
                name="version_collected_from_until",
                violation_error_message=_("The collection cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(signed_off_at=None, signed_off_by=None, signed_assessment=None)
                | Q(signed_off_at__isnull=False, signed_off_by__isnull=False, signed_assessment__isnull=False),
                name="version_signed_off_whole",
            ),
            models.CheckConstraint(
                condition=Q(key_is_kept=False, key_kept_by="", key_kept_where="")
                | Q(key_is_kept=True) & ~Q(key_kept_by="") & ~Q(key_kept_where=""),
                name="version_key_kept_by_whom_and_where",
                violation_error_message=_("Say who keeps the key and where, or that nobody does."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.product} · v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("listings:version", args=[self.pk])

    def clean(self) -> None:
        """A key that is kept is kept by somebody, somewhere; one that nobody keeps, nowhere."""
        held = {"key_kept_by": self.key_kept_by, "key_kept_where": self.key_kept_where}
        if self.key_is_kept:
            wrong, said = [name for name, value in held.items() if not value], _("Say it: somebody keeps a key.")
        else:
            wrong, said = [name for name, value in held.items() if value], _("You say that nobody keeps a key.")
        if wrong:
            raise ValidationError(dict.fromkeys(wrong, said))

    @property
    def reviewing_body(self) -> Party | None:
        """Who reviews it, once submitted: of non-public data the compliance reviewer; the authority then only sees."""
        return self.authority if self.product.is_public_data else self.reviewer

    @property
    def decider(self) -> Decider:
        return Decider.AUTHORITY if self.product.is_public_data else Decider.PLATFORM


class FileKind(models.TextChoices):
    ORIGINAL = "original", _("original")
    PARQUET = "parquet", _("canonical Parquet")


class VersionFile(models.Model):
    """A stored file. `key` is its name in the storage, made of its hash, never public; empty once destroyed."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=FileKind.choices)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    key = models.CharField(max_length=200, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["version", "kind"], condition=Q(destroyed_at=None), name="version_file_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.kind}"


class ColumnRole(models.TextChoices):
    PLAIN = "plain", _("none of these")
    QUASI_IDENTIFIER = "quasi_identifier", _("quasi-identifier")
    SENSITIVE = "sensitive", _("sensitive attribute")
    SUBJECT = "subject", _("subject column")


class Column(models.Model):
    """A column of the file, the role its seller marked it with, and its public profile."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="columns")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=16)
    role = models.CharField(max_length=16, choices=ColumnRole.choices, default=ColumnRole.PLAIN)
    is_pseudonym = models.BooleanField(default=False)  # declared: its cells are digests or tokens
    hint = models.JSONField(default=dict, blank=True)  # what reading found: {column, role, code, params}
    profile = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version", "position"], name="column_position"),
            models.UniqueConstraint(fields=["version", "name"], name="column_name"),
            models.UniqueConstraint(fields=["version"], condition=Q(role="subject"), name="column_one_subject"),
        )

    def __str__(self) -> str:
        return self.name


class VersionSource(models.Model):
    """Whose data is in a version. All of them are consulted, named in attributions and told of incidents."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="sources")
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(CatalogueEntry, on_delete=models.PROTECT, related_name="+")
    upstream_version = models.ForeignKey(
        Version, null=True, blank=True, on_delete=models.PROTECT, related_name="inherited_by"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["version", "entry"], condition=Q(upstream_version=None), name="version_source"
            ),
            models.UniqueConstraint(fields=["version", "entry", "upstream_version"], name="version_source_upstream"),
        )

    def __str__(self) -> str:
        return f"{self.unit} → {self.version}"


class ProcessingStep(models.Model):
    """One step of the processing (Art. 32): declared by the seller, or measured by the site with hashes."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=200)
    tool = models.CharField(max_length=200)
    operator = models.CharField(max_length=120)
    at = models.DateTimeField()
    is_measured = models.BooleanField()
    hash_in = models.CharField(max_length=64, blank=True)
    hash_out = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict, blank=True)  # of a recipe's step: do, parameters, rows and cells touched

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "number"], name="step_number"),)

    def __str__(self) -> str:
        return self.step


class Assessment(models.Model):
    """What was measured, under which rule set. Never changed; the report stays when the file is destroyed."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="assessments")
    rule_set = models.CharField(max_length=40)
    report = models.JSONField()
    file_sha256 = models.CharField(max_length=64)
    passes = models.BooleanField()
    sample = models.JSONField(default=dict, blank=True)  # {columns, rows} where the seller has one shown
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.version} {self.at:%F}"
