"""Input of the listing verbs, the same for every face."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import CapabilityKind, Party, User, standing
from accounts.queries import parties_of, people_as
from listings import queries, reasons
from listings.deidentification import formats, limits, names, signed
from listings.deidentification.reasons import shown
from listings.entry_csv import MOST_BYTES
from listings.models import (
    CHANGEABLE,
    About,
    Acquisition,
    CatalogueEntry,
    Column,
    ColumnRole,
    DescriptionChange,
    Grade,
    Nature,
    Product,
    ReleaseRule,
    SourceFile,
    Version,
    VersionOpinion,
    Visibility,
)
from listings.operations.release_rules import BOUNDS
from listings.permissions import SELLING
from marketplace.verbs import ReasonForm, RowsField, VerbForm, YesNoField, model_fields

ENTRY_FIELDS = ("title", "description", "sharing", "withheld_basis", "opening", "frequency", "contact")
DESCRIPTION_FIELDS = ("category", "title", "summary", "description", "purposes", "terms", "price_text", "frequency")
PRODUCT_FIELDS = ("nature", "acquisition", "grade", "visibility", *DESCRIPTION_FIELDS)
VERSION_FIELDS = (
    "about", "data_from", "data_until", "collected_from", "collected_until", "deidentification_tool", "tool_version",
    "key_is_kept", "key_kept_by", "key_kept_where", "pseudonyms", "shows_sample",
)  # fmt: skip


class ReviseEntryForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(CatalogueEntry, ENTRY_FIELDS, self.target))


class ProposeEntryForm(forms.Form):
    """A new catalogue entry; `unit` is one of the person's units."""

    unit = forms.ModelChoiceField(queryset=None, label=_("Providing unit"), empty_label=None)

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields.update(model_fields(CatalogueEntry, ENTRY_FIELDS))


class ImportEntriesForm(forms.Form):
    """A table of catalogue entries; `unit` is one of the person's units."""

    unit = forms.ModelChoiceField(queryset=None, label=_("Providing unit"), empty_label=None)
    file = forms.FileField(label=_("File"), help_text=_("CSV (UTF-8 or GB 18030), at most 5,000 rows and 10 MiB."))

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MiB."))
        return self.cleaned_data["file"]

    def clean(self) -> dict[str, Any]:
        file, unit = self.cleaned_data.get("file"), self.cleaned_data.get("unit")
        return {"unit": unit, "content": file.read()} if file and unit else {}


