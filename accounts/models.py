"""Who: users, parties (persons and organisations), what they may be, and who belongs to whom."""

import secrets
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc as stdnum_uscc

from accounts.evidence.models import EvidenceFile as EvidenceFile
from accounts.identity import DocumentKind
from accounts.recusal import Recusal as Recusal
from accounts.states import INVITATION, OVER, PARTY, InvitationState, PartyState
from marketplace.clock.working_days import local_date
from marketplace.remedies import Decider


def valid_on(day, prefix: str = "") -> Q:  # type: ignore[no-untyped-def]
    """Rows whose `valid_from`..`valid_until` (open end allowed) contains the day."""
    no_end, later_end = {f"{prefix}valid_until": None}, {f"{prefix}valid_until__gte": day}
    return Q(**{f"{prefix}valid_from__lte": day}) & (Q(**no_end) | Q(**later_end))


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":  # type: ignore[no-untyped-def]
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can log in. What it may do comes from its memberships; `is_superuser` decides nothing here."""

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    acting_for = ""  # set while a deputy acts: the ledger reference of the person who is away
    stands_for: tuple[int, ...] = ()  # and the keys of all in whose place they could act: a deputy of several is in any

    objects = UserManager()

    # Set for one request where a partner's system acts for this person: then the person is only of that party.
    credential: "Credential | None" = None

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_unique"),)

    def __str__(self) -> str:
        return self.name

    @property
    def ledger_ref(self) -> str:
        return f"accounts.user:{self.pk}"

    @property
    def ledger_kind(self) -> str:
        """`person`, or `partner:<number of the credential>` where its system acted for the person."""
        return f"partner:{self.credential.pk}" if self.credential else "person"


class RegionLevel(models.TextChoices):
    PROVINCE = "province", _("province")
    CITY = "city", _("city")
    COUNTY = "county", _("county")


class Region(models.Model):
    """GB/T 2260: province, cities and counties of Fujian."""

    code = models.CharField(max_length=6, primary_key=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=60)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    level = models.CharField(max_length=10, choices=RegionLevel.choices)

    def __str__(self) -> str:
        return self.name


class PartyKind(models.TextChoices):
    PERSON = "person", _("person")
    ORGANISATION = "organisation", _("organisation")


def check_uscc(value: str) -> None:
    if not stdnum_uscc.is_valid(value):
        raise ValidationError(
            _("“%(value)s” is no unified social credit code: its check digit does not fit."), params={"value": value}
        )


TAKEN = _("A party with this code or number is registered already. If that was not you, turn to the platform operator.")


class PartyQuerySet(models.QuerySet["Party"]):
    def visible_to(self, user: Any) -> "PartyQuerySet":
        """One's own parties; to an operator all, to nobody none."""
        if not user.is_authenticated:
            return self.none()
        today = local_date(timezone.now())
        mine = Membership.objects.filter(valid_on(today), user=user, user__is_active=True)
        if user.credential:
            mine = mine.filter(party=user.credential.party_id)
        operates = Capability.objects.filter(
            valid_on(today), kind=CapabilityKind.OPERATOR, party__in=mine.values("party")
        )
        if operates.exists():
            return self
        return self.filter(Q(pk__in=mine.values("party")) | Q(merged_into__in=mine.values("party")))


