"""Forms of accounts and parties."""

from datetime import date
from pathlib import Path
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.evidence.process import WHY
from accounts.evidence.reader import MOST_BYTES
from accounts.identity import DocumentKind
from accounts.models import (
    CapabilityKind,
    EvidenceFile,
    Invitation,
    Membership,
    Party,
    PartyKind,
    Region,
    RegionLevel,
    Role,
    check_uscc,
    valid_on,
)
from accounts.operations.evidence import PARTY_SUBJECTS
from accounts.permissions import WRITERS
from accounts.states import InvitationState
from marketplace.clock.working_days import local_date
from marketplace.notices.kinds import Delivery, Group
from marketplace.verbs import ReasonForm, VerbForm

ORGANISATION_MAY = [choice for choice in CapabilityKind.choices if choice[0] != CapabilityKind.OPERATOR]
PERSON_MAY = [
    (kind, label) for kind, label in ORGANISATION_MAY if kind in (CapabilityKind.BUYER, CapabilityKind.EXPERT)
]

format_html_lazy = lazy(format_html, str)


class SignUpForm(SignupForm):
    """E-mail, name, password, and that the privacy notice was read. Identity numbers are asked for much later."""

    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("It stands beside what you do for a party."),
    )  # fmt: skip
    privacy = forms.BooleanField(
        label=format_html_lazy(_('I have read the <a href="{}">privacy notice</a>.'), reverse_lazy("accounts:privacy"))
    )
    field_order = ("email", "name", "password1", "password2", "privacy")

    def clean_name(self) -> Any:
        return " ".join(self.cleaned_data["name"].split())


def delivery_field(label: Any, help_text: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=Delivery.choices, initial=Delivery.AT_ONCE, help_text=help_text)


class NoticesForm(forms.Form):
    """A field for each group of notices."""

    duties = delivery_field(
        Group.DUTIES.label, _("What waits for you, and until when. A weekly mail may come after a deadline.")
    )
    decisions = delivery_field(
        Group.DECISIONS.label, _("Results of checks, holds that were lifted. What has legal effect comes in any case.")
    )
    dialogue = delivery_field(Group.DIALOGUE.label, _("What others write in your cases."))
    system = delivery_field(Group.SYSTEM.label, _("Changes of people and settings."))


class CloseAccountForm(forms.Form):
    password = forms.CharField(
        label=_("Your password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> None:
        if not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError(_("This is not your password."))


class RegionField(forms.ModelChoiceField):
    """The regions of Fujian, in the order of their codes."""

    def __init__(self) -> None:
        super().__init__(Region.objects.filter(code__startswith="35").order_by("code"), label=_("Region"))

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.name}"


def wanted_field(choices: list[Any]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("To be admitted as"), choices=choices, widget=forms.CheckboxSelectMultiple, required=True
    )


class OrganisationForm(forms.Form):
    name = forms.CharField(label=_("Name of the organisation"), max_length=120)
    uscc = forms.CharField(
        label=_("Unified social credit code"), max_length=18, validators=[check_uscc],
        help_text=_("18 characters, as on the registration certificate."),
    )  # fmt: skip
    region = RegionField()
    wanted = wanted_field(ORGANISATION_MAY)


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Name as in the document"), max_length=120)
    id_kind = forms.ChoiceField(label=_("Identity document"), choices=DocumentKind.choices)
    id_number = forms.CharField(
        label=_("Number of the document"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown whole. You must be 18 or older."),
    )  # fmt: skip
    region = RegionField()
    wanted = wanted_field(PERSON_MAY)


FORM_OF = {PartyKind.PERSON: PersonForm, PartyKind.ORGANISATION: OrganisationForm}


class AmendForm(VerbForm):
    """The registration again, filled in, but never with the number that was given."""

    def prepare(self) -> None:
        party: Party = self.target
        self.fields |= FORM_OF[PartyKind(party.kind)]().fields
        for name in self.fields:
            if name != "id_number":
                self.initial[name] = getattr(party, name)
        if "id_number" in self.fields:
            self.fields["id_number"].required = False
            self.fields["id_number"].help_text = _("Leave it empty if the number was right.")


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))