class PublishEntriesForm(forms.Form):
    """Some of the proposed entries that wait for the officer."""

    entries = RowsField(queryset=CatalogueEntry.objects.none(), label=_("Catalogue entries"))

    def __init__(self, *args: Any, waiting: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entries"].queryset = waiting.select_related("unit", "authority")  # type: ignore[attr-defined]


class CreateProductForm(forms.Form):
    """A new product, of public data on a published entry; what cannot be listed is not among the choices."""

    seller = forms.ModelChoiceField(queryset=None, label=_("Seller"), empty_label=None)
    entry = forms.ModelChoiceField(
        queryset=None, label=_("Catalogue entry"), required=False,
        help_text=_("For public data. Non-public data belongs to none."),
    )  # fmt: skip

    def __init__(self, *args: Any, sellers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seller"].queryset = sellers  # type: ignore[attr-defined]
        self.fields["entry"].queryset = (  # type: ignore[attr-defined]
            CatalogueEntry.objects.listable().order_by("title")
        )
        self.fields.update(model_fields(Product, PRODUCT_FIELDS))
        self.fields["acquisition"].choices = [c for c in Acquisition.choices if c[0] != Acquisition.SHARING]  # type: ignore[attr-defined]
        self.fields["visibility"].required = False
        self.fields["visibility"].help_text = _("Public data: everybody.")
        for name, never in (("acquisition", (Acquisition.SHARING, Acquisition.GRANT)), ("nature", (Nature.BUILT,))):
            choices = self.fields[name].choices  # type: ignore[attr-defined]
            self.fields[name].choices = [c for c in choices if c[0] not in never]  # type: ignore[attr-defined]
        self.fields["grade"].choices = [c for c in Grade.choices if c[0] == Grade.GENERAL]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["visibility"] = data.get("visibility") or Visibility.ALL
        return data


class VisibilityForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(Product, ("visibility",), self.target))


class InviteForm(VerbForm):
    """An organisation by its code, or a natural person by their address."""

    uscc = forms.CharField(
        label=_("Unified social credit code of the buyer"), max_length=18, required=False,
        help_text=_("For an organisation."),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail address of the buyer"), required=False,
        help_text=_("For a natural person. You are not told whether somebody is registered with it."),
    )  # fmt: skip


def parties_like_buyers(at: datetime) -> Any:
    return Party.objects.filter(standing(at), capabilities__kind=CapabilityKind.BUYER).distinct()


class UninviteForm(VerbForm):
    party = forms.ModelChoiceField(queryset=Party.objects.none(), label=_("Party"), required=False)
    email = forms.EmailField(
        label=_("E-mail address of the buyer"), required=False, help_text=_("Where you invited by address.")
    )

    def prepare(self) -> None:
        invited = Party.objects.filter(pk__in=self.target.invitations.filter(email="").values("party"))
        choices = invited if invited.exists() else parties_like_buyers(self.at)  # nobody invited: the operation says so
        self.fields["party"].queryset = choices.order_by("name")  # type: ignore[attr-defined]


class CheckSourceForm(ReasonForm):
    """What was found, and until when it holds."""

    valid_until = forms.DateField(
        label=_("Valid until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty where the document names no end."),
    )  # fmt: skip

    def prepare(self) -> None:
        self.initial["valid_until"] = self.target.valid_until


class AnybodyForm(forms.Form):
    """Who says something without a login, if they like. The last field is a trap that people do not see."""

    name = forms.CharField(
        label=_("Your name"), max_length=200, required=False,
        help_text=_("Not required. Only whoever decides reads name and contact; both are erased afterwards."),
    )  # fmt: skip
    contact = forms.CharField(label=_("How to reach you"), max_length=200, required=False)
    website = forms.CharField(
        label=_("Leave this field empty"), required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data.pop("website", ""):
            raise forms.ValidationError(_("This looks like a machine: leave the last field empty."))
        return data


class ObjectForm(AnybodyForm):
    """What anybody may say during publicity."""

    text = forms.CharField(label=_("Your objection"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6}))
    field_order = ("text", "name", "contact", "website")


class FollowForm(forms.Form):
    number = forms.CharField(label=_("Receipt number"), max_length=12)
    code = forms.CharField(label=_("Follow-up code"), max_length=40)


class SourceFileForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(SourceFile, ("kind", "title", "reference", "summary", "valid_until")))


class DeclareForm(VerbForm):
    declared = forms.BooleanField(
        label=_(
            "The data contains no state secrets, trade secrets or personal information, "
            "and nothing else that Art. 31 forbids."
        )
    )

    def clean(self) -> dict[str, Any]:
        return {}


class CreateVersionForm(VerbForm):
    sources = RowsField(
        queryset=CatalogueEntry.objects.none(), required=False, label=_("Further sources"),
        help_text=_("Catalogue entries whose data went in besides the product's own."),
    )  # fmt: skip
    steps = forms.CharField(
        label=_("Processing steps"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, in order (Art. 32). What the site measures is added by itself."),
    )  # fmt: skip

    def prepare(self) -> None:
        self.fields.update(version_fields())
        if self.target.is_built:
            del self.fields["sources"]  # its grants' versions bring theirs
            return
        self.fields["sources"].queryset = (  # type: ignore[attr-defined]
            CatalogueEntry.objects.listable().exclude(pk=self.target.entry_id).order_by("title")
        )


class DescribeProductForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(Product, DESCRIPTION_FIELDS, self.target))