class Party(models.Model):
    """A person or organisation that lists, buys, provides, decides or watches. Acts only while verified."""

    kind = models.CharField(max_length=12, choices=PartyKind.choices)
    name = models.CharField(_("name"), max_length=120)
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT)
    uscc = models.CharField(
        _("unified social credit code"), max_length=18, null=True, blank=True, validators=[check_uscc]
    )
    id_kind = models.CharField(_("identity document"), max_length=10, choices=DocumentKind.choices, blank=True)
    id_encrypted = models.TextField(blank=True, editable=False)
    id_hmac = models.CharField(max_length=64, null=True, blank=True, editable=False)
    wanted = models.JSONField(default=list, blank=True)
    renewal_asked_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=PartyState.choices, default=PartyState.APPLIED)
    verified_until = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("successor"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="predecessors",
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = PartyQuerySet.as_manager()
    machine = PARTY

    class Meta:
        verbose_name = _("party")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind=PartyKind.PERSON, uscc=None)
                | Q(kind=PartyKind.ORGANISATION, uscc__isnull=False, id_kind="", id_encrypted="", id_hmac=None),
                name="party_code_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind=PartyKind.ORGANISATION)
                | Q(state__in=OVER)
                | (Q(id_hmac__isnull=False) & ~Q(id_encrypted="") & ~Q(id_kind="")),
                name="party_person_has_document",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(state=PartyState.ENDED), name="party_merged_has_ended"
            ),
            models.UniqueConstraint(
                fields=["uscc"],
                condition=~Q(state__in=OVER),
                name="party_one_per_code",
                violation_error_message=TAKEN,
            ),
            models.UniqueConstraint(
                fields=["id_hmac"],
                condition=~Q(state__in=OVER),
                name="party_one_per_document",
                violation_error_message=TAKEN,
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:party", args=[self.pk])

    @property
    def decider(self) -> Decider:
        """Who admits, refuses and bars it: the platform's operator."""
        return Decider.PLATFORM

    @property
    def answers(self) -> "Party":
        """Who acts for what was this party's: itself, or the party that it was merged into."""
        return self.merged_into or self

    def is_in_good_standing(self, at: datetime) -> bool:
        """Verified, and the verification has not lapsed. The same condition as `standing` for querysets."""
        return self.state == PartyState.VERIFIED and bool(self.verified_until and self.verified_until >= local_date(at))


def standing(at: datetime, prefix: str = "") -> Q:
    """Parties in good standing at `at`: verified, not barred or ended, verification not lapsed."""
    return Q(**{f"{prefix}state": PartyState.VERIFIED, f"{prefix}verified_until__gte": local_date(at)})


class Verification(models.Model):
    """Who checked what, against which evidence, valid until when."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="verifications")
    evidence = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT)
    at = models.DateTimeField()
    valid_until = models.DateField()

    def __str__(self) -> str:
        return f"{self.party} {self.at:%F}"


class CapabilityKind(models.TextChoices):
    OPERATOR = "operator", _("platform operator")
    AUTHORITY = "authority", _("big-data authority")
    UNIT = "unit", _("providing unit")
    PRIMARY_DEVELOPER = "primary_developer", _("primary developer")
    SELLER = "seller", _("seller")
    BUYER = "buyer", _("secondary developer")
    REVIEWER = "reviewer", _("compliance reviewer")
    EXPERT = "expert", _("expert committee member")
    OVERSIGHT = "oversight", _("oversight")
    PARTNER = "partner", _("partner system")


class Capability(models.Model):
    """What a party may be, from when to when. An authority's level and region say how far its power reaches."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="capabilities")
    kind = models.CharField(max_length=20, choices=CapabilityKind.choices)
    level = models.CharField(max_length=10, choices=RegionLevel.choices, blank=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(Q(kind="authority") & ~Q(level="")) | (~Q(kind="authority") & Q(level="")),
                name="capability_level_iff_authority",
            ),
        )

    def __str__(self) -> str:
        return f"{self.party}: {self.get_kind_display()}"


class Role(models.TextChoices):
    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    MEMBER = "member", _("member")
    AUDITOR = "auditor", _("auditor")


class Membership(models.Model):
    """A user belongs to a party, in a role, from a day to a day; or stands in for a member who is away."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    deputy_for = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="deputies")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "party"], condition=Q(valid_until=None), name="membership_one_open"
            ),
            models.CheckConstraint(
                condition=Q(deputy_for=None) | Q(valid_until__isnull=False), name="membership_deputy_has_an_end"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.party}"


def new_token() -> str:
    return secrets.token_urlsafe(32)


class Invitation(models.Model):
    """Somebody is asked to join a party. Only the owner of the address, logged in, can accept; once."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices)
    member_until = models.DateField(null=True, blank=True)
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=InvitationState.choices, default=InvitationState.OPEN)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    machine = INVITATION

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "party", Lower("email"), condition=Q(state=InvitationState.OPEN), name="invitation_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.party}: {self.get_role_display()}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:invitation", args=[self.token])


class AssignmentRole(models.TextChoices):
    OFFICER_IN_CHARGE = "officer_in_charge", _("officer in charge")
    EXPERT = "expert", _("expert asked to assess the case")


class Assignment(models.Model):
    """Who was given a single case, when, by whom and why. The truth that guardian's rows mirror."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    role = models.CharField(max_length=20, choices=AssignmentRole.choices)
    assigned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["object_type", "object_id", "role"], condition=Q(ended_at=None), name="assignment_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.object_type}:{self.object_id}"


class Scope(models.TextChoices):
    """What a credential may do. `act` is for whatever has legal effect."""

    READ = "read", _("read and download")
    WRITE = "write", _("prepare: drafts, files, scenarios")
    ACT = "act", _("act with legal effect")


class Credential(models.Model):
    """A key with which a partner's system acts as its organisation. Only the key's hash is kept."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="credentials")
    name = models.CharField(_("name"), max_length=80)
    responsible = models.ForeignKey(
        User, verbose_name=_("responsible person"), on_delete=models.PROTECT, related_name="+"
    )
    key_prefix = models.CharField(max_length=16)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    first_key = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="later_keys")

    class Meta:
        verbose_name = _("credential")
        constraints = (
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="credential_revoked_both",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gte=models.F("created_at")), name="credential_expires_later"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.key_prefix}…)"

    def is_live(self, at: datetime) -> bool:
        """Neither revoked nor expired at `at`."""
        return self.revoked_at is None and at < self.expires_at

    @property
    def system(self) -> int:
        """The same for all keys of one system: a new key may do what the key that it replaces may."""
        return self.first_key_id or self.pk

    @property
    def scope_labels(self) -> list[Any]:
        return [Scope(scope).label for scope in self.scopes]


class Naming(models.Model):
    """A person agrees to be named by a credential's system as responsible for what it writes; until withdrawn."""

    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="namings")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="namings")
    agreed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["credential", "user"], condition=Q(withdrawn_at=None), name="naming_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.credential}: {self.user}"