def evidence_field() -> forms.CharField:
    return forms.CharField(
        label=_("Evidence"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was checked, and how. Never the number of a document."),
    )  # fmt: skip


def mandate_field() -> forms.DateField:
    field = day_field(_("Mandate of a primary developer: until"))
    field.required = False
    return field


class RenewForm(VerbForm):
    """`mandate_until` is asked for where the party is, or was, a primary developer."""

    evidence = evidence_field()
    valid_until = day_field(_("Valid until"))
    mandate_until = mandate_field()

    def prepare(self) -> None:
        mandate = self.target.capabilities.filter(kind=CapabilityKind.PRIMARY_DEVELOPER) if self.target.pk else None
        if mandate is not None and not mandate.exists():
            del self.fields["mandate_until"]


class VerifyForm(VerbForm):
    evidence = evidence_field()
    valid_until = day_field(_("Valid until"))
    capabilities = forms.MultipleChoiceField(
        label=_("Admitted as"), choices=ORGANISATION_MAY, widget=forms.CheckboxSelectMultiple, required=False
    )
    mandate_until = mandate_field()
    level = forms.ChoiceField(
        label=_("Level of the authority"), choices=[("", "–"), *RegionLevel.choices], required=False
    )
    adult = forms.BooleanField(label=_("The document shows that the person is 18 or older."), required=False)

    def prepare(self) -> None:
        self.initial["capabilities"] = self.target.wanted
        if self.target.kind == PartyKind.PERSON:
            self.fields["capabilities"].choices = PERSON_MAY
            del self.fields["level"]
            del self.fields["mandate_until"]
        if self.target.id_kind in ("", DocumentKind.RESIDENT):
            del self.fields["adult"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        mandate, developer = cleaned.pop("mandate_until", None), CapabilityKind.PRIMARY_DEVELOPER
        chosen: dict[str, date | None] = dict.fromkeys(cleaned.get("capabilities", ()))
        if developer in chosen:
            chosen[developer] = mandate
            if mandate is None:
                self.add_error("mandate_until", _("A primary developer has a mandate: name its last day."))
        cleaned["capabilities"] = chosen
        if (CapabilityKind.AUTHORITY in cleaned.get("capabilities", {})) != bool(cleaned.get("level")):
            self.add_error("level" if "level" in self.fields else None, _("An authority has a level, nobody else has."))
        return cleaned


class MemberField(forms.ModelChoiceField):
    """One of a party's members; which ones, the form says."""

    def __init__(self, label: Any) -> None:
        super().__init__(Membership.objects.none(), label=label)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.user}, {obj.get_role_display()}"


def members(party: Party, at: Any) -> Any:
    """The people of a party on that day, without those who only stand in for one."""
    held = Membership.objects.filter(valid_on(local_date(at)), party=party, deputy_for=None)
    return held.select_related("user").order_by("pk")


class InviteForm(VerbForm):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    role = forms.ChoiceField(
        label=_("Role"), choices=Role.choices, initial=Role.MEMBER,
        help_text=_("Owners do everything; managers invite and act; members act; auditors only read."),
    )  # fmt: skip
    member_until = forms.DateField(
        label=_("Member until"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: without an end."),
    )  # fmt: skip


class RevokeForm(VerbForm):
    invitation = forms.ModelChoiceField(Invitation.objects.none(), label=_("Invitation"))

    def prepare(self) -> None:
        field = self.fields["invitation"]
        field.queryset = self.target.invitations.filter(state=InvitationState.OPEN).order_by("pk")
        field.label_from_instance = lambda one: f"{one.email}, {one.get_role_display()}"


class EvidenceForm(VerbForm):
    """A file that proves something, for every kind of case."""

    file = forms.FileField(
        label=_("File"), widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
        help_text=_("PDF without a password, PNG or JPEG, at most 20 MiB; ten in a case. Its name is not kept."),
    )  # fmt: skip
    note = forms.CharField(
        label=_("What it shows"), max_length=200, required=False, help_text=_("Never the number of a document.")
    )

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > MOST_BYTES:
            raise forms.ValidationError(WHY["too_large"])
        return self.cleaned_data["file"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.pop("file", None)
        return {**cleaned, "path": Path(file.temporary_file_path())} if file else cleaned


class PartyEvidenceForm(EvidenceForm):
    subject = forms.ChoiceField(label=_("Kind of proof"), choices=[(one.value, one.label) for one in PARTY_SUBJECTS])
    field_order = ("subject", "file", "note")


class WithdrawEvidenceForm(VerbForm):
    evidence = forms.ModelChoiceField(EvidenceFile.objects.none(), label=_("File"))

    def prepare(self) -> None:
        field = self.fields["evidence"]
        field.queryset = EvidenceFile.objects.of(self.target).filter(by=self.actor.pk).order_by("pk")
        field.label_from_instance = lambda one: f"{one} · {one.get_kind_display()} · {one.note}"


class RoleForm(VerbForm):
    membership = MemberField(_("Person"))
    role = forms.ChoiceField(label=_("New role"), choices=Role.choices)

    def prepare(self) -> None:
        self.fields["membership"].queryset = members(self.target, self.at)


class EndMembershipForm(VerbForm):
    membership = MemberField(_("Person"))

    def prepare(self) -> None:
        held = Membership.objects.filter(valid_on(local_date(self.at)), party=self.target)
        self.fields["membership"].queryset = held.select_related("user").order_by("pk")


class ResetFactorForm(ReasonForm):
    """Whose; and why, with how it was checked who asks."""

    membership = MemberField(_("Person"))
    field_order = ("membership", "reason")

    def prepare(self) -> None:
        self.fields["membership"].queryset = members(self.target, self.at)
        self.fields["reason"].help_text = _("Say how you checked who asks. Recorded, and told to the person by mail.")


class DeputyForm(VerbForm):
    membership = MemberField(_("Who is away"))
    deputy = MemberField(_("Who stands in"))
    valid_from = day_field(_("From"))
    valid_until = day_field(_("Until"))

    def prepare(self) -> None:
        for name in ("membership", "deputy"):
            self.fields[name].queryset = members(self.target, self.at).filter(role__in=WRITERS)
        self.initial["membership"] = members(self.target, self.at).filter(user=self.actor.pk).first()