class ProposeDescriptionForm(ReasonForm):
    """Other texts for a product; `target` is the product, or the change that is revised."""

    def prepare(self) -> None:
        change = self.target if isinstance(self.target, DescriptionChange) else None
        reason = self.fields.pop("reason")
        self.fields.update(model_fields(Product, CHANGEABLE, None if change else self.target))
        self.fields["reason"] = reason
        if change:
            self.initial.update(change.after)


def version_fields(target: Version | None = None) -> dict[str, forms.Field]:
    """What a seller says of a version; whether a key is kept is asked, not ticked."""
    fields = model_fields(Version, VERSION_FIELDS, target)
    asked = fields["key_is_kept"]
    fields["key_is_kept"] = YesNoField(label=asked.label, help_text=asked.help_text, initial=asked.initial)
    return fields


class DescribeVersionForm(VerbForm):
    """The same, and which columns of the file are digests or tokens; those that the assessment found are marked."""

    pseudonym_columns = forms.MultipleChoiceField(
        label=_("Columns of digests or tokens"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick every column whose values stand for others: hashes, numbers drawn for persons, tokens."),
    )  # fmt: skip

    def prepare(self) -> None:
        columns = list(self.target.columns.order_by("position"))
        found = queries.opaque_columns(queries.newest_assessment(self.target))
        names = [column.name for column in columns]
        self.fields.update(version_fields(self.target))
        chosen = self.fields.pop("pseudonym_columns")
        if columns or not self.target.pk:  # before a file is there, there is nothing to choose from
            told = _("%(column)s (found by the assessment)")
            chosen.choices = [(name, told % {"column": name} if name in found else name) for name in names]  # type: ignore[attr-defined]
            chosen.initial = [column.name for column in columns if column.is_pseudonym]
            self.fields["pseudonym_columns"] = chosen
            self.order_fields([*VERSION_FIELDS[:-1], "pseudonym_columns", VERSION_FIELDS[-1]])


class ProposeRuleForm(VerbForm):
    """Bounds around the version reviewed; `target` is the product, or the rule that is revised."""

    def prepare(self) -> None:
        rule = self.target if isinstance(self.target, ReleaseRule) else None
        self.fields.update(model_fields(ReleaseRule, BOUNDS, rule))


class UploadForm(VerbForm):
    file = forms.FileField(
        label=_("File"), widget=forms.ClearableFileInput(attrs={"accept": ",".join(formats.EXTENSIONS)}),
        help_text=_("CSV or TSV (UTF-8, GB 18030 or UTF-16), Excel (xlsx, at most 200 MiB), JSON lines or Parquet."),
    )  # fmt: skip

    def prepare(self) -> None:
        """What the page says beside the form: what is under way, and how much room there is."""
        self.under_way = self.target.uploads.under_way().first() if self.target.pk else None
        self.used = queries.space_used(self.target.product.seller) if self.target.pk else 0
        self.quota, self.limit = settings.PARTY_QUOTA, limits.MAX_FILE_BYTES

    def clean(self) -> dict[str, Any]:
        file = self.cleaned_data.get("file")
        return {"path": Path(file.temporary_file_path()), "name": file.name} if file else {}


class AnnounceReportForm(VerbForm):
    """The signed report of a seller's own machine (`assess --report`)."""

    report = forms.FileField(
        label=_("Signed report"), widget=forms.ClearableFileInput(attrs={"accept": ".json"}),
        help_text=_("What `assess --report` wrote (JSON, at most 4 MiB). The data itself stays with you."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        file = self.cleaned_data.get("report")
        return {"content": file.read(signed.MOST_BYTES + 1)} if file else {}


class StartUploadForm(forms.Form):
    """What is announced of a file that is to arrive in chunks."""

    name = forms.CharField(label=_("File name"), max_length=255, help_text=_("Its ending says the format."))
    size = forms.IntegerField(label=_("Size in bytes"), min_value=1, max_value=limits.MAX_FILE_BYTES)
    modified = forms.IntegerField(
        label=_("Last changed, in milliseconds since 1970"), required=False, min_value=0, max_value=2**53
    )
    sha256 = forms.RegexField(
        label="SHA-256", required=False, regex=r"^[0-9a-fA-F]{64}\Z", max_length=64,
        help_text=_("Checked when everything has arrived."),
    )  # fmt: skip


class MarkColumnsForm(VerbForm):
    """One choice per column of the file. What its cells and its name tell is said beside it, and chosen until marks
    are made."""

    def prepare(self) -> None:
        self.columns = list(self.target.columns.order_by("position"))
        suggested = suggested_roles(self.target, self.columns)
        is_marked = any(column.role != ColumnRole.PLAIN for column in self.columns)
        for column in self.columns:
            role, why = suggested.get(column.name, (column.role, ""))
            self.fields[f"column_{column.position}"] = forms.ChoiceField(
                label=column.name, choices=ColumnRole.choices, initial=column.role if is_marked else role, help_text=why
            )

    def clean(self) -> dict[str, Any]:
        return {
            "roles": {
                column.name: self.cleaned_data[f"column_{column.position}"]
                for column in self.columns
                if f"column_{column.position}" in self.cleaned_data
            }
        }


def suggested_roles(version: Version, columns: list[Column]) -> dict[str, tuple[str, str]]:
    """Role and reason of each column, as reading the file found them; by name where it found or looked at nothing."""
    if version.about == About.NONE:
        return {}
    hints = {column.name: column.hint for column in columns if column.hint}
    found = {name: (hint["role"], reasons.sentence(hint["code"], hint["params"])) for name, hint in hints.items()}
    has_subject = any(role == ColumnRole.SUBJECT for role, _why in found.values())
    by_name = roles_by_name(version, [column.name for column in columns if column.name not in found])
    return found | {name: told for name, told in by_name.items() if not (has_subject and told[0] == ColumnRole.SUBJECT)}


def roles_by_name(version: Version, columns: list[str]) -> dict[str, tuple[str, str]]:
    """What a column's name says that it is: role and reason. What singles people out is found by the assessment."""
    found: dict[str, tuple[str, str]] = {}
    if version.about == About.NONE:
        return found
    for name in columns:
        has_subject = any(role == ColumnRole.SUBJECT for role, _why in found.values())
        if names.is_person_key(name) and not has_subject:
            found[name] = (ColumnRole.SUBJECT, reasons.sentence("known_number", {"column": shown(name)}))
        elif kind := names.known_as(name):
            found[name] = (ColumnRole.QUASI_IDENTIFIER, reasons.sentence(f"known_{kind}", {"column": shown(name)}))
    return found


class ApproveVersionForm(ReasonForm):
    sources_checked = forms.BooleanField(label=_("I have checked every item of the lawful-source file."))
    irreversible = forms.BooleanField(
        label=_("Nobody keeps a key or mapping table, and the original cannot be restored (Art. 17)."),
        help_text=_("Of data about persons, households or organisations (grade 3); grade 4 needs no such signature."),
    )

    def prepare(self) -> None:
        """Of what is about nobody there is nothing to sign for."""
        if not self.target.pk or not queries.needs_signature(self.target):
            self.fields["irreversible"].required = False
            self.fields["irreversible"].widget = forms.HiddenInput()


class CallExpertForm(ReasonForm):
    expert = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Member of the expert committee"))
    field_order = ("expert", "reason")

    def prepare(self) -> None:
        self.fields["expert"].queryset = people_as(CapabilityKind.EXPERT, self.at)  # type: ignore[attr-defined]


class OpinionForm(VerbForm):
    def prepare(self) -> None:
        self.fields.update(model_fields(VersionOpinion, ("opinion", "measures")))


def sellers_of(user: Any, at: Any) -> Any:
    """The person's parties that may list."""
    return (
        parties_of(user, at)
        .filter(capabilities__kind__in=(*SELLING, CapabilityKind.SELLER))
        .distinct()
        .order_by("name")
    )
